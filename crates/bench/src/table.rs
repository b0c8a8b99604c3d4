//! The table of results, in Markdown: it can be pasted into `docs/benchmarks.md`.

use std::fmt;
use std::time::Duration;

use anyhow::Result;

use crate::stats::{Series, mebibytes, milliseconds, ratio, seconds};

const HEAD: [&str; 6] = ["measure", "Rowgate", "reference", "ratio", "bar", ""];

/// The characters of an error that the table shows; the whole error is printed at once.
const REASON_SHOWN: usize = 80;

/// Rows of six cells.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<[String; 6]>,
    has_verdicts: bool,
}

/// One line of the table; empty cells stay empty.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pub(crate) measure: String,
    pub(crate) ours: String,
    pub(crate) reference: String,
    pub(crate) ratio: Option<f64>,
    /// The bar in words, and whether it is met.
    pub(crate) bar: Option<(String, bool)>,
}

impl Table {
    /// Creates a table that says for each bar if it is met, or only names the bars.
    pub(crate) fn new(has_verdicts: bool) -> Self {
        Self { rows: Vec::new(), has_verdicts }
    }

    pub(crate) fn add(&mut self, line: Line) {
        let ratio = line.ratio.map(|ratio| format!("{ratio:.2}×")).unwrap_or_default();
        let (bar, verdict) = match line.bar {
            Some((bar, _)) if !self.has_verdicts => (bar, String::new()),
            Some((bar, met)) => (bar, if met { "met" } else { "MISSED" }.to_owned()),
            None => Default::default(),
        };
        self.rows.push([line.measure, line.ours, line.reference, ratio, bar, verdict]);
    }

    /// Adds a figure without a reference.
    pub(crate) fn figure(&mut self, measure: impl Into<String>, ours: impl Into<String>) {
        self.add(Line { measure: measure.into(), ours: ours.into(), ..Line::default() });
    }

    /// Adds two times in seconds; their ratio may be `bar` at most.
    pub(crate) fn seconds(
        &mut self,
        measure: impl Into<String>,
        ours: Duration,
        reference: Duration,
        bar: Option<f64>,
    ) {
        self.compare(measure.into(), [seconds(ours), seconds(reference)], ratio(ours, reference), bar);
    }

    /// Adds two times in milliseconds; their ratio may be `bar` at most.
    pub(crate) fn milliseconds(
        &mut self,
        measure: impl Into<String>,
        ours: Duration,
        reference: Duration,
        bar: Option<f64>,
    ) {
        self.compare(
            measure.into(),
            [milliseconds(ours), milliseconds(reference)],
            ratio(ours, reference),
            bar,
        );
    }

    /// Adds two numbers of bytes; their ratio may be `bar` at most.
    pub(crate) fn bytes(
        &mut self,
        measure: impl Into<String>,
        format: fn(u64) -> String,
        [ours, reference]: [u64; 2],
        bar: f64,
    ) {
        #[expect(clippy::cast_precision_loss, reason = "a ratio to two digits")]
        let ratio = ours as f64 / reference as f64;
        self.compare(measure.into(), [format(ours), format(reference)], ratio, Some(bar));
    }

    fn compare(&mut self, measure: String, [ours, reference]: [String; 2], ratio: f64, bar: Option<f64>) {
        let bar = bar.map(|bar| (format!("≤ {bar}×"), ratio <= bar));
        self.add(Line { measure, ours, reference, ratio: Some(ratio), bar });
    }

    /// Adds the most memory of a function, which may be `bar` bytes at most.
    pub(crate) fn memory(&mut self, series: &Series, bar: Option<u64>) {
        self.add(Line {
            measure: "  most memory of the function".to_owned(),
            ours: mebibytes(series.peak),
            bar: bar.map(|bar| (format!("≤ {}", mebibytes(bar)), series.peak <= bar)),
            ..Line::default()
        });
    }

    /// Adds the processor time of each part, and that of all, which `time` passed for.
    pub(crate) fn processor(
        &mut self,
        prefix: &str,
        parts: &[(&str, Duration)],
        time: Duration,
    ) -> Result<()> {
        let total: Duration = parts.iter().map(|(_, part)| *part).sum();
        for (what, part) in parts {
            let share = 100.0 * ratio(*part, total);
            self.figure(format!("  {prefix}processor time, {what}: {share:.0} %"), seconds(*part));
        }
        let cores = std::thread::available_parallelism()?;
        let busy = ratio(total, time);
        self.figure(
            format!("  {prefix}processor time in all: {busy:.1} of {cores} cores busy"),
            seconds(total),
        );
        Ok(())
    }

    /// Adds a line that says that a measure failed, and why.
    pub(crate) fn failed(&mut self, what: &str, error: &anyhow::Error) {
        let reason = format!("{error:#}");
        let first = reason.lines().next().unwrap_or_default().replace('|', "/");
        let short: String = first.chars().take(REASON_SHOWN).collect();
        let mut row: [String; 6] = Default::default();
        (row[0], row[5]) = (format!("{what}: {short}"), "FAILED".to_owned());
        self.rows.push(row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut widths = HEAD.map(|cell| cell.chars().count());
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        write_row(f, &HEAD.map(ToOwned::to_owned), &widths)?;
        for (index, width) in widths.iter().enumerate() {
            // Figures are aligned to the right.
            let (bar, colon) = if (1..4).contains(&index) { (width + 1, ":") } else { (width + 2, "") };
            write!(f, "|{:-<bar$}{colon}", "")?;
        }
        writeln!(f, "|")?;
        self.rows.iter().try_for_each(|row| write_row(f, row, &widths))
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, row: &[String; 6], widths: &[usize; 6]) -> fmt::Result {
    for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
        if (1..4).contains(&index) {
            write!(f, "| {cell:>width$} ")?;
        } else {
            write!(f, "| {cell:<width$} ")?;
        }
    }
    writeln!(f, "|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_up_and_is_markdown() {
        let mut table = Table::new(true);
        table.add(Line {
            measure: "1000 rows".to_owned(),
            ours: "5 ms".to_owned(),
            reference: "4 ms".to_owned(),
            ratio: Some(1.25),
            bar: Some(("≤ 2×".to_owned(), true)),
        });
        assert_eq!(
            table.to_string(),
            "| measure   | Rowgate | reference | ratio | bar  |     |\n\
             |-----------|--------:|----------:|------:|------|-----|\n\
             | 1000 rows |    5 ms |      4 ms | 1.25× | ≤ 2× | met |\n"
        );
    }
}
