//! The blocks of a file: unpacked, one at a time.

use std::io::Read;

use apache_avro::Codec;
use domain::shortened;

use super::fault::Fault;
use super::header::{Header, Input, SyncMarker};

/// Bytes of a block at most, packed and unpacked. Spark, Glue, Hive, Avro's own tools and fastavro
/// end a block at 16 to 64 kB; some write one block for all rows that they hold. Two of this size,
/// and what a codec needs beside them, leave room under the 128 MiB that a restore may take.
pub(super) const MAX_BLOCK: usize = 16 * 1024 * 1024;

/// The codecs that files may have, by the names of Avro's specification.
pub(super) fn codec(name: &str) -> Result<Codec, Fault> {
    match name {
        "null" => Ok(Codec::Null),
        "deflate" => Ok(Codec::Deflate(Default::default())),
        "snappy" => Ok(Codec::Snappy),
        "zstandard" => Ok(Codec::Zstandard(Default::default())),
        "bzip2" => Ok(Codec::Bzip2(Default::default())),
        "xz" => Ok(Codec::Xz(Default::default())),
        other => {
            let other = shortened(other, 40);
            Err(Fault::content(format!(
                "its codec {other:?} is not one of null, deflate, snappy, zstandard, bzip2 and xz"
            )))
        }
    }
}

/// Reads a file block by block. Avro's own reader is not used for this: where a block ends too
/// early it makes up rows without values, and it does not mind bytes that are left over.
#[derive(Debug)]
pub(super) struct Blocks<R> {
    input: Input<R>,
    codec: Codec,
    sync: SyncMarker,
}

/// The rows of a block.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// The number of rows.
    pub(super) rows: u64,
    /// The encoded rows, one after the other.
    pub(super) bytes: Vec<u8>,
    is_packed: bool,
}

impl<R: Read> Blocks<R> {
    /// The blocks behind a header.
    pub(super) fn new(input: Input<R>, header: &Header) -> Result<Self, Fault> {
        Ok(Self { input, codec: codec(&header.codec)?, sync: header.sync })
    }

    /// Reads the next block into `block`, not unpacked yet; false at the end of the file.
    ///
    /// A file that is cut off between two blocks looks like one that ends there: Avro's format has
    /// nothing to tell them apart.
    pub(super) fn next(&mut self, block: &mut Block) -> Result<bool, Fault> {
        let Some(rows) = self.input.long_or_end()? else { return Ok(false) };
        let size = self.input.long()?;
        let (Ok(rows), Ok(size)) = (u64::try_from(rows), usize::try_from(size)) else {
            return Err(Fault::content("a block has a negative length"));
        };
        if size > MAX_BLOCK {
            return Err(too_large());
        }
        block.rows = rows;
        block.is_packed = true;
        block.bytes.resize(size, 0);
        self.input.fill(&mut block.bytes)?;
        let mut sync = SyncMarker::default();
        self.input.fill(&mut sync)?;
        if sync == self.sync { Ok(true) } else { Err(Fault::content("a block does not end where it says")) }
    }

    /// Unpacks a block.
    pub(super) fn unpack(&self, block: &mut Block) -> Result<(), Fault> {
        if !std::mem::take(&mut block.is_packed) {
            return Ok(());
        }
        // Set once for the process: what the codecs may unpack to.
        let limit = apache_avro::util::max_allocation_bytes(MAX_BLOCK);
        self.codec.decompress(&mut block.bytes).map_err(|error| match error.details() {
            apache_avro::error::Details::MemoryAllocation { .. } => too_large(),
            _ => Fault::content("a block cannot be unpacked"),
        })?;
        if block.bytes.len() > limit.min(MAX_BLOCK) {
            return Err(too_large());
        }
        // A row has one byte at least, its key; without this, a few bytes could claim to be rows
        // without end.
        if block.rows > block.bytes.len() as u64 {
            return Err(Fault::content("a block has more rows than bytes"));
        }
        Ok(())
    }
}

fn too_large() -> Fault {
    Fault::content("a block has more than 16 MiB; write the file with smaller blocks")
}
