//! Generates the content of a file, with what is known about each of its records by construction.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_xlsxwriter::Workbook;

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
    pub(super) is_foreign: bool,
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

    pub(super) fn make(&self, random: &mut Rng) -> Result<Content> {
        let mut columns = self.table.columns().to_vec();
        if self.header && self.shuffled_columns {
            random.shuffle(&mut columns);
        }
        let mut writer = Writer::new(self);
        if self.header {
            let spelled = |column: &&'static str| match random.u8(..4) {
                0 => Table::alias(column).as_bytes().to_vec(),
                1 => format!(" {} ", column.to_uppercase()).into_bytes(),
                _ => column.as_bytes().to_vec(),
            };
            let names: Vec<Vec<u8>> = columns.iter().map(spelled).collect();
            writer.record(&names, random)?;
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
            if record.raw.is_none() {
                record.fields = self.ordered(&columns, record.fields);
            }
            writer.blank_line(random);
            records.push(writer.put(record, random)?);
        }
        if self.open_quote {
            let record = Record::broken("7,\"never closed".to_owned(), columns.len());
            records.push(writer.put(record, random)?);
        }
        let (object, length) = writer.finish()?;
        // Of the other table two columns at most are wrong, of four that hold no text.
        let is_foreign = !self.header
            && self.table == Table::Departments
            && records
                .iter()
                .filter(|record| !record.is_blank())
                .take_while(|record| !record.codes.is_empty())
                // An id that the column cannot hold is still a number.
                .any(|record| record.wrong_column == Some("id") && record.codes[0] != "out_of_range");
        Ok(Content { table: self.table, object, length, columns, records, is_foreign })
    }

    /// Brings fields from the dictionary's order into the file's; what is over stays at the end. In
    /// a record with too few of them the order means nothing.
    fn ordered(&self, columns: &[&'static str], fields: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let (known, width) = (self.table.columns(), columns.len());
        if fields.len() < width {
            return fields;
        }
        let of = |column: &&str| known.iter().position(|known| known == column).unwrap_or_default();
        let named = columns.iter().map(|column| fields[of(column)].clone());
        named.chain(fields[width..].iter().cloned()).collect()
    }

    /// A record in which nothing is wrong, with its fields in the dictionary's order.
    fn row(&self, random: &mut Rng, id: i64) -> Record {
        let mut name = name(random, self.tag);
        if self.format == Format::Xlsx {
            // XML has no carriage returns.
            name = name.replace('\r', "");
        }
        let mut fields = vec![id.to_string(), name.clone()];
        let mut cells = vec![name];
        let mut unknown = 0;
        if self.table == Table::Employees {
            let (year, month, day) = (random.u32(1990..2036), random.u32(1..=12), random.u32(1..=28));
            let (hour, minute, second) = (random.u32(..24), random.u32(..60), random.u32(..60));
            let (date, time) =
                (format!("{year}-{month:02}-{day:02}"), format!("{hour:02}:{minute:02}:{second:02}"));
            fields.push(match random.u8(..16) {
                0 => format!("{date} {time}"),
                1 => format!("{date}T{time}.000Z"),
                2 => format!("{date}T{time}+00:00"),
                _ => format!("{date}T{time}Z"),
            });
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
        let (codes, wrong_column) = (Vec::new(), None);
        Record { line: 0, start: 0, fields, raw: None, id: Some(id), codes, wrong_column, cells, unknown }
    }

    /// Puts one or two things wrong.
    fn spoil(&self, random: &mut Rng, record: &mut Record) {
        let is_sheet = self.format == Format::Xlsx;
        if random.u8(..8) == 0 && !is_sheet {
            // Some line between the others, and one after which a quote is open until the next one
            // comes.
            let text = if random.bool() { "\"closed\" and more" } else { "\"never closed" };
            *record =
                Record::broken(format!("{},{text}", record.id.unwrap_or_default()), record.fields.len());
            return;
        }
        if random.u8(..6) == 0 {
            // A cell that is not there is an empty one.
            if random.bool() && !is_sheet {
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
        // A row without a filled cell is none.
        let count = if wrong[0] != wrong[1] && random.bool() && !is_sheet { 2 } else { 1 };
        for column in &wrong[..count] {
            let (value, code) = loop {
                let (value, code) = flaw(random, self.table.columns()[*column]);
                // A workbook is UTF-8.
                if code != "encoding" || !is_sheet {
                    break (value, code);
                }
            };
            record.fields[*column] = value;
            record.codes.push(code);
            record.wrong_column = record.wrong_column.or(Some(self.table.columns()[*column]));
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
            (b"2021-07-27T16:02:08.5Z", "timestamp"),
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

/// Writes a file and knows where it is.
struct Writer<'s> {
    shape: &'s Shape,
    text: Vec<u8>,
    book: Workbook,
    /// The line, or row, that comes next, and the bytes of content before it.
    line: u64,
    length: u64,
}

impl<'s> Writer<'s> {
    fn new(shape: &'s Shape) -> Self {
        let mut book = Workbook::new();
        book.add_worksheet();
        let mut writer = Self { shape, text: Vec::new(), book, line: 1, length: 0 };
        if shape.byte_order_mark && shape.format != Format::Xlsx {
            writer.push("\u{FEFF}".as_bytes());
        }
        writer
    }

    /// Writes a record, and notes in it where it is.
    fn put(&mut self, mut record: Record, random: &mut Rng) -> Result<Record> {
        (record.line, record.start) = (self.line, self.length);
        match &record.raw {
            Some(raw) => {
                self.push(raw);
                self.push(self.line_end());
            }
            None => self.record(&record.fields, random)?,
        }
        Ok(record)
    }

    fn record(&mut self, fields: &[Vec<u8>], random: &mut Rng) -> Result<()> {
        if self.shape.format == Format::Xlsx {
            return self.row(fields, random);
        }
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
        self.push(self.line_end());
        Ok(())
    }

    fn row(&mut self, fields: &[Vec<u8>], random: &mut Rng) -> Result<()> {
        let sheet = self.book.worksheet_from_index(0)?;
        for (column, field) in fields.iter().enumerate() {
            let (row, column, text) =
                (u32::try_from(self.line - 1)?, u16::try_from(column)?, std::str::from_utf8(field)?);
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
            if is_number && random.u8(..4) > 0 {
                sheet.write_number(row, column, text.parse::<f64>()?)?;
            } else if !text.is_empty() {
                sheet.write_string(row, column, text)?;
            }
        }
        self.line += 1;
        self.length += 4 + fields.iter().map(|field| 4 + field.len() as u64).sum::<u64>();
        Ok(())
    }

    fn blank_line(&mut self, random: &mut Rng) {
        if self.shape.blank_lines && random.u8(..50) == 0 {
            if self.shape.format == Format::Xlsx {
                self.line += 1;
            } else {
                self.push(self.line_end());
            }
        }
    }

    fn line_end(&self) -> &'static [u8] {
        if self.shape.crlf { b"\r\n" } else { b"\n" }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.line += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.length += bytes.len() as u64;
        self.text.extend_from_slice(bytes);
    }

    /// The file, and the length of its content.
    fn finish(mut self) -> Result<(Vec<u8>, u64)> {
        let is_text = self.shape.format != Format::Xlsx;
        if self.shape.ends_without_line_end && is_text {
            self.text.truncate(self.text.len() - self.line_end().len());
            self.length = self.text.len() as u64;
        }
        let file = match self.shape.format {
            Format::Csv => self.text,
            Format::Gzip => {
                // Two files in a row are one to gzip.
                let (first, second) = self.text.split_at(self.text.len() / 3);
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(first)?;
                let mut encoder = GzEncoder::new(encoder.finish()?, Compression::default());
                encoder.write_all(second)?;
                encoder.finish()?
            }
            Format::Zstd => zstd::encode_all(&self.text[..], 3)?,
            Format::Xlsx => self.book.save_to_buffer()?,
        };
        Ok((file, self.length))
    }
}

/// The records of CSV text, by the rules of RFC 4180 and nothing else.
pub(super) fn parse(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
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
