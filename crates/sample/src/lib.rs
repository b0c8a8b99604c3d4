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
use domain::dictionary::Table;
use domain::folder::TableFolder;
use domain::json_row::value_text;
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

    /// Writes all rows as CSV with a header. Of each thousand records `flawed` have a flaw such as
    /// exports have, so that a load rejects them; records of a table that others refer to have
    /// none.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_csv(self, flawed: u64, out: &mut impl Write) -> io::Result<()> {
        let flawed = if self.is_referred() { 0 } else { flawed };
        let mut lines = Vec::new();
        for number in 0..self.rows() {
            self.add_line(number, flawed, &mut lines);
            out.write_all(&lines)?;
            lines.clear();
        }
        Ok(())
    }

    /// Adds the lines of some rows without a flaw, as CSV; those of the first row have the header.
    pub fn write_lines(self, numbers: Range<u64>, lines: &mut Vec<u8>) {
        for number in numbers {
            self.add_line(number, 0, lines);
        }
    }

    fn add_line(self, number: u64, flawed: u64, lines: &mut Vec<u8>) {
        let table = self.table();
        if number == 0 {
            let names = table.columns().iter().map(|column| Some(column.name().to_owned()));
            add_record(&names.collect::<Vec<_>>(), lines);
        }
        let mut record = fields(&self.row(number));
        let mut random = Random::of([self.plan().number, number, 0]);
        if random.below(1000) < flawed {
            spoil(table, &mut random, &fields(&self.row(number / 2)), &mut record);
        }
        add_record(&record, lines);
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
