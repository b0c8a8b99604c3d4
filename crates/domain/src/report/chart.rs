//! Charts of reports.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::column::{Column, ColumnType};
use crate::named::named_enum;
use crate::parameter::join;

/// The best way to draw the rows of a report. Its columns are columns of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Chart {
    /// The kind of picture.
    pub kind: ChartKind,
    /// The column along the axis; in a pie, the column that names the pieces.
    pub x: String,
    /// The columns of numbers that are drawn, at least one.
    pub series: Vec<String>,
    /// True if the bars of one place stand on top of each other.
    pub stacked: bool,
}

named_enum! {
    /// The kind of picture that a [`Chart`] is.
    pub enum ChartKind {
        /// A bar for each row and series.
        Bar = "bar",
        /// A line for each series.
        Line = "line",
        /// A piece for each row.
        Pie = "pie",
    }
}

/// A chart in a report's header.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireChart {
    kind: Spanned<String>,
    x: Spanned<String>,
    series: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    stacked: bool,
}

/// Reads a chart of these columns. An error has its span in the header and the problem.
pub(super) fn read(wire: WireChart, columns: &[Column]) -> Result<Chart, (Range<usize>, String)> {
    let WireChart { kind, x, series, stacked } = wire;
    let (kind_at, series_at) = (kind.span(), series.span());
    let kind = ChartKind::from_name(kind.get_ref()).ok_or_else(|| {
        let known = join(ChartKind::ALL.map(ChartKind::as_str), "or");
        (kind_at.clone(), format!("chart: unknown kind {:?}; use {known}", kind.get_ref()))
    })?;
    if stacked && kind != ChartKind::Bar {
        return Err((kind_at, format!("chart: stacked goes with kind bar, not {kind}")));
    }
    let column = |name: &Spanned<String>| {
        columns.iter().find(|column| column.name == *name.get_ref()).ok_or_else(|| {
            let known = join(columns.iter().map(|column| &*column.name), "or");
            (name.span(), format!("chart: the report has no column {:?}; use {known}", name.get_ref()))
        })
    };
    let x = column(&x)?.name.clone();
    let mut names: Vec<String> = Vec::new();
    for name in series.into_inner() {
        let found = column(&name)?;
        let fail = |problem: &str| (name.span(), format!("chart: series {}: {problem}", found.name));
        if found.name == x {
            return Err(fail("is what x is"));
        }
        if names.contains(&found.name) {
            return Err(fail("is there already"));
        }
        if !matches!(found.column_type, ColumnType::Integer | ColumnType::Decimal | ColumnType::Double) {
            let problem = format!("is of type {}; a series is of numbers", found.column_type);
            return Err(fail(&problem));
        }
        names.push(found.name.clone());
    }
    match (kind, names.len()) {
        (_, 0) => Err((series_at, "chart: series names at least one column".to_owned())),
        (ChartKind::Pie, 2..) => Err((series_at, "chart: a pie has one series".to_owned())),
        _ => Ok(Chart { kind, x, series: names, stacked }),
    }
}
