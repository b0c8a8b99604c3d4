//! The lake from outside: its pipeline in Step Functions, its queries in Athena, and what its jobs say of its tables.

mod athena;
mod history;
mod pipeline;
mod progress;
mod sheet;
mod tables;

pub(crate) use athena::Athena;
pub(crate) use history::History;
pub(crate) use pipeline::{Ended, Pipeline};
pub(crate) use sheet::Sheet;
pub(crate) use tables::{read as read_tables, render as render_tables};

/// What is said where there is no lake.
pub(crate) const OFF: &str = "The lake is off here: `make lake` turns it on on this machine; an account has it when deployed with lake=true.";

/// The Glue database of the tables that people query.
pub(crate) const GOLD: &str = "rowgate_gold";
/// The Glue database of the current rows and their history.
pub(crate) const SILVER: &str = "rowgate_silver";
