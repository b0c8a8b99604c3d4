//! The paths, a module for each function's.

mod accounts;
mod backups;
mod insert;
mod insight;
mod loads;
mod reports;
mod restores;
mod rows;
mod service;
mod uploads;

use domain::dictionary::Dictionary;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{ObjectBuilder, Schema};

use crate::operation::Route;
use crate::schema::{in_path, one_of};
use crate::{Door, Source};

/// Every method of every path.
pub(crate) fn routes(source: Source) -> Vec<Route> {
    let of_people = match source.door {
        Door::Scripts => Vec::new(),
        Door::People => accounts::routes(source),
    };
    [
        insert::routes(source),
        rows::routes(source),
        reports::routes(source),
        loads::routes(source),
        uploads::routes(source),
        insight::routes(source),
        backups::routes(source),
        restores::routes(source),
        of_people,
        service::routes(source),
    ]
    .concat()
}

/// The schemas that the paths refer to, but for those of problems.
pub(crate) fn schemas(source: Source) -> Vec<(String, Schema)> {
    let of_people = match source.door {
        Door::Scripts => Vec::new(),
        Door::People => accounts::schemas(source),
    };
    [
        insert::schemas(source),
        rows::schemas(source),
        reports::schemas(source),
        loads::schemas(),
        uploads::schemas(source),
        insight::schemas(source),
        backups::schemas(),
        restores::schemas(),
        of_people,
        service::schemas(),
    ]
    .concat()
}

/// A name of a table.
fn table_name(dictionary: &Dictionary) -> ObjectBuilder {
    one_of(dictionary.visible_tables().map(domain::dictionary::Table::name))
}

/// The table in the path.
fn table(dictionary: &Dictionary) -> Parameter {
    in_path("table", "The table, by its name; its aliases do as well.", table_name(dictionary))
}
