#![doc = include_str!("../README.md")]

mod check;
mod column;
mod flaw;
mod function;
mod ordinal;
mod pattern;
mod plan;
mod random;
mod row;
mod words;

use std::io::{self, Write};
use std::ops::Range;

use domain::csv;
use domain::dictionary::{FileSettings, Table};
use domain::folder::TableFolder;
use domain::json_row::{value_text, write_json_row};
use domain::parameter::ParameterValue;
use domain::report::Report;
use domain::value::Value;

pub use crate::function::{DroppedFile, Failure, Response, run};

use crate::flaw::spoil;
use crate::plan::{TablePlan, plan};
use crate::random::Random;
use crate::row::Rows;

/// The year of rows where no report has one by default.
const YEAR: u16 = 2025;

/// Generated rows for every table of a folder.
#[derive(Debug)]
pub struct Sample<'d> {
    plans: Vec<TablePlan<'d>>,
}

/// The rows of one table.
#[derive(Debug, Clone, Copy)]
pub struct SampleTable<'s, 'd> {
    sample: &'s Sample<'d>,
    position: usize,
}

impl<'d> Sample<'d> {
    /// Plans rows for the tables of a folder. `rows` is the number of rows of the largest table;
    /// tables that others refer to have fewer, and so have tables whose keys or unique columns have
    /// fewer values.
    pub fn new(folder: &'d TableFolder, rows: u64) -> Self {
        Self { plans: plan(&folder.dictionary, rows, year_of(&folder.reports)) }
    }

    /// Returns the tables, each after the tables that it refers to.
    pub fn tables(&self) -> impl ExactSizeIterator<Item = SampleTable<'_, 'd>> {
        (0..self.plans.len()).map(|position| SampleTable { sample: self, position })
    }
}

impl<'d> SampleTable<'_, 'd> {
    /// Returns the table.
    pub fn table(self) -> &'d Table {
        self.plan().table
    }

    /// Returns the number of its rows.
    pub fn rows(self) -> u64 {
        self.plan().rows
    }

    /// Returns a row by its number, from 0. Rows have no flaws.
    pub fn row(self, number: u64) -> Vec<Value<'static>> {
        Rows(&self.sample.plans).row(self.position, number)
    }

    /// Returns how the name of a file of the rows ends: `csv`; `jsonl` for a table whose dictionary
    /// says how its CSV files are written, which JSON lines do not depend on.
    pub fn extension(self) -> &'static str {
        if self.is_csv() { "csv" } else { "jsonl" }
    }

    fn is_csv(self) -> bool {
        *self.table().files() == FileSettings::default()
    }

    /// Writes all rows: as CSV with a header, or as JSON lines ([`extension`](Self::extension)). Of
    /// each thousand records `flawed` have a flaw such as exports have, so that a load rejects
    /// them. Records have none of a table that others refer to, or that limits its rejects.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_file(self, flawed: u64, out: &mut impl Write) -> io::Result<()> {
        let flawed = if self.is_referred() || self.table().max_rejects().is_some() { 0 } else { flawed };
        let mut lines = Vec::new();
        for number in 0..self.rows() {
            self.add_line(number, flawed, &mut lines);
            out.write_all(&lines)?;
            lines.clear();
        }
        Ok(())
    }

    /// Adds the lines of some rows without a flaw; those of the first row have a header if files of
    /// the table have one.
    pub fn write_lines(self, numbers: Range<u64>, lines: &mut Vec<u8>) {
        for number in numbers {
            self.add_line(number, 0, lines);
        }
    }

    fn add_line(self, number: u64, flawed: u64, lines: &mut Vec<u8>) {
        let table = self.table();
        if number == 0 && self.is_csv() {
            let names = table.columns().iter().map(|column| Some(column.name().to_owned()));
            add_record(&names.collect::<Vec<_>>(), lines);
        }
        let row = self.row(number);
        let mut random = Random::of([self.plan().number, number, 0]);
        let is_flawed = random.below(1000) < flawed;
        if !is_flawed && !self.is_csv() {
            let mut line = String::new();
            write_json_row(table, &row, &mut line);
            lines.extend_from_slice(line.as_bytes());
            lines.push(b'\n');
            return;
        }
        let mut record = fields(&row);
        if is_flawed {
            spoil(table, &mut random, &fields(&self.row(number / 2)), &mut record);
        }
        match self.is_csv() {
            true => add_record(&record, lines),
            false => add_texts(table, &record, lines),
        }
    }

    fn is_referred(self) -> bool {
        let refers = |plan: &TablePlan<'_>| plan.links.iter().any(|link| link.to == self.position);
        let mut others = self.sample.plans.iter().enumerate().filter(|(other, _)| *other != self.position);
        others.any(|(_, plan)| refers(plan))
    }

    fn plan(&self) -> &TablePlan<'d> {
        &self.sample.plans[self.position]
    }
}

/// Returns the year that the reports show by default: that of the first parameter `year`, else of
/// the first day.
fn year_of(reports: &[Report]) -> u16 {
    let defaults = || {
        let parameters = reports.iter().flat_map(|report| &report.parameters);
        parameters.filter_map(|parameter| Some((&*parameter.name, parameter.default.as_ref()?)))
    };
    let year = |(name, value): (&str, &ParameterValue)| match value {
        ParameterValue::Integer(year) if name == "year" => u16::try_from(*year).ok(),
        _ => None,
    };
    let year_of_day = |(_, value): (&str, &ParameterValue)| match value {
        ParameterValue::Date(day) => day.get(..4)?.parse().ok(),
        _ => None,
    };
    defaults().find_map(year).or_else(|| defaults().find_map(year_of_day)).unwrap_or(YEAR)
}

fn fields(row: &[Value<'_>]) -> Vec<Option<String>> {
    row.iter().map(value_text).collect()
}

/// Adds a record as a JSON line of texts. One whose end is lost breaks off.
fn add_texts(table: &Table, record: &[Option<String>], lines: &mut Vec<u8>) {
    let fields = table.columns().iter().zip(record);
    let row: serde_json::Map<String, serde_json::Value> = fields
        .map(|(column, text)| {
            let text = text.as_deref().unwrap_or_default();
            let number = Some(text).filter(|_| column.column_type().is_whole_number());
            let number = number.and_then(|text| text.parse::<i64>().ok());
            (column.name().to_owned(), number.map_or_else(|| text.into(), Into::into))
        })
        .collect();
    let line = serde_json::Value::Object(row).to_string();
    let is_whole = record.len() == table.columns().len();
    lines.extend_from_slice(&line.as_bytes()[..line.len() - usize::from(!is_whole)]);
    lines.push(b'\n');
}

fn add_record(record: &[Option<String>], lines: &mut Vec<u8>) {
    for (position, text) in record.iter().enumerate() {
        if position > 0 {
            lines.push(b',');
        }
        if let Some(text) = text {
            lines.extend_from_slice(csv::field(text.as_str()).as_bytes());
        }
    }
    lines.push(b'\n');
}
