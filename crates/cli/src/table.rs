//! Plain text tables for people. Scripts take JSON or CSV instead.

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table to be printed.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = (&'a str, Align)>) -> Self {
        Self {
            columns: columns.into_iter().map(|(name, align)| (name.to_owned(), align)).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; missing cells are empty.
    pub(crate) fn push(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table as lines that each end in a newline, indented by two spaces. Control characters in a cell are
    /// shown escaped, so that data cannot move the cursor or break a line.
    pub(crate) fn render(&self) -> String {
        let head: Vec<String> = self.columns.iter().map(|(name, _)| shown(name)).collect();
        let body: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(|cell| shown(cell)).collect()).collect();
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| {
                std::iter::once(&head)
                    .chain(&body)
                    .map(|row| row.get(column).map_or(0, |cell| cell.chars().count()))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let mut text = String::new();
        for row in [&head, &rule].into_iter().chain(&body) {
            let mut line = String::from(" ");
            for (column, width) in widths.iter().enumerate() {
                let cell = row.get(column).map_or("", String::as_str);
                let padding = " ".repeat(width - cell.chars().count());
                line.push(' ');
                match self.columns[column].1 {
                    Align::Left => line.extend([cell, &padding]),
                    Align::Right => line.extend([&padding, cell]),
                }
                line.push(' ');
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

fn shown(cell: &str) -> String {
    cell.chars()
        .flat_map(|character| {
            let escaped: Box<dyn Iterator<Item = char>> = if character.is_control() {
                Box::new(character.escape_default())
            } else {
                Box::new(std::iter::once(character))
            };
            escaped
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_numbers_stand_right() {
        let mut table = Table::new([("department", Align::Left), ("hired", Align::Right)]);
        table.push(vec!["Support".into(), "221".into()]);
        table.push(vec!["Électricité".into(), "7".into()]);
        table.push(vec!["short row".into()]);
        insta::assert_snapshot!(table.render(), @r"
          department   hired
          -----------  -----
          Support        221
          Électricité      7
          short row
        ");
    }

    #[test]
    fn control_characters_are_escaped() {
        let mut table = Table::new([("name", Align::Left)]);
        table.push(vec!["a\nb\u{1b}[31m".into()]);
        assert!(table.render().ends_with("  a\\nb\\u{1b}[31m\n"));
    }
}
