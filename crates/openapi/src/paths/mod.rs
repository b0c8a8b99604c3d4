//! The paths, a module for each function's.

mod backups;
mod insert;
mod loads;
mod reports;
mod restores;
mod rows;
mod service;

use domain::dictionary::Dictionary;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{ObjectBuilder, Schema};

use crate::Source;
use crate::operation::Route;
use crate::schema::{in_path, one_of};

/// Every method of every path.
pub(crate) fn routes(source: Source) -> Vec<Route> {
    [
        insert::routes(source),
        rows::routes(source),
        reports::routes(source),
        loads::routes(source),
        backups::routes(source),
        restores::routes(source),
        service::routes(source),
    ]
    .concat()
}

/// The schemas that the paths refer to, but for those of problems.
pub(crate) fn schemas(source: Source) -> Vec<(String, Schema)> {
    [
        insert::schemas(source),
        rows::schemas(source),
        reports::schemas(source),
        loads::schemas(),
        backups::schemas(),
        restores::schemas(),
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
