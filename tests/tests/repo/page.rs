//! `docs/architecture.md`, as tests read it.

use anyhow::{Result, ensure};

use crate::workspace::{read, root};

/// The text of the page.
pub(crate) fn text() -> Result<String> {
    read(&root().join("docs/architecture.md"))
}

/// The rows of the table with this header, each with its cells.
pub(crate) fn table<'p>(page: &'p str, header: &str) -> Result<Vec<Vec<&'p str>>> {
    // Below the header is the line that divides it from the rows.
    let lines = page.lines().skip_while(|line| *line != header).skip(2);
    let rows: Vec<Vec<&str>> = lines.take_while(|line| line.starts_with('|')).map(cells).collect();
    let columns = cells(header).len();
    ensure!(!rows.is_empty(), "docs/architecture.md has no table with the header {header}");
    for row in &rows {
        ensure!(row.len() == columns, "docs/architecture.md: {columns} cells expected in the row {row:?}");
    }
    Ok(rows)
}

/// The code spans of a cell.
pub(crate) fn code_spans(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}
