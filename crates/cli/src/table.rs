//! Plain text tables for people. Scripts take JSON or CSV instead.

/// A table to be printed.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<String>,
    /// For each column, true if it is aligned to the right, as numbers are.
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Creates an empty table with these columns, all aligned to the left.
    pub(crate) fn new(columns: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self::aligned(columns.into_iter().map(|name| (name, false)))
    }

    /// Creates an empty table with these columns; `true` aligns one to the right.
    pub(crate) fn aligned(columns: impl IntoIterator<Item = (impl AsRef<str>, bool)>) -> Self {
        let (columns, right) =
            columns.into_iter().map(|(name, right)| (escaped(name.as_ref()), right)).unzip();
        Self { columns, right, rows: Vec::new() }
    }

    /// Aligns the columns of these names to the right.
    pub(crate) fn right<const N: usize>(mut self, names: [&str; N]) -> Self {
        self.right = self.columns.iter().map(|name| names.contains(&name.as_str())).collect();
        self
    }

    /// Adds a row; missing cells are empty.
    pub(crate) fn push(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| escaped(&cell)).collect());
    }

    /// Renders the table as lines that each end in a newline and are indented by two spaces.
    pub(crate) fn render(&self) -> String {
        let mut lines = vec![&self.columns];
        lines.extend(&self.rows);
        let cell = |line: &Vec<String>, column| line.get(column).cloned().unwrap_or_default();
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| lines.iter().map(|line| cell(line, column).chars().count()).max().unwrap_or(0))
            .collect();
        let rule = widths.iter().map(|width| "-".repeat(*width)).collect();
        lines.insert(1, &rule);
        let mut text = String::new();
        for line in lines {
            let cells = widths.iter().enumerate().map(|(column, width)| match self.right[column] {
                true => format!("  {:>width$}", cell(line, column)),
                false => format!("  {:<width$}", cell(line, column)),
            });
            text.push_str(cells.collect::<String>().trim_end());
            text.push('\n');
        }
        text
    }
}

/// The characters of an ISO 8601 text up to the minute.
pub(crate) const TO_THE_MINUTE: usize = 16;
/// The characters of an ISO 8601 text up to the second.
pub(crate) const TO_THE_SECOND: usize = 19;

/// Returns the date and time of an ISO 8601 text, of which it takes so many characters.
pub(crate) fn time_text(time: Option<&str>, characters: usize) -> String {
    let time = time.unwrap_or_default();
    time.get(..characters).unwrap_or(time).replace('T', " ")
}

/// Escapes control characters, so that data cannot move the cursor or break a line.
fn escaped(cell: &str) -> String {
    let mut text = String::new();
    for character in cell.chars() {
        if character.is_control() {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_numbers_are_aligned_right() {
        let mut table = Table::new(["collection", "filed"]).right(["filed"]);
        table.push(["Support".into(), "221".into()]);
        table.push(["Électricité".into(), "7".into()]);
        table.push(["short row".into()]);
        insta::assert_snapshot!(table.render(), @r"
          collection   filed
          -----------  -----
          Support        221
          Électricité      7
          short row
        ");
    }

    #[test]
    fn control_characters_are_escaped() {
        let mut table = Table::new(["name"]);
        table.push(["a\nb\u{1b}[31m".into()]);
        assert!(table.render().ends_with("  a\\nb\\u{1b}[31m\n"));
    }
}
