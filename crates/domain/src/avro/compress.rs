//! Blocks in and out of their codecs.

use std::io;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use zstd::bulk;
use zstd::zstd_safe::{CParameter, compress_bound};

use super::Codec;

/// A block's rows, unpacked, have at most so many bytes: ours have 128 KiB or one large row. A file
/// that says otherwise is refused, so that a few kilobytes cannot unpack to gigabytes.
pub(super) const MAX_BLOCK_BYTES: usize = 16 * 1024 * 1024;

/// The level of zlib-rs: for a million rows, level 3 makes 0.85 of the bytes that gzip's level 6
/// makes of their SQL, at 3.7 million rows a second (`examples/avro_speed.rs`).
const DEFLATE_LEVEL: u32 = 3;

const ZSTANDARD_LEVEL: i32 = 3;

/// A compressor that is used for block after block.
pub(super) enum Compressor {
    Null,
    Deflate(Compress),
    Zstandard(bulk::Compressor<'static>),
}

impl Compressor {
    pub(super) fn new(codec: Codec) -> io::Result<Self> {
        Ok(match codec {
            Codec::Null => Self::Null,
            Codec::Deflate => Self::Deflate(Compress::new(Compression::new(DEFLATE_LEVEL), false)),
            Codec::Zstandard => {
                let mut compressor = bulk::Compressor::new(ZSTANDARD_LEVEL)?;
                compressor.set_parameter(CParameter::ChecksumFlag(true))?;
                Self::Zstandard(compressor)
            }
        })
    }

    /// Compresses `block` into `into`, which is emptied first.
    pub(super) fn compress(&mut self, block: &[u8], into: &mut Vec<u8>) -> io::Result<()> {
        into.clear();
        match self {
            Self::Null => into.extend_from_slice(block),
            Self::Deflate(compress) => {
                compress.reset();
                // Incompressible data grows by five bytes for every 16 KiB or so.
                into.reserve(block.len() + block.len() / 1024 + 64);
                loop {
                    let done = usize::try_from(compress.total_in()).unwrap_or(usize::MAX);
                    let rest = block.get(done..).unwrap_or_default();
                    let status = compress.compress_vec(rest, into, FlushCompress::Finish);
                    if status.map_err(io::Error::other)? == Status::StreamEnd {
                        break;
                    }
                    into.reserve(4096);
                }
            }
            Self::Zstandard(compressor) => {
                into.reserve(compress_bound(block.len()));
                compressor.compress_to_buffer(block, into)?;
            }
        }
        Ok(())
    }
}

/// A decompressor that is used for block after block.
pub(super) enum Decompressor {
    Null,
    Deflate(Decompress),
    Zstandard(bulk::Decompressor<'static>),
}

impl Decompressor {
    pub(super) fn new(codec: Codec) -> io::Result<Self> {
        Ok(match codec {
            Codec::Null => Self::Null,
            Codec::Deflate => Self::Deflate(Decompress::new(false)),
            Codec::Zstandard => Self::Zstandard(bulk::Decompressor::new()?),
        })
    }

    /// Unpacks `block` into `into`, which is emptied first.
    ///
    /// # Errors
    /// A description of the problem: the block is damaged, ends too soon, has bytes after its end,
    /// or unpacks to more than [`MAX_BLOCK_BYTES`].
    pub(super) fn decompress(&mut self, block: &[u8], into: &mut Vec<u8>) -> Result<(), &'static str> {
        into.clear();
        match self {
            Self::Null => into.extend_from_slice(block),
            Self::Deflate(decompress) => inflate(decompress, block, into)?,
            Self::Zstandard(decompressor) => {
                // The limit is the buffer's size: pages that are not written to cost no memory.
                into.reserve_exact(MAX_BLOCK_BYTES);
                decompressor
                    .decompress_to_buffer(block, into)
                    .map_err(|_| "it is no Zstandard frame, is damaged, or unpacks to more than 16 MiB")?;
            }
        }
        if into.len() > MAX_BLOCK_BYTES { Err(BOMB) } else { Ok(()) }
    }
}

const BOMB: &str = "it unpacks to more than 16 MiB";

fn inflate(decompress: &mut Decompress, block: &[u8], into: &mut Vec<u8>) -> Result<(), &'static str> {
    decompress.reset(false);
    let mut rest = block;
    into.reserve(128 * 1024);
    loop {
        let before = (decompress.total_in(), into.len());
        let status = decompress
            .decompress_vec(rest, into, FlushDecompress::None)
            .map_err(|_| "its deflate stream is damaged")?;
        let taken = usize::try_from(decompress.total_in() - before.0).unwrap_or(usize::MAX);
        rest = rest.get(taken..).unwrap_or_default();
        if into.len() > MAX_BLOCK_BYTES {
            return Err(BOMB);
        }
        if status == Status::StreamEnd {
            return if rest.is_empty() {
                Ok(())
            } else {
                Err("there is something behind its deflate stream")
            };
        }
        if into.len() < into.capacity() && (rest.is_empty() || (taken, into.len()) == (0, before.1)) {
            return Err("its deflate stream ends too soon");
        }
        if into.len() == into.capacity() {
            // It doubles, and never far beyond the limit.
            into.reserve(into.len().clamp(4096, MAX_BLOCK_BYTES));
        }
    }
}
