//! The result of a query as a table for people, as CSV or as JSON, page by page.

use std::borrow::Cow;
use std::collections::HashSet;

use domain::csv;
use serde_json::value::RawValue;

use crate::arguments::Format;
use crate::table::Table;

/// The cells of a row; None is NULL.
pub(crate) type Row = Vec<Option<String>>;

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    name: String,
    kind: Kind,
}

/// The kind of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Boolean,
    /// A day or a time, whose text contains no user's input.
    Temporal,
    Text,
}

impl Column {
    /// A column of a type as Athena names it.
    pub(crate) fn new(name: &str, kind: &str) -> Self {
        let kind = match kind.to_ascii_lowercase().split(['(', ' ']).next().unwrap_or_default() {
            "tinyint" | "smallint" | "int" | "integer" | "bigint" | "decimal" | "float" | "real"
            | "double" => Kind::Number,
            "boolean" => Kind::Boolean,
            "date" | "time" | "timestamp" => Kind::Temporal,
            _ => Kind::Text,
        };
        Self { name: name.to_owned(), kind }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// A result that is being written. Its parts, in their order, are what is printed.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    format: Format,
    columns: Vec<Column>,
    /// The columns that are shown, in this order.
    order: Vec<usize>,
    /// The names of the first columns, if they exist.
    first: Vec<String>,
    /// True if something is printed when there are no rows.
    is_empty_shown: bool,
    table: Option<Table>,
    written: u64,
}

impl Sheet {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            columns: Vec::new(),
            order: Vec::new(),
            first: Vec::new(),
            is_empty_shown: true,
            table: None,
            written: 0,
        }
    }

    /// Does the same, with these columns before the others, and without any output if there are no
    /// rows.
    pub(crate) fn with_first<'a>(format: Format, first: impl IntoIterator<Item = &'a str>) -> Self {
        let first = first.into_iter().map(str::to_owned).collect();
        Self { first, is_empty_shown: false, ..Self::new(format) }
    }

    pub(crate) fn begin(&mut self, columns: Vec<Column>) {
        let place = |name: &str| self.first.iter().position(|first| first == name).unwrap_or(usize::MAX);
        self.order = (0..columns.len()).collect();
        self.order.sort_by_key(|index| place(&columns[*index].name));
        self.columns = columns;
        if self.format == Format::Json {
            self.number_same_names();
        }
        let shown = self.order.iter().map(|index| &self.columns[*index]);
        let aligned = shown.map(|column| (&column.name, column.kind == Kind::Number));
        self.table = (self.format == Format::Table).then(|| Table::aligned(aligned));
    }

    /// Adds rows; returns the text to print now.
    pub(crate) fn rows(&mut self, rows: Vec<Row>) -> String {
        if rows.is_empty() {
            return String::new();
        }
        let mut text = self.head();
        for row in rows {
            let cells: Vec<_> =
                self.order.iter().map(|index| (&self.columns[*index], row[*index].as_deref())).collect();
            if let Some(table) = &mut self.table {
                table.push(cells.iter().map(|(_, cell)| cell.unwrap_or("NULL").to_owned()));
            } else if self.format == Format::Csv {
                let is_single = cells.len() == 1;
                let fields: Vec<_> =
                    cells.iter().map(|(column, cell)| field(column, *cell, is_single)).collect();
                text.push_str(&fields.join(","));
                text.push_str("\r\n");
            } else {
                text.push_str(if self.written == 0 { "[\n" } else { ",\n" });
                text.push_str(&object(&cells));
            }
            self.written += 1;
        }
        text
    }

    /// Returns the text to print at the end.
    pub(crate) fn end(&mut self) -> String {
        if self.written == 0 && !self.is_empty_shown {
            return String::new();
        }
        match self.format {
            Format::Table => self.table.take().map(|table| table.render()).unwrap_or_default(),
            Format::Csv => self.head(),
            Format::Json if self.written == 0 => "[]\n".to_owned(),
            Format::Json => "\n]\n".to_owned(),
        }
    }

    /// The header of a CSV that has none yet.
    fn head(&mut self) -> String {
        if self.format != Format::Csv || self.written > 0 {
            return String::new();
        }
        self.written = 1;
        let names = self.order.iter().map(|index| {
            field(&Column::new("", "varchar"), Some(&self.columns[*index].name), true).into_owned()
        });
        format!("{}\r\n", names.collect::<Vec<_>>().join(","))
    }

    /// Numbers columns of the same name: an object has each name once.
    fn number_same_names(&mut self) {
        let mut taken: HashSet<String> = HashSet::new();
        for index in &self.order {
            let name = self.columns[*index].name.clone();
            let mut own = name.clone();
            let mut number = 2;
            while !taken.insert(own.clone()) {
                own = format!("{name}_{number}");
                number += 1;
            }
            self.columns[*index].name = own;
        }
    }
}

/// Returns a field of a CSV. The only field of a line is quoted even if it is NULL, since a line
/// without anything in it reads as no record.
fn field<'a>(column: &Column, cell: Option<&'a str>, is_single: bool) -> Cow<'a, str> {
    let Some(text) = cell else { return Cow::Borrowed(if is_single { "\"\"" } else { "" }) };
    if column.kind == Kind::Text { csv::text_field(text) } else { csv::field(text) }
}

/// A row as a JSON object, on one line.
fn object(cells: &[(&Column, Option<&str>)]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let fields: Vec<_> = cells
        .iter()
        .map(|(column, cell)| {
            let value = match cell {
                None => "null".to_owned(),
                // The digits as they came: a bigint or a decimal has more of them than a float
                // holds.
                Some(text) if column.kind == Kind::Number && is_number(text) => (*text).to_owned(),
                Some(text @ ("true" | "false")) if column.kind == Kind::Boolean => (*text).to_owned(),
                // Also NaN and Infinity, which JSON has no numbers for.
                Some(text) => quoted(text),
            };
            format!("{}: {value}", quoted(&column.name))
        })
        .collect();
    format!("  {{{}}}", fields.join(", "))
}

/// Returns true if a text is a number as JSON writes one.
fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && RawValue::from_string(text.to_owned()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format) -> String {
        let mut sheet = Sheet::new(format);
        sheet.begin(vec![
            Column::new("id", "bigint"),
            Column::new("name", "varchar"),
            Column::new("salary", "decimal(10,2)"),
            Column::new("full_time", "boolean"),
        ]);
        let cell = |text: &str| Some(text.to_owned());
        let mut text = sheet.rows(vec![
            vec![cell("9007199254740993"), cell("Zoë, \"Z\""), cell("12345678.90"), cell("true")],
            vec![cell("-2"), cell(""), None, cell("false")],
        ]);
        text.push_str(&sheet.rows(vec![vec![cell("3"), None, cell("NaN"), None]]));
        text.push_str(&sheet.rows(vec![vec![cell("4"), cell("=1+1"), cell("1.0E7"), None]]));
        text + &sheet.end()
    }

    #[test]
    fn people_get_a_table() {
        insta::assert_snapshot!(written(Format::Table), @r#"
                        id  name           salary  full_time
          ----------------  --------  -----------  ---------
          9007199254740993  Zoë, "Z"  12345678.90  true
                        -2                   NULL  false
                         3  NULL              NaN  NULL
                         4  =1+1            1.0E7  NULL
        "#);
    }

    #[test]
    fn csv_tells_null_from_empty_and_disarms_formulas() {
        assert_eq!(
            written(Format::Csv),
            "id,name,salary,full_time\r\n9007199254740993,\"Zoë, \"\"Z\"\"\",12345678.90,true\r\n-2,\"\",,false\r\n\
             3,,NaN,\r\n4,'=1+1,1.0E7,\r\n"
        );
    }

    #[test]
    fn json_loses_no_digit() {
        let text = written(Format::Json);
        insta::assert_snapshot!(text, @r#"
        [
          {"id": 9007199254740993, "name": "Zoë, \"Z\"", "salary": 12345678.90, "full_time": true},
          {"id": -2, "name": "", "salary": null, "full_time": false},
          {"id": 3, "name": null, "salary": "NaN", "full_time": null},
          {"id": 4, "name": "=1+1", "salary": 1.0E7, "full_time": null}
        ]
        "#);
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn a_result_without_rows_is_whole() {
        for (format, expected) in
            [(Format::Table, "  id\n  --\n"), (Format::Csv, "id\r\n"), (Format::Json, "[]\n")]
        {
            let mut sheet = Sheet::new(format);
            sheet.begin(vec![Column::new("id", "bigint")]);
            assert_eq!(sheet.rows(vec![]) + &sheet.end(), expected, "{format:?}");
        }
    }

    #[test]
    fn columns_are_put_in_front_and_numbered_if_their_names_are_the_same() {
        let mut sheet = Sheet::with_first(Format::Json, ["valid_from", "valid_to"]);
        sheet.begin(["id", "id", "valid_to", "valid_from"].map(|name| Column::new(name, "varchar")).into());
        let row = ["a", "b", "c", "d"].map(|text| Some(text.to_owned()));
        let text = sheet.rows(vec![row.into()]);
        assert_eq!(text, "[\n  {\"valid_from\": \"d\", \"valid_to\": \"c\", \"id\": \"a\", \"id_2\": \"b\"}");
    }

    #[test]
    fn nothing_is_printed_of_a_row_that_is_not_there() {
        for format in [Format::Table, Format::Csv, Format::Json] {
            let mut sheet = Sheet::with_first(format, []);
            sheet.begin(vec![Column::new("id", "bigint")]);
            assert_eq!(sheet.rows(vec![]) + &sheet.end(), "", "{format:?}");
        }
    }

    #[test]
    fn a_single_null_is_a_line() {
        let mut sheet = Sheet::new(Format::Csv);
        sheet.begin(vec![Column::new("note", "varchar")]);
        assert_eq!(sheet.rows(vec![vec![None]]), "note\r\n\"\"\r\n");
    }

    #[test]
    fn types_are_known_with_and_without_their_parameters() {
        let kind = |name| Column::new("x", name).kind;
        assert_eq!(kind("decimal(38,9)"), Kind::Number);
        assert_eq!(kind("timestamp with time zone"), Kind::Temporal);
        assert_eq!((kind("row(a integer)"), kind("array")), (Kind::Text, Kind::Text));
    }
}
