//! What a file holds, and what is known about each of its records because it was made so.

use std::collections::BTreeMap;

use fastrand::Rng;

/// A table that files are dropped for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    Employees,
    Departments,
}

impl Table {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Employees => "employees",
            Self::Departments => "departments",
        }
    }

    /// Its columns in the dictionary's order; the first one is the key.
    pub(crate) fn columns(self) -> &'static [&'static str] {
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

/// Departments and jobs from 1 to this are there; nobody else is.
pub(crate) const KNOWN_REFERENCES: i64 = 20;

/// A row of a table: the columns after the key, as the database gives them as text.
pub(crate) type Cells = Vec<String>;
pub(crate) type Rows = BTreeMap<i64, Cells>;

/// A record of a file.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// The line that it starts on, from 1.
    pub(crate) line: u64,
    /// The offset of its first byte in the content.
    pub(crate) start: u64,
    pub(crate) fields: Vec<Vec<u8>>,
    /// Its id, if that can be read, whatever else is wrong.
    pub(crate) id: Option<i64>,
    /// What is wrong with it, in the order of the table's columns.
    pub(crate) codes: Vec<&'static str>,
    /// What it puts in the table if nothing is wrong.
    pub(crate) cells: Cells,
    /// References of it that name no row.
    pub(crate) unknown: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) table: Table,
    pub(crate) bytes: Vec<u8>,
    /// The columns in the file's order.
    pub(crate) columns: Vec<&'static str>,
    pub(crate) records: Vec<Record>,
}

/// How a file is made.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) table: Table,
    pub(crate) rows: usize,
    /// The first id of those that count up.
    pub(crate) first_id: i64,
    /// What every name in it starts with, so that it can be told in the table whose row is there.
    pub(crate) tag: char,
    pub(crate) header: bool,
    pub(crate) shuffled_columns: bool,
    pub(crate) shuffled_ids: bool,
    pub(crate) crlf: bool,
    pub(crate) byte_order_mark: bool,
    pub(crate) blank_lines: bool,
    pub(crate) ends_without_line_end: bool,
    /// The share of flawed records, and that of repeated ids near and far.
    pub(crate) flawed: f64,
    pub(crate) repeated: f64,
}

impl Shape {
    pub(crate) fn draw(random: &mut Rng, table: Table, first_id: i64, tag: char) -> Self {
        Self {
            table,
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
            flawed: [0.0, 0.01, 0.05, 0.05, 0.5, 1.0][random.usize(..6)],
            repeated: [0.0, 0.02, 0.02, 0.2][random.usize(..4)],
        }
    }

    pub(crate) fn make(&self, random: &mut Rng) -> Content {
        let mut columns = self.table.columns().to_vec();
        if self.header && self.shuffled_columns {
            random.shuffle(&mut columns);
        }
        let mut writer = Writer { shape: self, bytes: Vec::new(), line: 1 };
        if self.byte_order_mark {
            writer.bytes.extend("\u{FEFF}".bytes());
        }
        if self.header {
            let spelled = |column: &&'static str| match random.u8(..4) {
                0 => Table::alias(column).as_bytes().to_vec(),
                1 => format!(" {} ", column.to_uppercase()).into_bytes(),
                _ => column.as_bytes().to_vec(),
            };
            let names: Vec<Vec<u8>> = columns.iter().map(spelled).collect();
            writer.record(&names, random);
        }
        let mut fresh: Vec<i64> = (self.first_id..).take(self.rows).collect();
        if self.shuffled_ids {
            random.shuffle(&mut fresh);
        }
        let mut ids: Vec<i64> = Vec::with_capacity(self.rows);
        let mut records = Vec::with_capacity(self.rows);
        for fresh in fresh {
            let repeats = !ids.is_empty() && random.f64() < self.repeated;
            let id = match (repeats, random.bool()) {
                (false, _) => fresh,
                (true, true) => ids[ids.len() - random.usize(1..=ids.len().min(8))],
                (true, false) => ids[random.usize(..ids.len())],
            };
            ids.push(id);
            let mut record = self.row(random, id);
            if random.f64() < self.flawed {
                self.spoil(random, &mut record);
            }
            let position =
                |column: &str| self.table.columns().iter().position(|name| *name == column).unwrap_or(0);
            // Too few or too many fields are at the end, whatever the order of the columns.
            let (named, rest) = record.fields.split_at(self.table.columns().len().min(record.fields.len()));
            let ordered = if named.len() == columns.len() {
                columns
                    .iter()
                    .map(|column| named[position(column)].clone())
                    .chain(rest.iter().cloned())
                    .collect()
            } else {
                record.fields.clone()
            };
            record.fields = ordered;
            writer.blank_line(random);
            (record.line, record.start) = (writer.line, writer.bytes.len() as u64);
            writer.record(&record.fields, random);
            records.push(record);
        }
        if self.ends_without_line_end {
            let end: &[u8] = if self.crlf { b"\r\n" } else { b"\n" };
            writer.bytes.truncate(writer.bytes.len() - end.len());
        }
        let bytes = writer.bytes;
        Content { table: self.table, bytes, columns, records }
    }

    /// A record in which nothing is wrong, with its fields in the dictionary's order.
    fn row(&self, random: &mut Rng, id: i64) -> Record {
        let name = name(random, self.tag);
        let mut fields = vec![id.to_string(), name.clone()];
        let mut cells = vec![name];
        let mut unknown = 0;
        if self.table == Table::Employees {
            let (year, month, day) = (random.u32(1990..2036), random.u32(1..=12), random.u32(1..=28));
            let (hour, minute, second) = (random.u32(..24), random.u32(..60), random.u32(..60));
            let (date, time) =
                (format!("{year}-{month:02}-{day:02}"), format!("{hour:02}:{minute:02}:{second:02}"));
            fields.push(format!("{date}T{time}Z"));
            cells.push(format!("{date} {time}"));
            for _ in 0..2 {
                let is_unknown = random.u8(..30) == 0;
                let reference =
                    random.i64(1..=KNOWN_REFERENCES) + if is_unknown { KNOWN_REFERENCES } else { 0 };
                unknown += u64::from(is_unknown);
                fields.push(reference.to_string());
                cells.push(reference.to_string());
            }
        }
        let fields = fields.into_iter().map(String::into_bytes).collect();
        Record { line: 0, start: 0, fields, id: Some(id), codes: Vec::new(), cells, unknown }
    }

    /// Puts one or two things wrong.
    fn spoil(&self, random: &mut Rng, record: &mut Record) {
        if random.u8(..6) == 0 {
            if random.bool() {
                record.fields.pop();
            } else {
                record.fields.push(b"too much".to_vec());
            }
            // Nobody can say which field is which, so it has no id.
            (record.id, record.codes) = (None, vec!["field_count"]);
            return;
        }
        let width = record.fields.len();
        let mut wrong = [random.usize(..width), random.usize(..width)];
        wrong.sort_unstable();
        let count = if wrong[0] != wrong[1] && random.bool() { 2 } else { 1 };
        for column in &wrong[..count] {
            let (value, code) = flaw(random, self.table.columns()[*column]);
            record.fields[*column] = value;
            record.codes.push(code);
            if *column == 0 {
                record.id = None;
            }
        }
    }
}

fn flaw(random: &mut Rng, column: &str) -> (Vec<u8>, &'static str) {
    let flaws: &[(&[u8], &str)] = match column {
        "id" => {
            &[(b"", "required"), (b"12x", "type"), (b"0", "out_of_range"), (b"2147483648", "out_of_range")]
        }
        "datetime" => &[
            (b"", "required"),
            (b"2021-02-30T10:00:00Z", "timestamp"),
            (b"2021-07-27 16:02:08", "timestamp"),
            (b"soon", "timestamp"),
        ],
        "name" | "department_name" => &[(b"", "required"), (b"M\xFCller", "encoding"), (b"long", "too_long")],
        _ => &[(b"", "required"), (b"1.5", "type"), (b"-2147483649", "out_of_range")],
    };
    match flaws[random.usize(..flaws.len())] {
        (_, "too_long") => ("\u{e9}".repeat(256).into_bytes(), "too_long"),
        (value, code) => (value.to_vec(), code),
    }
}

fn name(random: &mut Rng, tag: char) -> String {
    const PARTS: [&str; 12] = [
        "Ada",
        "Grace Hopper",
        "M\u{fc}ller",
        "O'Brien",
        "quoted \"nick\" name",
        "comma, after",
        "two\nlines",
        "\u{1F600}",
        "back\\slash",
        "semi;colon",
        "carriage\r\nreturn",
        " spaces ",
    ];
    let mut name = String::from(tag);
    for _ in 0..random.usize(1..=4) {
        // Mostly plain names, as in life.
        let part = if random.u8(..3) > 0 { random.usize(..4) } else { random.usize(..PARTS.len()) };
        name.push_str(PARTS[part]);
    }
    if random.u8(..200) == 0 {
        let room = 255 - name.chars().count();
        name.extend(std::iter::repeat_n('\u{e9}', room));
    }
    name
}

struct Writer<'s> {
    shape: &'s Shape,
    bytes: Vec<u8>,
    line: u64,
}

impl Writer<'_> {
    fn record(&mut self, fields: &[Vec<u8>], random: &mut Rng) {
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                self.push(b",");
            }
            let must = field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'));
            if must || random.u8(..20) == 0 {
                self.push(b"\"");
                for byte in field {
                    self.push(if *byte == b'"' { b"\"\"" } else { std::slice::from_ref(byte) });
                }
                self.push(b"\"");
            } else {
                self.push(field);
            }
        }
        self.line_end();
    }

    fn blank_line(&mut self, random: &mut Rng) {
        if self.shape.blank_lines && random.u8(..50) == 0 {
            self.line_end();
        }
    }

    fn line_end(&mut self) {
        self.push(if self.shape.crlf { b"\r\n" } else { b"\n" });
    }

    fn push(&mut self, bytes: &[u8]) {
        self.line += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.bytes.extend_from_slice(bytes);
    }
}

/// The records of CSV text, by the rules of RFC 4180 and nothing else.
pub(crate) fn parse(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), Vec::new());
    let (mut quoted, mut bytes) = (false, text.iter().copied().peekable());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.next_if_eq(&b'"').is_some() => field.push(b'"'),
            b'"' => quoted = !quoted,
            _ if quoted => field.push(byte),
            b',' => record.push(std::mem::take(&mut field)),
            b'\r' => {}
            b'\n' => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            _ => field.push(byte),
        }
    }
    records
}
