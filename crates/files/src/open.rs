//! Opens files: unpacks them, and chooses the reader of their content.

use std::io::Read;

use domain::load::{Content as Written, Layout, Packing, Position};

use crate::content::{Content, Extent};
use crate::error::SourceError;
use crate::input::Input;
use crate::kind;
use crate::source::{Opening, Source};
use crate::text_source::TextSource;
use crate::xlsx::SheetSource;

/// The most that an object may unpack to: so many times its own size ...
pub(super) const EXPANSION: u64 = 100;
/// ... or so many bytes, if that is more. CSV packs to a tenth or a twentieth; a bomb to a
/// thousandth. Without a limit, a megabyte could keep a function busy for as long as anyone likes.
pub(super) const EXPANSION_FLOOR: u64 = 64 * 1024 * 1024;

/// Returns the most bytes that an object may unpack to.
pub(super) fn unpacked_limit(object_bytes: u64) -> u64 {
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
pub(super) fn open_to(
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

/// Resumes reading a text whose layout is known, from the position where the reader stands.
pub fn resume(
    layout: Layout,
    chunk_bytes: u64,
    from: Position,
    reader: Box<dyn Read + Send>,
) -> Box<dyn Source> {
    Box::new(TextSource::resumed(Content::plain(Input::new(reader)), layout, chunk_bytes, from))
}
