//! Reports: one file each, `sql/reports/<name>.sql`, which begins with a comment that describes it.
//!
//! `docs/reports.md` explains the format. Everything about a report is in its file: adding one
//! needs no Rust code.

mod chart;
mod column;
mod error;
mod parse;
mod statement;

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

use crate::parameter::Parameter;
use crate::shipped;

pub use chart::{Chart, ChartKind};
pub use column::{Column, ColumnType};
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
    /// The query without comments. Each parameter is in it as `:name`, to be bound and never
    /// spliced.
    pub sql: String,
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
