//! Reports: one file each, `sql/reports/<name>.sql`, which begins with a comment that describes it.
//!
//! `docs/reports.md` explains the format. Everything about a report is in its file: adding one
//! needs no Rust code.

mod chart;
mod error;
mod parse;
mod statement;

use std::fmt;
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use serde::Serialize;

use crate::dictionary::Dictionary;
use crate::parameter::Parameter;
use crate::shipped;

pub use chart::{Chart, ChartKind};
pub use error::ReportError;

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../sql/reports");
static SHIPPED: LazyLock<Result<Vec<Report>, ReportError>> = LazyLock::new(|| {
    let dictionary = shipped::dictionary().map_err(|error| ReportError {
        file: "sql/dictionary.toml".to_owned(),
        line: 1,
        problem: format!("the reports need a dictionary that can be read: {error}"),
    })?;
    let mut reports = Vec::new();
    for file in FILES.files() {
        let path = format!("sql/reports/{}", file.path().display());
        let text = file.contents_utf8().ok_or_else(|| ReportError {
            file: path.clone(),
            line: 1,
            problem: "is not UTF-8".to_owned(),
        })?;
        reports.push(Report::parse(&path, text, dictionary)?);
    }
    reports.sort_by(|a: &Report, b| a.name.cmp(&b.name));
    Ok(reports)
});

/// Returns the reports of `sql/reports/`, compiled in, in the order of their names.
///
/// # Errors
/// The mistake of the first wrong file; a test of this module keeps wrong files out of every build.
pub fn shipped() -> Result<&'static [Report], &'static ReportError> {
    SHIPPED.as_deref()
}

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
    /// The query without comments. Each parameter stands in it as `:name`, to be bound and never
    /// spliced.
    pub sql: String,
}

impl Report {
    /// Reads a report from the text of its file; `file` is its path, whose last part without `.sql`
    /// is the report's name. Its tables are those of `dictionary`.
    ///
    /// # Errors
    /// The first mistake, with its line.
    pub fn parse(file: &str, text: &str, dictionary: &Dictionary) -> Result<Self, ReportError> {
        parse::parse(file, text, dictionary)
    }
}

/// A column of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Column {
    /// The name: the column's label in the query, the field's name in JSON, the header in CSV.
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// The meaning; may be empty.
    pub description: String,
}

/// The type of a column's values. Any of them may be NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// A whole number of up to 64 bits; a number in JSON.
    Integer,
    /// An exact decimal number; a number in JSON, with all its digits.
    Decimal,
    /// A floating-point number; a number in JSON.
    Double,
    /// Text.
    String,
    /// True or false; 1 and 0 in MySQL.
    Boolean,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A point in time, `YYYY-MM-DDTHH:MM:SSZ`, with a fraction where the database's type has one.
    Timestamp,
}

impl ColumnType {
    /// Every type.
    pub const ALL: [Self; 7] = [
        Self::Integer,
        Self::Decimal,
        Self::Double,
        Self::String,
        Self::Boolean,
        Self::Date,
        Self::Timestamp,
    ];

    /// Returns the name in definitions and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Double => "double",
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column_type| column_type.name() == name)
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_report_is_sound() {
        let reports = shipped().unwrap();
        let names: Vec<_> = reports.iter().map(|report| &*report.name).collect();
        assert!(names.is_sorted());
        assert!(
            names.contains(&"hires-by-quarter") && names.contains(&"departments-above-mean"),
            "{names:?}"
        );
        for report in reports {
            assert!(!report.description.is_empty(), "{} has a description", report.name);
            assert!(!report.sql.contains("--") && !report.sql.contains("/*"), "{}", report.sql);
        }
    }
}
