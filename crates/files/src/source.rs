//! Sources of records, and what there is to know to read one.

use domain::dictionary::Table;
use domain::load::{Chunk, Columns, Format, Layout};

use crate::error::SourceError;

/// Chunks of records, one after the other.
pub trait Source: Send {
    /// Returns the mapping of a record's fields to columns.
    fn columns(&self) -> &Columns;

    /// Returns the layout of the text, if reading can resume at the end of a chunk
    /// ([`resume`](crate::resume)).
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
