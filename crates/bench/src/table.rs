//! The table on the screen, in Markdown: what `docs/benchmarks.md` shows can be pasted there.

use std::fmt;

const HEAD: [&str; 6] = ["measure", "Rowgate", "reference", "ratio", "bar", ""];

/// How much of an error is shown; all of it goes to the screen at once.
const REASON_SHOWN: usize = 80;

/// Rows of six cells.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<[String; 6]>,
    judges: bool,
}

/// One line of the table; what is left empty stays so.
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
    /// A table that says of each bar whether it is met, or only names the bars.
    pub(crate) fn new(judges: bool) -> Self {
        Self { rows: Vec::new(), judges }
    }

    pub(crate) fn add(&mut self, line: Line) {
        let ratio = line.ratio.map(|ratio| format!("{ratio:.2}×")).unwrap_or_default();
        let (bar, verdict) = match line.bar {
            Some((bar, _)) if !self.judges => (bar, String::new()),
            Some((bar, met)) => (bar, if met { "met" } else { "MISSED" }.to_owned()),
            None => Default::default(),
        };
        self.rows.push([line.measure, line.ours, line.reference, ratio, bar, verdict]);
    }

    /// Says in the place of its figures that a measure failed, and why.
    pub(crate) fn failed(&mut self, what: &str, error: &anyhow::Error) {
        let reason = format!("{error:#}");
        let first = reason.lines().next().unwrap_or_default().replace('|', "/");
        let short: String = first.chars().take(REASON_SHOWN).collect();
        self.rows.push([
            format!("{what}: {short}"),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
            "FAILED".to_owned(),
        ]);
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
            // Figures are compared from the right.
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
