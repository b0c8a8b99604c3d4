#![doc = include_str!("../README.md")]

mod check;
mod content;
mod error;
mod input;
mod kind;
mod preview;
mod text;
mod text_source;
mod xlsx;

#[cfg(test)]
mod tests;

use std::io::Read;

use domain::dictionary::Table;
use domain::load::{Chunk, Columns, Content as Written, Format, Layout, Packing, Position};

pub use check::{CHECKED_RECORDS, Checked, CheckedField, CheckedRecord, check};
pub use error::SourceError;
pub use preview::{Preview, PreviewError, Rejected, preview};

use content::{Content, Extent};
use input::Input;
use text_source::TextSource;
use xlsx::SheetSource;

/// Chunks of records, one after the other.
pub trait Source: Send {
    /// Returns the mapping of a record's fields to columns.
    fn columns(&self) -> &Columns;

    /// Returns the layout of the text, if reading can resume at the end of a chunk ([`resume`]).
    fn layout(&self) -> Option<&Layout> {
        None
    }

    /// Returns the form of a text; `None` for a workbook.
    fn text_form(&self) -> Option<TextForm> {
        None
    }

    /// Returns warnings about content that is not read, for people.
    fn warnings(&self) -> &[String] {
        &[]
    }

    /// Returns the next chunk; `None` at the end of the content.
    ///
    /// Records before content that cannot be read are given out before the error. What fails to be
    /// read for another reason ([`SourceError::Read`]) may be there at the next try, so then only
    /// whole chunks have been given out.
    ///
    /// # Errors
    /// [`SourceError`]; nothing comes after one.
    fn next_chunk(&mut self) -> Result<Option<Chunk>, SourceError>;
}

/// The form of a text, as far as it has a common name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextForm {
    /// The encoding, as the WHATWG names it.
    pub encoding: &'static str,
    /// The delimiter of its fields; `None` for JSON.
    pub delimiter: Option<u8>,
}

/// A file to read, and the way to read it.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// The format of the content.
    pub format: Format,
    /// The table that it is for.
    pub table: &'a Table,
    /// The size of the object, which limits what it may unpack to.
    pub object_bytes: u64,
    /// The size of a chunk.
    pub chunk_bytes: u64,
}

/// The most that an object may unpack to: so many times its own size ...
const EXPANSION: u64 = 100;
/// ... or so many bytes, if that is more. CSV packs to a tenth or a twentieth; a bomb to a
/// thousandth. Without a limit, a megabyte could keep a function busy for as long as anyone likes.
const EXPANSION_FLOOR: u64 = 64 * 1024 * 1024;

/// Returns the most bytes that an object may unpack to.
fn unpacked_limit(object_bytes: u64) -> u64 {
    object_bytes.saturating_mul(EXPANSION).max(EXPANSION_FLOOR)
}

/// Begins to read an object.
///
/// # Errors
/// [`SourceError`] for an object that cannot be read at all.
pub fn open(opening: Opening<'_>, reader: Box<dyn Read + Send>) -> Result<Box<dyn Source>, SourceError> {
    open_to(opening, unpacked_limit(opening.object_bytes), Extent::All, reader)
}

/// Begins to read so much of an object, which unpacks to at most `limit` bytes.
fn open_to(
    opening: Opening<'_>,
    limit: u64,
    extent: Extent,
    reader: Box<dyn Read + Send>,
) -> Result<Box<dyn Source>, SourceError> {
    let content = unpack(opening, limit, reader)?.read_to(extent);
    Ok(match opening.format.content {
        Written::Xlsx => Box::new(SheetSource::new(content, opening, limit)?),
        Written::Csv | Written::Tsv | Written::JsonLines => Box::new(TextSource::new(content, opening)?),
    })
}

/// Reads a packed object to its end, where its checksum is: a damaged one may unpack to invented
/// rows before that shows. With zstd the checksum may be missing; then only the format is checked.
///
/// # Errors
/// [`SourceError`] for an object that cannot be unpacked.
pub fn verify(opening: Opening<'_>, reader: Box<dyn Read + Send>) -> Result<(), SourceError> {
    let mut content = unpack(opening, unpacked_limit(opening.object_bytes), reader)?;
    let mut piece = vec![0; 128 * 1024];
    loop {
        let (filled, result) = content.fill(&mut piece);
        result?;
        if filled < piece.len() {
            return Ok(());
        }
    }
}

/// Returns the content of an object.
fn unpack(opening: Opening<'_>, limit: u64, reader: Box<dyn Read + Send>) -> Result<Content, SourceError> {
    let packing = opening.format.packing;
    let mut input = Input::new(reader);
    kind::check_packing(packing, input.peek()?)?;
    match packing {
        Packing::None => Ok(Content::plain(input)),
        Packing::Gzip => Ok(Content::gzip(input, limit)),
        Packing::Zstd => Content::zstd(input, limit),
    }
}

/// Goes on to read a text whose layout is known, from a position on, where the reader stands.
pub fn resume(
    layout: Layout,
    chunk_bytes: u64,
    from: Position,
    reader: Box<dyn Read + Send>,
) -> Box<dyn Source> {
    Box::new(TextSource::resumed(Content::plain(Input::new(reader)), layout, chunk_bytes, from))
}
