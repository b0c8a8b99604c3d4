//! Reading files of every format: from the bytes of an object to chunks of records.
//!
//! All of it blocks, and belongs on a thread of its own. Memory does not grow with the object, nor with what it
//! unpacks to: buffers are fixed, and a chunk is bounded.

mod content;
mod csv;
mod error;
mod input;
mod sniff;
mod xlsx;

#[cfg(test)]
mod tests;

use std::io::Read;

use domain::dictionary::Table;
use domain::load::{Chunk, Format, Position};

pub use error::SourceError;

use content::Content;
use csv::CsvSource;
use input::Input;
use xlsx::SheetSource;

/// Chunks of records, one after the other.
pub(crate) trait Source: Send {
    /// The next chunk; `None` at the end of the content.
    ///
    /// Records before content that cannot be read are given out before the error. What fails to be read for another
    /// reason ([`SourceError::Read`]) may be there at the next try, so then only whole chunks have been given out.
    ///
    /// # Errors
    /// [`SourceError`]; nothing comes after one.
    fn next_chunk(&mut self) -> Result<Option<Chunk>, SourceError>;
}

/// What is to be read, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening<'a> {
    /// How the content is written.
    pub(crate) format: Format,
    /// The table that it is for.
    pub(crate) table: &'a Table,
    /// The size of the object, which limits what it may unpack to.
    pub(crate) object_bytes: u64,
    /// The size of a chunk.
    pub(crate) chunk_bytes: u64,
    /// Where the reader stands, if not at the start; only for [`Format::Csv`].
    pub(crate) from: Option<Position>,
}

/// What an object may unpack to: so many times its own size ...
const EXPANSION: u64 = 100;
/// ... or so many bytes, if that is more. CSV packs to a tenth or a twentieth; a bomb to a thousandth. Without a limit, a
/// megabyte could keep a function busy for as long as anyone likes.
const EXPANSION_FLOOR: u64 = 64 * 1024 * 1024;

/// The most bytes that an object may unpack to.
fn unpacked_limit(object_bytes: u64) -> u64 {
    object_bytes.saturating_mul(EXPANSION).max(EXPANSION_FLOOR)
}

/// Begins to read an object.
///
/// # Errors
/// [`SourceError`] for an object that cannot be read at all.
pub(crate) fn open(
    opening: Opening<'_>,
    reader: Box<dyn Read + Send>,
) -> Result<Box<dyn Source>, SourceError> {
    let Opening { format, table, object_bytes, chunk_bytes, from } = opening;
    let mut input = Input::new(reader);
    let limit = unpacked_limit(object_bytes);
    if from.is_none_or(|from| from.byte == 0) {
        sniff::check_kind(format, input.peek()?)?;
    }
    Ok(match format {
        Format::Csv => Box::new(CsvSource::new(Content::plain(input), table, chunk_bytes, from)?),
        Format::Gzip => Box::new(CsvSource::new(Content::gzip(input, limit), table, chunk_bytes, None)?),
        Format::Zstd => Box::new(CsvSource::new(Content::zstd(input, limit)?, table, chunk_bytes, None)?),
        Format::Xlsx => Box::new(SheetSource::new(input, limit, table, chunk_bytes)?),
    })
}
