//! `rowgate local up|status|down|clean`: the processes that stand for AWS on one machine, and the
//! stack that is deployed to them.

mod calls;
mod clean;
mod cloud;
mod data_api;
mod database;
mod deploy;
mod down;
mod env_file;
mod layout;
mod lock;
mod ministack;
mod operator;
mod ports;
mod probe;
mod process;
mod service;
mod status;
mod tables;
mod up;

use crate::verb::verbs;

verbs! {
    Verbs {
        Up(up::Up),
        Status(status::Status),
        Down(down::Down),
        Clean(clean::Clean),
    }
}
