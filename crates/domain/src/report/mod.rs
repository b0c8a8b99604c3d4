//! Reports: one file each, `reports/<name>.sql`, which begins with a comment that describes it.
//!
//! `docs/reports.md` explains the format. Everything about a report is in its file: adding one
//! needs no Rust code.

mod chart;
mod column;
mod parse;
mod statement;

use crate::parameter::Parameter;

pub use chart::{Chart, ChartKind};
pub use column::{Column, ColumnType};

/// A report: an SQL query with parameters, and its description. Only [`Report::parse`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The name: that of its file, and in its path.
    pub name: String,
    /// The description in a few words.
    pub title: String,
    /// The description in whole sentences; may be empty.
    pub description: String,
    /// The tables that it reads, by their own names: a caller needs to see all of them to see the
    /// report.
    pub tables: Vec<String>,
    /// The parameters of its query.
    pub parameters: Vec<Parameter>,
    /// The columns of its rows, in order.
    pub columns: Vec<Column>,
    /// The best way to draw its rows, if its file has one.
    pub chart: Option<Chart>,
    /// The query without comments. Each parameter is in it as `:name`, to be bound and never
    /// spliced.
    pub sql: String,
}
