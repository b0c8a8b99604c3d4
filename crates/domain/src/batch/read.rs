//! Reading a batch from the body of a request.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use crate::dictionary::{Dictionary, Table};
use crate::members::Members;
use crate::problem::{Problem, ProblemKind};
use crate::row::{CheckedRow, MAX_NAME, check_json_row, check_json_row_of};
use crate::shortened;
use crate::value::Key;

/// Rows in one request at most, over all its tables.
pub const MAX_ROWS: usize = 1000;

/// Bytes in a request's body at most: 4 MB. Lambda takes 6 MB with the body escaped into JSON,
/// which can make it half as large again.
pub const MAX_BODY_BYTES: usize = 4_000_000;

/// Levels of arrays and objects in a request's body at most. A good batch has three; the limit
/// keeps the readers of what is echoed and stored from running out of stack.
pub const MAX_DEPTH: usize = 32;

/// A request's rows, table by table in reference order. Borrows from the body.
#[derive(Debug)]
pub struct Batch<'a> {
    /// At least one table, each with its rows; the tables that others refer to come first.
    pub tables: Vec<TableBatch<'a>>,
}

/// The rows of a request for one table; may be empty when another table has rows.
#[derive(Debug)]
pub struct TableBatch<'a> {
    /// The table.
    pub table: &'a Table,
    /// Its rows, in the request's order.
    pub rows: Vec<BatchRow<'a>>,
}

/// One row of a request: as it came, and what the check made of it.
#[derive(Debug)]
pub struct BatchRow<'a> {
    /// The row as it came, to be echoed when it is rejected.
    pub raw: &'a RawValue,
    /// Its values and errors.
    pub checked: CheckedRow<'a>,
}

/// The reason why a body is no batch at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// There is no body.
    #[error("The request has no body; send a JSON object of tables and their rows.")]
    Empty,
    /// The body is larger than [`MAX_BODY_BYTES`].
    #[error("The body has more than {MAX_BODY_BYTES} bytes; send smaller batches.")]
    TooLarge,
    /// The body is not UTF-8; the position of the first wrong byte.
    #[error("The body is not UTF-8 text: byte {offset} (from 0) is wrong.")]
    NotUtf8 {
        /// Bytes before it.
        offset: usize,
    },
    /// The body is not JSON; what the parser says, with line and column.
    #[error("The body is not JSON: {0}.")]
    NotJson(String),
    /// The body escapes half of a surrogate pair, which is not a character.
    #[error("The body is not JSON of characters: a \\u escape is half of a surrogate pair.")]
    HalfCharacter,
    /// The body is nested deeper than [`MAX_DEPTH`].
    #[error("The body is nested deeper than {MAX_DEPTH} levels.")]
    TooDeep,
    /// The body has another shape; what it must be.
    #[error("{0}")]
    Shape(String),
    /// The body names a table that does not exist.
    #[error("There is no table {:?}; the tables are {known}.", shortened(name, MAX_NAME))]
    UnknownTable {
        /// The name.
        name: String,
        /// The names of the tables there are.
        known: String,
    },
    /// The number of rows is 0 or more than [`MAX_ROWS`].
    #[error("{}", row_count(*.0))]
    RowCount(usize),
}

fn row_count(rows: usize) -> String {
    match rows {
        0 => format!("The batch has no rows; send 1 to {MAX_ROWS}."),
        rows => format!("The batch has {rows} rows; send 1 to {MAX_ROWS} in all."),
    }
}

impl From<BatchError> for Problem {
    fn from(error: BatchError) -> Self {
        let kind = match error {
            BatchError::Empty
            | BatchError::NotUtf8 { .. }
            | BatchError::NotJson(_)
            | BatchError::HalfCharacter
            | BatchError::TooDeep => ProblemKind::InvalidJson,
            BatchError::TooLarge => ProblemKind::PayloadTooLarge,
            BatchError::Shape(_) => ProblemKind::WrongShape,
            BatchError::UnknownTable { .. } => ProblemKind::UnknownTable,
            BatchError::RowCount(_) => ProblemKind::RowCount,
        };
        Self::new(kind, error.to_string())
    }
}

impl<'a> Batch<'a> {
    /// Reads the body of `POST /insert_data`: an object, table name → array of rows.
    ///
    /// # Errors
    /// [`BatchError`] when the body is no batch at all; errors of single rows are in the rows.
    pub fn read(dictionary: &'a Dictionary, body: &'a [u8]) -> Result<Self, BatchError> {
        let text = json_text(body)?;
        let Members(members) = serde_json::from_str::<Members<String, &RawValue>>(text).map_err(|error| {
            match shape_of(text, &error) {
                Some(what) => BatchError::Shape(format!(
                    "The body must be an object, table name to array of rows, not {what}."
                )),
                None => not_json(&error),
            }
        })?;
        let mut seen = BTreeSet::new();
        let mut given = Vec::with_capacity(members.len());
        let mut count = 0;
        for (name, value) in members {
            let Some(table) = dictionary.table(&name) else {
                return Err(BatchError::UnknownTable { name, known: dictionary.table_names() });
            };
            if !seen.insert(table.name()) {
                return Err(BatchError::Shape(format!(
                    "The table {} is given more than once.",
                    table.name()
                )));
            }
            let rows: Vec<&'a RawValue> = serde_json::from_str(value.get()).map_err(|_| {
                BatchError::Shape(format!(
                    "The rows of {name} must be an array, not {}.",
                    kind_of(value.get())
                ))
            })?;
            count += rows.len();
            given.push((table, rows));
        }
        check_count(count)?;
        let mut tables = Vec::with_capacity(given.len());
        // The dictionary's order is reference order.
        for table in dictionary.tables() {
            if let Some(position) = given.iter().position(|(candidate, _)| candidate.name() == table.name()) {
                let (table, rows) = given.swap_remove(position);
                tables.push(TableBatch::check(table, rows));
            }
        }
        Ok(Self { tables })
    }

    /// Reads the body of `POST /tables/{table}/rows`: an array of rows, or one row object.
    ///
    /// # Errors
    /// As [`Batch::read`].
    pub fn read_rows(table: &'a Table, body: &'a [u8]) -> Result<Self, BatchError> {
        let raw = json_value(body)?;
        let rows = match raw.get().as_bytes().first() {
            Some(b'{') => vec![raw],
            Some(b'[') => serde_json::from_str(raw.get()).map_err(|error| not_json(&error))?,
            _ => {
                return Err(BatchError::Shape(format!(
                    "The body must be an array of rows or one row object, not {}.",
                    kind_of(raw.get())
                )));
            }
        };
        check_count(rows.len())?;
        Ok(Self { tables: vec![TableBatch::check(table, rows)] })
    }
}

impl<'a> TableBatch<'a> {
    /// Reads the body of `PUT /tables/{table}/rows/{key}`: one row object, whose key is `key` or
    /// left out.
    ///
    /// # Errors
    /// As [`Batch::read`].
    pub fn read_row(table: &'a Table, key: &'a Key, body: &'a [u8]) -> Result<Self, BatchError> {
        let raw = json_value(body)?;
        if !raw.get().starts_with('{') {
            let found = kind_of(raw.get());
            return Err(BatchError::Shape(format!("The body must be one row object, not {found}.")));
        }
        Ok(Self { table, rows: vec![BatchRow { raw, checked: check_json_row_of(table, key, raw) }] })
    }

    fn check(table: &'a Table, rows: Vec<&'a RawValue>) -> Self {
        let rows =
            rows.into_iter().map(|raw| BatchRow { raw, checked: check_json_row(table, raw) }).collect();
        Self { table, rows }
    }
}

/// Returns the single JSON value of a body.
///
/// # Errors
/// [`BatchError`] for a body that is none, or that is larger or nested deeper than bodies may be.
pub fn json_value(body: &[u8]) -> Result<&RawValue, BatchError> {
    serde_json::from_str(json_text(body)?).map_err(|error| not_json(&error))
}

fn check_count(rows: usize) -> Result<(), BatchError> {
    if (1..=MAX_ROWS).contains(&rows) { Ok(()) } else { Err(BatchError::RowCount(rows)) }
}

/// Returns the body as text, if it is small enough, UTF-8, and not nested too deeply.
fn json_text(body: &[u8]) -> Result<&str, BatchError> {
    if body.is_empty() {
        return Err(BatchError::Empty);
    }
    if body.len() > MAX_BODY_BYTES {
        return Err(BatchError::TooLarge);
    }
    // Some clients put a byte order mark before UTF-8.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    if is_too_deep(body) {
        return Err(BatchError::TooDeep);
    }
    if has_half_character(body) {
        return Err(BatchError::HalfCharacter);
    }
    std::str::from_utf8(body).map_err(|error| BatchError::NotUtf8 { offset: error.valid_up_to() })
}

/// Returns true if the text escapes half of a surrogate pair. An answer that echoed it could not be
/// read by strict clients.
fn has_half_character(json: &[u8]) -> bool {
    let unit = |at: usize| {
        let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut at = 0;
    // Outside of strings there is no backslash, or the text is not JSON.
    while let Some(next) = json.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += next;
        at += match (unit(at), unit(at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => return true,
            (Some(_), _) => 6,
            (None, _) => 2,
        };
    }
    false
}

fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

fn not_json(error: &serde_json::Error) -> BatchError {
    BatchError::NotJson(error.to_string())
}

/// Returns the kind of a JSON body that is not an object; `None` if it is not JSON.
fn shape_of(text: &str, error: &serde_json::Error) -> Option<&'static str> {
    let is_json = || serde_json::from_str::<&RawValue>(text).is_ok();
    (error.is_data() && is_json()).then(|| kind_of(text.trim_start()))
}

fn kind_of(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}
