//! `rowgate tables check|new`: folders of tables.

mod check;
mod database;
mod new;
mod reports;

use crate::verb::verbs;

verbs! {
    Verbs {
        Check(check::Check),
        New(new::New),
    }
}
