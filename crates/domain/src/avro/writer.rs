use std::fmt;

use super::compress::{Compressor, MAX_BLOCK_BYTES};
use super::{AvroError, Codec, Schema, encode};
use crate::value::Value;

/// Rows of a block, before they are compressed, in bytes: more would compress no better (deflate
/// looks back 32 KiB) and make readers hold more.
const BLOCK_BYTES: usize = 128 * 1024;

/// The first bytes of every Avro object container file.
pub(super) const MAGIC: &[u8; 4] = b"Obj\x01";

/// The metadata of a file beside its schema and codec.
#[derive(Debug, Clone, Copy)]
pub struct Meta<'a> {
    /// The id of the backup that the file belongs to; `rowgate.backup`.
    pub backup: &'a str,
    /// Its number among the files of the table; `rowgate.part`.
    pub part: u32,
    /// [`dictionary_version`](crate::folder::TableFolder::version); `rowgate.dictionary`.
    pub dictionary: &'a str,
    /// The version of Rowgate that writes it; `rowgate.version`.
    pub version: &'a str,
}

/// Writes one Avro object container file, piece by piece.
///
/// It holds one block and what is compressed of it: [`take`](Self::take) what is finished often.
pub struct FileWriter {
    schema: Schema,
    compressor: Compressor,
    sync: [u8; 16],
    /// The rows of the unfinished block.
    block: Vec<u8>,
    block_rows: i64,
    packed: Vec<u8>,
    /// Bytes that are finished and not taken.
    out: Vec<u8>,
    rows: u64,
}

impl FileWriter {
    /// Begins a file. `sync` separates its blocks: sixteen random bytes, different in every file.
    ///
    /// # Errors
    /// [`AvroError::Compress`] when there is no memory for the compressor.
    pub fn new(schema: &Schema, meta: &Meta<'_>, codec: Codec, sync: [u8; 16]) -> Result<Self, AvroError> {
        let part = meta.part.to_string();
        let entries = [
            ("avro.schema", schema.json()),
            ("avro.codec", codec.as_str()),
            ("rowgate.table", schema.table()),
            ("rowgate.backup", meta.backup),
            ("rowgate.part", &part),
            ("rowgate.dictionary", meta.dictionary),
            ("rowgate.version", meta.version),
        ];
        let mut out = MAGIC.to_vec();
        encode::long(entries.len() as i64, &mut out);
        for (name, value) in entries {
            encode::bytes(name.as_bytes(), &mut out);
            encode::bytes(value.as_bytes(), &mut out);
        }
        encode::long(0, &mut out);
        out.extend_from_slice(&sync);
        Ok(Self {
            schema: schema.clone(),
            compressor: Compressor::new(codec).map_err(AvroError::Compress)?,
            sync,
            block: Vec::with_capacity(BLOCK_BYTES + BLOCK_BYTES / 4),
            block_rows: 0,
            packed: Vec::new(),
            out,
            rows: 0,
        })
    }

    /// Adds a row: one value for each column, in the order of the schema.
    ///
    /// # Errors
    /// [`AvroError::Value`] when a value is none of its column's, or the row is larger than a
    /// reader takes; the file is then as it was before the row. [`AvroError::Compress`] when a
    /// block cannot be compressed; the file is then lost.
    pub fn push(&mut self, row: &[Value<'_>]) -> Result<(), AvroError> {
        let start = self.block.len();
        if let Err((column, problem)) = self.encode(row, start) {
            self.block.truncate(start);
            return Err(AvroError::Value { row: self.rows + 1, column, problem });
        }
        self.rows += 1;
        self.block_rows += 1;
        if self.block.len() < BLOCK_BYTES { Ok(()) } else { self.finish_block() }
    }

    fn encode(&mut self, row: &[Value<'_>], start: usize) -> Result<(), (String, &'static str)> {
        let fields = &self.schema.fields;
        let last = || fields.last().map(|field| field.name.clone()).unwrap_or_default();
        if row.len() != fields.len() {
            return Err((last(), "the row has not as many values as the table has columns"));
        }
        for (field, value) in fields.iter().zip(row) {
            encode::value(field, value, &mut self.block).map_err(|problem| (field.name.clone(), problem))?;
        }
        if self.block.len() - start > MAX_BLOCK_BYTES - BLOCK_BYTES {
            return Err((last(), "the row is larger than a block can be"));
        }
        Ok(())
    }

    fn finish_block(&mut self) -> Result<(), AvroError> {
        if self.block_rows == 0 {
            return Ok(());
        }
        self.compressor.compress(&self.block, &mut self.packed).map_err(AvroError::Compress)?;
        self.out.reserve(self.packed.len() + 36);
        encode::long(self.block_rows, &mut self.out);
        encode::bytes(&self.packed, &mut self.out);
        self.out.extend_from_slice(&self.sync);
        self.block.clear();
        self.block_rows = 0;
        Ok(())
    }

    /// Returns the bytes that are finished since the last time, the header first. Blocks are
    /// finished one at a time, so there may be none.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Returns how many rows were added.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Finishes the last block, and gives what was not yet taken. A file without a row is its
    /// header alone.
    ///
    /// # Errors
    /// [`AvroError::Compress`].
    pub fn finish(mut self) -> Result<Vec<u8>, AvroError> {
        self.finish_block()?;
        Ok(self.out)
    }
}

impl fmt::Debug for FileWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileWriter").field("table", &self.schema.table()).field("rows", &self.rows).finish()
    }
}
