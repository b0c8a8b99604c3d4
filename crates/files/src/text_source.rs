//! Chunks of a text file: separated values, or JSON objects, one a line.

use domain::load::{
    Chunk, Chunker, Columns, Content as Written, Format, Layout, LayoutError, Packing, Position,
};

use crate::content::Content;
use crate::error::SourceError;
use crate::kind;
use crate::source::{Opening, Source, TextForm};
use crate::text::Text;

/// Bytes that are read at a time. The first of them tell how the text is written.
const PIECE: usize = 128 * 1024;

/// A text file, packed or not.
pub(super) struct TextSource {
    text: Text,
    layout: Layout,
    chunker: Chunker,
    piece: Vec<u8>,
    /// The position in the piece up to which the chunker has read.
    at: usize,
    end: usize,
    /// What comes after the piece.
    next: Next,
    /// True if an offset in the text is an offset in the file.
    can_resume: bool,
}

enum Next {
    /// More content.
    Content,
    /// The end of the content.
    End,
    /// An error.
    Error(SourceError),
    /// Nothing: everything has been returned.
    Nothing,
}

impl TextSource {
    /// Creates a source at the start of a file, whose first bytes are examined.
    pub(super) fn new(content: Content, opening: Opening<'_>) -> Result<Self, SourceError> {
        let Opening { format, table, chunk_bytes, .. } = opening;
        let mut text = Text::of(content, format, table.files().encoding)?;
        let mut piece = vec![0; PIECE];
        let (end, next) = fill(&mut text, &mut piece);
        let layout = layout(opening, &piece[..end], matches!(next, Next::End));
        let (layout, next) = match (layout, next) {
            // The beginning alone shows the problem.
            (Err(error), Next::Error(SourceError::Beginning)) => return Err(error),
            // A part of what the file begins with shows nothing.
            (_, Next::Error(error @ SourceError::Read(_))) | (Err(_), Next::Error(error)) => {
                return Err(error);
            }
            (layout, next) => (layout?, next),
        };
        let can_resume = format.packing == Packing::None && !text.is_decoded();
        let chunker = Chunker::new(layout.dialect, layout.start, chunk_bytes);
        Ok(Self { text, layout, chunker, piece, at: 0, end, next, can_resume })
    }

    /// Creates a source that resumes at a position, with the layout that the start of the file has.
    pub(super) fn resumed(content: Content, layout: Layout, chunk_bytes: u64, from: Position) -> Self {
        let mut text = Text::resumed(content);
        let mut piece = vec![0; PIECE];
        let (end, next) = fill(&mut text, &mut piece);
        let chunker = Chunker::resume(layout.dialect, chunk_bytes, from);
        Self { text, layout, chunker, piece, at: 0, end, next, can_resume: true }
    }
}

fn fill(text: &mut Text, piece: &mut [u8]) -> (usize, Next) {
    match text.fill(piece) {
        (filled, Err(error)) => (filled, Next::Error(error)),
        (filled, Ok(())) if filled < piece.len() => (filled, Next::End),
        (filled, Ok(())) => (filled, Next::Content),
    }
}

/// Returns the layout of a text with this beginning.
fn layout(opening: Opening<'_>, start: &[u8], is_whole: bool) -> Result<Layout, SourceError> {
    let Opening { format: Format { content, .. }, table, .. } = opening;
    let usual = match content {
        Written::JsonLines => {
            let layout = Layout::of_json_lines(table, start);
            if start[layout.start.bytes..].trim_ascii_start().first() != Some(&b'{') {
                kind::check_text(start)?;
            }
            return Ok(layout);
        }
        Written::Tsv => b'\t',
        Written::Csv | Written::Xlsx => b',',
    };
    let layout = Layout::of_values(table, start, is_whole, usual);
    match &layout {
        Ok(Layout { is_recognised: true, .. }) | Err(LayoutError::Header { .. }) => {}
        _ => kind::check_text(start)?,
    }
    Ok(layout?)
}

impl Source for TextSource {
    fn columns(&self) -> &Columns {
        &self.layout.columns
    }

    fn layout(&self) -> Option<&Layout> {
        self.can_resume.then_some(&self.layout)
    }

    fn text_form(&self) -> Option<TextForm> {
        let Layout { dialect, columns, .. } = &self.layout;
        let delimiter = (!columns.is_json()).then_some(dialect.delimiter);
        Some(TextForm { encoding: self.text.encoding().name(), delimiter })
    }

    fn next_chunk(&mut self) -> Result<Option<Chunk>, SourceError> {
        loop {
            match self.chunker.feed(&self.piece[self.at..self.end]) {
                Ok((Some(chunk), rest)) => {
                    self.at = self.end - rest.len();
                    return Ok(Some(chunk));
                }
                Ok((None, _)) => self.at = self.end,
                Err(error) => {
                    self.at = self.end;
                    self.next = Next::Error(error.into());
                }
            }
            match std::mem::replace(&mut self.next, Next::Nothing) {
                Next::Content => {
                    self.at = 0;
                    (self.end, self.next) = fill(&mut self.text, &mut self.piece);
                }
                Next::End => match self.chunker.finish() {
                    Ok(None) => return Ok(None),
                    Ok(chunk) => {
                        self.next = Next::End;
                        return Ok(chunk);
                    }
                    Err(error) => self.next = Next::Error(error.into()),
                },
                // A retry may read more, so the content so far is not a chunk.
                Next::Error(error @ SourceError::Read(_)) => return Err(error),
                Next::Error(error) => match self.chunker.salvage() {
                    Some(last) => {
                        self.next = Next::Error(error);
                        return Ok(Some(last));
                    }
                    None => return Err(error),
                },
                Next::Nothing => return Ok(None),
            }
        }
    }
}
