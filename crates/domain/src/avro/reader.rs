use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use super::compress::{Decompressor, MAX_BLOCK_BYTES};
use super::input::Input;
use super::writer::MAGIC;
use super::{AvroError, Codec, WriterSchema};

/// All that a header's entries may come to, in bytes. A schema of a thousand columns takes some
/// hundred kilobytes.
const MAX_HEADER_BYTES: usize = 1024 * 1024;

/// The rows of one block, unpacked. It is used for block after block.
#[derive(Debug, Default)]
pub struct Block {
    pub(super) data: Vec<u8>,
    pub(super) rows: u64,
    /// The number of rows of the file before it.
    pub(super) first_row: u64,
    pub(super) number: u64,
}

impl Block {
    /// Returns how many rows it holds.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

/// Reads an Avro object container file block by block, from its beginning to its end.
///
/// It holds one block: at most 16 MiB packed (those that Rowgate writes have 128 KiB unpacked). A
/// file that ends behind a block reads as a whole one, as the format has it: count the rows.
pub struct FileReader<R> {
    input: Input<R>,
    meta: BTreeMap<String, Vec<u8>>,
    schema: WriterSchema,
    decompressor: Decompressor,
    sync: [u8; 16],
    packed: Vec<u8>,
    blocks: u64,
    /// The number of rows in the blocks read or skipped so far.
    pub(super) rows: u64,
}

impl<R: Read> FileReader<R> {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// [`AvroError`] when the file is no Avro file, ends in its header, or has a header that is
    /// larger than 1 MiB, names an entry twice, a codec that is none of ours, or a schema that is
    /// no record.
    pub fn open(reader: R) -> Result<Self, AvroError> {
        let mut input = Input::new(reader);
        for expected in MAGIC {
            if input.at_end()? || input.array(HEADER)? != [*expected] {
                return Err(AvroError::NotAvro);
            }
        }
        let meta = read_meta(&mut input)?;
        let sync = input.array(HEADER)?;
        let codec = match meta.get("avro.codec") {
            None => Codec::Null,
            Some(name) => std::str::from_utf8(name).ok().and_then(Codec::from_name).ok_or_else(|| {
                let name = String::from_utf8_lossy(name);
                AvroError::Header(format!("its codec is {name:?}; null, deflate and zstandard are read here"))
            })?,
        };
        let schema = meta.get("avro.schema").ok_or_else(|| header("it has no schema"))?;
        Ok(Self {
            schema: WriterSchema::parse(schema).map_err(AvroError::Header)?,
            decompressor: Decompressor::new(codec).map_err(AvroError::Compress)?,
            input,
            meta,
            sync,
            packed: Vec::new(),
            blocks: 0,
            rows: 0,
        })
    }

    /// Returns the text that the header has under this name, such as `rowgate.table`; `None` if
    /// there is none, or if it is not text.
    pub fn meta(&self, name: &str) -> Option<&str> {
        self.meta.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Returns the schema that the file was written with.
    pub fn writer_schema(&self) -> &WriterSchema {
        &self.schema
    }

    /// Reads the next block into `block`; `false` at the end of the file.
    ///
    /// # Errors
    /// [`AvroError`] when the file ends in the block, the block is damaged, packed or unpacked
    /// larger than 16 MiB, has more rows than its bytes can hold, or is not followed by the file's
    /// marker. Nothing can be read after an error.
    pub fn next_block(&mut self, block: &mut Block) -> Result<bool, AvroError> {
        let Some((rows, length)) = self.block_head()? else { return Ok(false) };
        self.input.bytes(length, &mut self.packed, BLOCK)?;
        self.block_end()?;
        self.decompressor
            .decompress(&self.packed, &mut block.data)
            .map_err(|problem| broken(self.blocks, problem))?;
        // A row has a byte for each field at least.
        let fewest = rows.checked_mul(self.schema.fields.len().max(1) as u64);
        if fewest.is_none_or(|fewest| fewest > block.data.len() as u64) {
            return Err(broken(self.blocks, "it has more rows than its bytes can hold"));
        }
        (block.rows, block.first_row, block.number) = (rows, self.rows, self.blocks);
        self.rows += rows;
        Ok(true)
    }

    /// Skips the next block without unpacking it, and returns how many rows it says it has;
    /// `None` at the end of the file.
    ///
    /// # Errors
    /// As [`FileReader::next_block`], as far as they show without unpacking.
    pub fn skip_block(&mut self) -> Result<Option<u64>, AvroError> {
        let Some((rows, length)) = self.block_head()? else { return Ok(None) };
        self.input.skip(length, BLOCK)?;
        self.block_end()?;
        self.rows = self.rows.saturating_add(rows);
        Ok(Some(rows))
    }

    /// Returns the next block's rows and packed bytes.
    fn block_head(&mut self) -> Result<Option<(u64, usize)>, AvroError> {
        if self.input.at_end()? {
            return Ok(None);
        }
        self.blocks += 1;
        let rows = self.input.long(BLOCK)?;
        let rows = rows.and_then(|rows| u64::try_from(rows).ok());
        let rows = rows.ok_or_else(|| broken(self.blocks, "its count of rows cannot be"))?;
        let length = self.input.long(BLOCK)?;
        let length = length
            .and_then(|length| usize::try_from(length).ok())
            .filter(|length| *length <= MAX_BLOCK_BYTES)
            .ok_or_else(|| broken(self.blocks, "its length cannot be, or is more than 16 MiB"))?;
        Ok(Some((rows, length)))
    }

    fn block_end(&mut self) -> Result<(), AvroError> {
        if self.input.array(BLOCK)? == self.sync {
            Ok(())
        } else {
            Err(broken(self.blocks, "the file's marker does not follow it"))
        }
    }
}

impl<R> fmt::Debug for FileReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileReader").field("schema", &self.schema).field("rows", &self.rows).finish()
    }
}

const HEADER: &str = "its header";
const BLOCK: &str = "a block";

fn header(problem: &str) -> AvroError {
    AvroError::Header(problem.to_owned())
}

fn broken(block: u64, problem: &str) -> AvroError {
    AvroError::Block { block, problem: problem.to_owned() }
}

fn read_meta(input: &mut Input<impl Read>) -> Result<BTreeMap<String, Vec<u8>>, AvroError> {
    let mut meta = BTreeMap::new();
    let mut left = MAX_HEADER_BYTES;
    loop {
        let count = input.long(HEADER)?.ok_or_else(|| header("it has a count that cannot be"))?;
        if count == 0 {
            return Ok(meta);
        }
        if count < 0 {
            // The entries' length in bytes, for readers that skip them.
            input.long(HEADER)?;
        }
        for _ in 0..count.unsigned_abs() {
            let name = String::from_utf8(read_bytes(input, &mut left)?)
                .map_err(|_| header("the name of an entry is not UTF-8"))?;
            let value = read_bytes(input, &mut left)?;
            if meta.insert(name, value).is_some() {
                return Err(header("an entry is there twice"));
            }
        }
    }
}

/// Bytes behind their length, out of what is left of the header.
fn read_bytes(input: &mut Input<impl Read>, left: &mut usize) -> Result<Vec<u8>, AvroError> {
    let length = input.long(HEADER)?.and_then(|length| usize::try_from(length).ok());
    let length = length.filter(|length| length < left);
    let length = length.ok_or_else(|| header("it has a length that cannot be, or is larger than 1 MiB"))?;
    // One for the length itself: so many empty entries come to an end too.
    *left -= length + 1;
    let mut bytes = Vec::new();
    input.bytes(length, &mut bytes, HEADER)?;
    Ok(bytes)
}
