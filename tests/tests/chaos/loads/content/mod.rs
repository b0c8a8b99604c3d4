//! Generates the content of a file, with what is known about each of its records by construction.

mod make;
mod records;
mod writer;

use std::collections::BTreeMap;

use fastrand::Rng;

pub(super) use self::writer::parse;

/// A table that files are dropped for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Employees,
    Departments,
}

impl Table {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Employees => "employees",
            Self::Departments => "departments",
        }
    }

    /// Its columns in the dictionary's order; the first one is the key.
    pub(super) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Employees => &["id", "name", "datetime", "department_id", "job_id"],
            Self::Departments => &["id", "department_name"],
        }
    }

    fn alias(column: &str) -> &str {
        match column {
            "datetime" => "datetime_",
            "department_name" => "department",
            other => other,
        }
    }
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Gzip,
    Zstd,
    Xlsx,
}

impl Format {
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Gzip => "csv.gz",
            Self::Zstd => "csv.zst",
            Self::Xlsx => "xlsx",
        }
    }
}

/// Departments and jobs from 1 to this are there; nobody else is.
pub(super) const KNOWN_REFERENCES: i64 = 20;

/// A row of a table: the columns after the key, as the database gives them as text.
pub(super) type Cells = Vec<String>;
pub(super) type Rows = BTreeMap<i64, Cells>;

/// A record of a file.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// The line that it starts on, from 1.
    pub(super) line: u64,
    /// The offset of its first byte in the content.
    pub(super) start: u64,
    pub(super) fields: Vec<Vec<u8>>,
    /// Its bytes in the file if they are not its fields: a line whose quotes are wrong.
    raw: Option<Vec<u8>>,
    /// Its id, if that can be read, whatever else is wrong.
    pub(super) id: Option<i64>,
    /// The codes of its errors, in the order of the table's columns.
    pub(super) codes: Vec<&'static str>,
    /// The column that the first of the codes is about; `None` where it is the whole record.
    pub(super) wrong_column: Option<&'static str>,
    /// Its row in the table if it has no error.
    pub(super) cells: Cells,
    /// References of it that name no row.
    pub(super) unknown: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) table: Table,
    /// The dropped object.
    pub(super) object: Vec<u8>,
    /// Bytes of content that can be read: of a compressed file what it unpacks to, of a sheet what
    /// `domain::load::ChunkBuilder` makes of it.
    pub(super) length: u64,
    /// The columns in the file's order.
    pub(super) columns: Vec<&'static str>,
    pub(super) records: Vec<Record>,
    /// True if a record before the first flawless one is neither a header nor a row, because no
    /// field of a column other than text can be read. Nothing of the file is loaded then.
    pub(super) is_of_another_table: bool,
}

impl Record {
    /// Returns true if no field has anything in it: such a record is skipped.
    pub(super) fn is_blank(&self) -> bool {
        self.raw.is_none() && self.fields.iter().all(Vec::is_empty)
    }

    /// A line whose quotes are wrong.
    fn broken(raw: String, width: usize) -> Self {
        let raw = raw.into_bytes();
        // In a rejects file it has its line behind empty columns.
        let mut fields = vec![Vec::new(); width];
        fields.push(raw.clone());
        Self {
            line: 0,
            start: 0,
            fields,
            raw: Some(raw),
            id: None,
            codes: vec!["quote"],
            wrong_column: None,
            cells: Vec::new(),
            unknown: 0,
        }
    }
}

/// Settings for generating a file.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) table: Table,
    pub(super) format: Format,
    pub(super) rows: usize,
    /// The first id of those that count up.
    pub(super) first_id: i64,
    /// The first character of every name in it, which identifies the load of a row in the table.
    pub(super) tag: char,
    pub(super) header: bool,
    pub(super) shuffled_columns: bool,
    pub(super) shuffled_ids: bool,
    pub(super) crlf: bool,
    pub(super) byte_order_mark: bool,
    pub(super) blank_lines: bool,
    pub(super) ends_without_line_end: bool,
    /// True if it ends with a quote that is never closed.
    pub(super) open_quote: bool,
    /// The share of flawed records, and that of repeated ids near and far.
    pub(super) flawed: f64,
    pub(super) repeated: f64,
}

impl Shape {
    pub(super) fn draw(random: &mut Rng, table: Table, first_id: i64, tag: char) -> Self {
        let formats = [Format::Csv, Format::Csv, Format::Csv, Format::Gzip, Format::Zstd, Format::Xlsx];
        Self {
            table,
            format: formats[random.usize(..formats.len())],
            rows: random.usize(300..=5_000),
            first_id,
            tag,
            header: random.bool(),
            shuffled_columns: random.bool(),
            shuffled_ids: random.u8(..4) == 0,
            crlf: random.bool(),
            byte_order_mark: random.u8(..5) == 0,
            blank_lines: random.u8(..4) == 0,
            ends_without_line_end: random.u8(..4) == 0,
            open_quote: false,
            flawed: [0.0, 0.01, 0.05, 0.05, 0.5, 1.0][random.usize(..6)],
            repeated: [0.0, 0.02, 0.02, 0.2][random.usize(..4)],
        }
    }
}
