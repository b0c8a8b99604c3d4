//! Reports: `sql/reports/<name>.sql`, one file each, which begins with a comment that describes it.
//!
//! `docs/reports.md` explains the format. Everything about a report is in its file: adding one needs no Rust code.

mod chart;
mod error;
mod parse;
mod statement;

use std::fmt;
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

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

/// The reports of `sql/reports/`, compiled in, in the order of their names.
///
/// # Errors
/// What is wrong with the first wrong file; a test of this module keeps it from being built into anything.
pub fn shipped() -> Result<&'static [Report], &'static ReportError> {
    SHIPPED.as_deref()
}

/// One report: an SQL query with parameters and what there is to know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    name: String,
    title: String,
    description: String,
    tables: Vec<String>,
    parameters: Vec<Parameter>,
    columns: Vec<Column>,
    chart: Option<Chart>,
    sql: String,
}

impl Report {
    /// Reads a report from the text of its file; `file` is its path, whose last part without `.sql` is the report's name.
    /// The tables that it names are those of `dictionary`.
    ///
    /// # Errors
    /// The first thing that is wrong, with the line where it is.
    pub fn parse(file: &str, text: &str, dictionary: &Dictionary) -> Result<Self, ReportError> {
        parse::parse(file, text, dictionary)
    }

    /// The name: in its path, and of its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is, in a few words.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What it is, in whole sentences; may be empty.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The tables that it reads, by their own names: only who sees all of them sees the report.
    pub fn tables(&self) -> &[String] {
        &self.tables
    }

    /// What can be asked of it.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// What a row of it holds, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How its rows are best drawn, where its file says so.
    pub fn chart(&self) -> Option<&Chart> {
        self.chart.as_ref()
    }

    /// The query, without comments. Each parameter stands in it as `:name`, to be bound and never spliced.
    pub fn sql(&self) -> &str {
        &self.sql
    }
}

/// One column of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    name: String,
    column_type: ColumnType,
    description: String,
}

impl Column {
    /// The name: the column's label in the query, the field's name in JSON, the header in CSV.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its values are.
    pub fn column_type(&self) -> ColumnType {
        self.column_type
    }

    /// What it means; may be empty.
    pub fn description(&self) -> &str {
        &self.description
    }
}

/// What the values of a report's column are. Any of them may be NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    /// The name, as definitions and the API call it.
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
        let names: Vec<_> = reports.iter().map(Report::name).collect();
        assert!(names.is_sorted());
        assert!(
            names.contains(&"hires-by-quarter") && names.contains(&"departments-above-mean"),
            "{names:?}"
        );
        for report in reports {
            assert!(!report.description().is_empty(), "{} has a description", report.name());
            assert!(!report.sql().contains("--") && !report.sql().contains("/*"), "{}", report.sql());
        }
    }
}
