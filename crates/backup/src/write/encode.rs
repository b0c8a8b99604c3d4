//! Encodes rows from the database as Avro, on a thread of its own.

use domain::avro::{AvroError, Codec, FileWriter, Meta, Schema};
use domain::backup::BackupId;
use domain::dictionary::{Column, Table};
use domain::key_text::key_text;
use domain::row_text::{ContentSum, parse_row_text};
use domain::value::Value;
use sha2::{Digest, Sha256};

use crate::error::BackupError;

/// The version of Rowgate that files and manifests name.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Writes the files of one table, one after the other, and sums up its rows.
#[derive(Debug)]
pub(crate) struct Encoder {
    backup: BackupId,
    dictionary_version: &'static str,
    table: &'static Table,
    nullable: Vec<bool>,
    schema: Schema,
    codec: Codec,
    sum: ContentSum,
    part: Option<Part>,
}

#[derive(Debug)]
struct Part {
    writer: FileWriter,
    hash: Sha256,
    bytes: u64,
}

/// A file whose last byte is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finished {
    /// The bytes that were not taken before.
    pub(crate) rest: Vec<u8>,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// The SHA-256 of all of its bytes, in hexadecimal digits.
    pub(crate) sha256: String,
}

impl Encoder {
    /// Creates the encoder of a table of which `sum` is written already.
    pub(crate) fn new(
        backup: BackupId,
        dictionary_version: &'static str,
        table: &'static Table,
        nullable: Vec<bool>,
        schema: Schema,
        codec: Codec,
        sum: ContentSum,
    ) -> Self {
        Self { backup, dictionary_version, table, nullable, schema, codec, sum, part: None }
    }

    /// Returns the sum of all rows so far.
    pub(crate) fn sum(&self) -> ContentSum {
        self.sum
    }

    /// Begins a file.
    pub(crate) fn begin(&mut self, part: u32) -> Result<(), BackupError> {
        let backup = self.backup.as_str();
        let meta = Meta { backup, part, dictionary: self.dictionary_version, version: VERSION };
        let sync = fastrand::u128(..).to_be_bytes();
        let writer =
            FileWriter::new(&self.schema, &meta, self.codec, sync).map_err(|error| self.avro(error))?;
        self.part = Some(Part { writer, hash: Sha256::new(), bytes: 0 });
        Ok(())
    }

    /// Adds rows to the file that was begun; gives the bytes that are finished.
    pub(crate) fn push<'p>(&mut self, rows: impl Iterator<Item = &'p str>) -> Result<Vec<u8>, BackupError> {
        let Some(part) = &mut self.part else { return Ok(Vec::new()) };
        let table = self.table;
        let wrong = |values: &[Value<'_>], column: &str, problem: &dyn ToString| BackupError::Value {
            table: table.name().to_owned(),
            key: key_of(table, values),
            column: column.to_owned(),
            problem: problem.to_string(),
        };
        let mut values = Vec::with_capacity(table.columns().len());
        for row in rows {
            values.clear();
            parse_row_text(table, &self.nullable, row, &mut values)
                .map_err(|error| wrong(&values, &error.column, &error.problem))?;
            self.sum.add(row.as_bytes());
            part.writer.push(&values).map_err(|error| match &error {
                AvroError::Value { column, problem, .. } => wrong(&values, column, problem),
                _ => BackupError::Avro { table: table.name().to_owned(), error },
            })?;
        }
        let ready = part.writer.take();
        part.hash.update(&ready);
        part.bytes += ready.len() as u64;
        Ok(ready)
    }

    /// Ends the file that was begun.
    pub(crate) fn finish(&mut self) -> Result<Option<Finished>, BackupError> {
        let Some(Part { writer, mut hash, bytes }) = self.part.take() else { return Ok(None) };
        let rows = writer.rows();
        let rest = writer.finish().map_err(|error| self.avro(error))?;
        hash.update(&rest);
        let sha256 = hex::encode(hash.finalize());
        Ok(Some(Finished { bytes: bytes + rest.len() as u64, rest, rows, sha256 }))
    }

    fn avro(&self, error: AvroError) -> BackupError {
        BackupError::Avro { table: self.table.name().to_owned(), error }
    }
}

/// Returns the text of a row's key; `?` if not all of it has been read, or if it is personal.
fn key_of(table: &Table, values: &[Value<'_>]) -> String {
    let is_read = table.key_indexes().iter().all(|index| *index < values.len());
    let is_shown = is_read && !table.key_columns().any(Column::personal);
    let key = is_shown.then(|| table.key_of(values)).flatten();
    key.map_or_else(|| "?".to_owned(), |key| key_text(&key))
}
