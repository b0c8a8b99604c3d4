//! The part files of a backup as a source of rows.

use std::collections::VecDeque;
use std::io::Read;

use bucket::Reader;
use domain::avro::{AvroError, Block, FileReader, Resolution};
use domain::backup::{BackupId, Manifest, TableManifest, folder, part_number};
use domain::dictionary::{Column, Table};
use domain::row_text::{ContentSum, write_row_text};
use domain::sql::{InsertStatement, InsertWriter, Parameter};
use domain::value::Value;

use crate::read::source::{CHUNK_SQL_BYTES, CHUNK_STATEMENTS, Chunk, Filling, Opening, Source, SourceError};

/// Statements of one block at most: of a block of Rowgate's there are some eight, and more of them
/// would be held in memory at once than a function has.
const MOST_STATEMENTS: usize = 4 * CHUNK_STATEMENTS;

/// A part file, as the manifest has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its key in the bucket.
    pub(crate) key: String,
    pub(crate) number: u32,
    pub(crate) rows: u64,
    pub(crate) sha256: String,
}

/// A table's entry in a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableParts {
    pub(crate) backup: BackupId,
    /// The table's name in the manifest.
    pub(crate) table: String,
    pub(crate) columns: Vec<String>,
    pub(crate) schema_fingerprint: String,
    pub(crate) parts: Vec<Part>,
    /// Rows and checksum of all parts.
    pub(crate) sum: Option<ContentSum>,
}

impl TableParts {
    /// Returns the entry of `manifest` for the table called `name`.
    pub(crate) fn new(manifest: &Manifest, name: &str, table: &TableManifest) -> Self {
        let folder = folder(&manifest.backup);
        let parts = table.files.iter().map(|file| Part {
            key: format!("{folder}{}", file.key),
            number: part_number(name, &file.key).unwrap_or_default(),
            rows: file.rows,
            sha256: file.sha256.clone(),
        });
        Self {
            backup: manifest.backup.clone(),
            table: name.to_owned(),
            columns: table.columns.clone(),
            schema_fingerprint: table.schema_fingerprint.clone(),
            parts: parts.collect(),
            sum: ContentSum::parse(table.rows, &table.checksum),
        }
    }

    /// Holds the header of a part against the manifest, and its schema against the table as it is.
    ///
    /// # Errors
    /// All that is against it.
    pub(crate) fn resolve<R: Read>(
        &self,
        part: &Part,
        reader: &FileReader<R>,
        table: &Table,
        nullable: &[bool],
    ) -> Result<Resolution, Against> {
        let key = &part.key;
        let mut damaged = Vec::new();
        let backup = self.backup.as_str();
        let number = part.number.to_string();
        // A file that was put in another's place may have the hash that an altered manifest gives
        // it.
        for (name, expected) in
            [("rowgate.table", &*self.table), ("rowgate.backup", backup), ("rowgate.part", &number)]
        {
            match reader.meta(name) {
                Some(found) if found == expected => {}
                Some(found) => damaged.push(format!("{key} says {name} = {found:?} instead of {expected:?}")),
                None => damaged.push(format!("{key} does not say {name}: Rowgate did not write it")),
            }
        }
        let schema = reader.writer_schema();
        if schema.fingerprint() != self.schema_fingerprint || !schema.columns().eq(&self.columns) {
            damaged.push(format!("{key} has another schema than the manifest says"));
        }
        let refused = match Resolution::new(schema, table, nullable) {
            Ok(resolution) if damaged.is_empty() => return Ok(resolution),
            Ok(_) => Vec::new(),
            Err(reasons) => reasons.iter().map(|reason| format!("{}: {reason}", self.table)).collect(),
        };
        Err(Against { damaged, refused })
    }
}

/// Reasons against restoring files, each a sentence without a full stop.
#[derive(Debug, Default)]
pub(crate) struct Against {
    /// The backup is not what it was.
    pub(crate) damaged: Vec<String>,
    /// Today's table cannot take it.
    pub(crate) refused: Vec<String>,
}

impl Against {
    /// Adds other reasons; parts of a table have one schema, and so mostly the same ones.
    pub(crate) fn add(&mut self, other: Self) {
        for (reasons, others) in [(&mut self.damaged, other.damaged), (&mut self.refused, other.refused)] {
            for reason in others {
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
    }
}

/// Reads the parts of a table, one after the other. A chunk is some blocks of one file, whole.
#[derive(Debug)]
pub(crate) struct PartSource {
    opening: Opening,
    manifest: TableParts,
    left: VecDeque<Part>,
    open: Option<OpenPart>,
    /// The number of the next chunk.
    number: u32,
    /// Rows of the next part that are committed.
    skip: u64,
    block: Block,
}

#[derive(Debug)]
struct OpenPart {
    part: Part,
    reader: FileReader<Reader>,
    resolution: Resolution,
    /// Rows read so far.
    rows: u64,
}

impl PartSource {
    /// Creates a source of the parts in `manifest`, from the first chunk that is not committed on.
    pub(crate) fn new(opening: Opening, manifest: TableParts) -> Self {
        let (number, mut skip) = opening.done.leading();
        let mut left: VecDeque<Part> = manifest.parts.iter().cloned().collect();
        while skip > 0
            && let Some(part) = left.pop_front_if(|part| part.rows <= skip)
        {
            skip -= part.rows;
        }
        Self { opening, manifest, left, open: None, number, skip, block: Block::default() }
    }

    /// Returns the part that is being read; opens the next one if none is.
    fn part(&mut self) -> Result<Option<&mut OpenPart>, SourceError> {
        if self.open.is_none()
            && let Some(part) = self.left.pop_front()
        {
            let Opening { table, nullable, objects, .. } = &self.opening;
            let mut reader =
                FileReader::open(objects.open(&part.key)).map_err(|error| explain(&part.key, error))?;
            let resolution = self.manifest.resolve(&part, &reader, table, nullable);
            let resolution = resolution.map_err(|Against { damaged, refused }| match damaged.is_empty() {
                // The table has changed since the restore began.
                true => SourceError::Refused { file: part.key.clone(), reason: refused.join("; ") },
                false => SourceError::content(&part.key, damaged.join("; ")),
            })?;
            let skip = std::mem::take(&mut self.skip);
            let mut rows = 0;
            while rows < skip {
                // Chunks end with blocks, so the committed rows do too.
                rows +=
                    reader.skip_block().map_err(|error| explain(&part.key, error))?.unwrap_or(u64::MAX / 2);
            }
            if rows > skip {
                return Err(SourceError::content(&part.key, "it is not what was read of it before"));
            }
            self.open = Some(OpenPart { part, reader, resolution, rows });
        }
        Ok(self.open.as_mut())
    }

    /// Reads the next chunk of the part that is open; `None` at its end.
    fn read_chunk(&mut self) -> Result<Option<Chunk>, SourceError> {
        let (table, shadow) = (self.opening.table, self.opening.shadow.clone());
        let number = self.number;
        let mut block = std::mem::take(&mut self.block);
        let Some(OpenPart { part, reader, resolution, rows }) = self.part()? else { return Ok(None) };
        let mut builder = ChunkBuilder::new(table, &shadow, resolution.is_identity());
        while builder.statements.len() < CHUNK_STATEMENTS && builder.bound < CHUNK_SQL_BYTES {
            if !reader.next_block(&mut block).map_err(|error| explain(&part.key, error))? {
                break;
            }
            let before = builder.statements.len();
            resolution
                .decode(&block, |read, row| builder.push(read, row))
                .map_err(|error| explain(&part.key, error))?;
            if builder.statements.len() - before > MOST_STATEMENTS {
                return Err(SourceError::content(&part.key, "it has a larger block than Rowgate writes"));
            }
        }
        *rows += builder.read.rows();
        if builder.read.rows() == 0 && *rows != part.rows {
            let reason = format!("it has {rows} rows instead of the {} that the manifest says", part.rows);
            return Err(SourceError::content(&part.key, reason));
        }
        self.block = block;
        Ok((builder.read.rows() > 0).then(|| builder.finish(number)))
    }
}

impl Source for PartSource {
    fn next_chunk(&mut self) -> Result<Option<Chunk>, SourceError> {
        while self.part()?.is_some() {
            match self.read_chunk()? {
                Some(chunk) => {
                    self.number += 1;
                    if !self.opening.done.contains(chunk.number) {
                        return Ok(Some(chunk));
                    }
                }
                None => self.open = None,
            }
        }
        Ok(None)
    }
}

/// A chunk being built.
struct ChunkBuilder<'t> {
    table: &'t Table,
    writer: InsertWriter<'t>,
    statements: Vec<InsertStatement>,
    /// Bytes of the values that are bound to them.
    bound: usize,
    /// True if rows are inserted exactly as they are read.
    is_identity: bool,
    read: ContentSum,
    restored: ContentSum,
    text: String,
    /// True if a row has the number 0 in a column that the database numbers.
    has_zero: bool,
}

impl<'t> ChunkBuilder<'t> {
    fn new(table: &'t Table, shadow: &str, is_identity: bool) -> Self {
        Self {
            table,
            writer: InsertWriter::new(table).into_table(shadow),
            statements: Vec::new(),
            bound: 0,
            is_identity,
            read: ContentSum::default(),
            restored: ContentSum::default(),
            text: String::new(),
            has_zero: false,
        }
    }

    fn push(&mut self, read: &[Value<'_>], row: &[Value<'_>]) {
        self.text.clear();
        write_row_text(read, &mut self.text);
        self.read.add(self.text.as_bytes());
        if !self.is_identity {
            self.text.clear();
            write_row_text(row, &mut self.text);
            self.restored.add(self.text.as_bytes());
        }
        // Only a key of one column is numbered by the database.
        let is_zero = |index: &usize| row[*index] == Value::Integer(0);
        self.has_zero |= self.table.key_indexes().first().is_some_and(is_zero);
        if let Some(full) = self.writer.push(row) {
            self.bound += full.parameters.iter().map(Parameter::json_bytes).sum::<usize>();
            self.statements.push(full);
        }
    }

    fn finish(mut self, number: u32) -> Chunk {
        self.statements.extend(self.writer.finish());
        if self.has_zero && self.table.key_columns().any(Column::auto_increment) {
            let set = |sql: &str| InsertStatement { sql: sql.to_owned(), parameters: Vec::new(), rows: 0 };
            self.statements.insert(0, set(KEEP_ZERO));
            self.statements.push(set(NUMBER_ZERO));
        }
        let restored = if self.is_identity { self.read } else { self.restored };
        Chunk {
            number,
            rows_read: self.read.rows(),
            read: Some(self.read),
            filling: Filling { statements: self.statements, restored, rejected: 0, rejects: None },
            rows: None,
        }
    }
}

/// Keeps a key of 0, which MySQL would replace by a new number. Rows from Rowgate never have it,
/// but others may have inserted such a row, and a backup contains it. The session mode is reset
/// afterwards, because the service may give the connection to others: by the last statement, or by
/// [`session_reset`] if a statement before it fails. If even that does not arrive, or the
/// transaction is gone by then, a number 0 that others write over this connection stays 0, which
/// Rowgate never does.
const KEEP_ZERO: &str = "SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',NO_AUTO_VALUE_ON_ZERO')";
const NUMBER_ZERO: &str = "SET SESSION sql_mode = REPLACE(@@SESSION.sql_mode, 'NO_AUTO_VALUE_ON_ZERO', '')";

/// Returns the statement that resets the session after statements failed in the middle, before the
/// rollback: a ROLLBACK leaves the mode as it is.
pub(crate) fn session_reset(statements: &[InsertStatement]) -> Option<&'static str> {
    statements.first().is_some_and(|first| first.sql == KEEP_ZERO).then_some(NUMBER_ZERO)
}

pub(crate) fn explain(file: &str, error: AvroError) -> SourceError {
    match error {
        AvroError::Read(error) => SourceError::Read(error),
        error @ AvroError::DoesNotFit { .. } => {
            SourceError::Refused { file: file.to_owned(), reason: error.to_string() }
        }
        error => SourceError::content(file, error.to_string()),
    }
}
