//! Chunks of a CSV file.

use domain::dictionary::Table;
use domain::load::{Chunk, Chunker, Position};

use super::content::Content;
use super::{Source, SourceError, sniff};

/// Bytes that are unpacked at a time. The first of them must show the first line.
const PIECE: usize = 128 * 1024;

/// A CSV file, packed or not.
pub(super) struct CsvSource {
    content: Content,
    chunker: Chunker,
    piece: Vec<u8>,
    /// What of the piece is still to be fed.
    at: usize,
    end: usize,
    /// What follows the piece.
    next: Next,
}

enum Next {
    /// More content.
    Content,
    /// The end of the content.
    End,
    /// An error.
    Error(SourceError),
    /// Nothing: all is given out.
    Nothing,
}

impl CsvSource {
    /// A source that goes on from a position; of the start, the first line is looked at.
    pub(super) fn new(
        content: Content,
        table: &Table,
        chunk_bytes: u64,
        from: Option<Position>,
    ) -> Result<Self, SourceError> {
        let from = from.unwrap_or(Position::START);
        let mut source = Self {
            content,
            chunker: Chunker::resume(chunk_bytes, from),
            piece: vec![0; PIECE],
            at: 0,
            end: 0,
            next: Next::Content,
        };
        source.fill();
        if from.byte == 0 {
            sniff::check_text(table, &source.piece[..source.end])?;
        }
        Ok(source)
    }

    fn fill(&mut self) {
        let (filled, result) = self.content.fill(&mut self.piece);
        (self.at, self.end) = (0, filled);
        self.next = match result {
            Err(error) => Next::Error(error),
            Ok(()) if filled < self.piece.len() => Next::End,
            Ok(()) => Next::Content,
        };
    }
}

impl Source for CsvSource {
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
                Next::Content => self.fill(),
                Next::End => match self.chunker.finish() {
                    Ok(last) => return Ok(last),
                    Err(error) => self.next = Next::Error(error.into()),
                },
                // Perhaps more can be read at another try, so what is there now is no chunk.
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
