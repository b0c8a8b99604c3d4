//! The object as it comes, before anything is unpacked.

use std::io::{self, BufRead, Read};

use crate::error::SourceError;

/// Bytes that are read ahead.
const BUFFER: usize = 64 * 1024;

/// Reads an object through a buffer that is filled whole before any of it is used: what a decoder
/// is given at a time then depends on the content alone, and so does how much it gives out before
/// it finds a fault. It remembers that reading failed, which a decoder would report as if the
/// content were wrong.
pub(super) struct Input {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    at: usize,
    has_ended: bool,
    failure: Option<io::Error>,
}

impl Input {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self { reader, buffer: Vec::with_capacity(BUFFER), at: 0, has_ended: false, failure: None }
    }

    /// Returns the next bytes: [`BUFFER`] at the start of the object, unless it is shorter; none at
    /// its end.
    pub(super) fn peek(&mut self) -> Result<&[u8], SourceError> {
        match self.fill_buf() {
            Ok(_) => Ok(&self.buffer[self.at..]),
            Err(error) => Err(SourceError::Read(self.take_failure().unwrap_or(error))),
        }
    }

    /// Returns the failure of the object's own reader, if there was one.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.buffer.len() && !self.has_ended && self.failure.is_none() {
            self.buffer.clear();
            self.at = 0;
            match (&mut self.reader).take(BUFFER as u64).read_to_end(&mut self.buffer) {
                Ok(read) => self.has_ended = read < BUFFER,
                Err(error) => self.failure = Some(error),
            }
        }
        match &self.failure {
            // Content before the failure is not used: a retry reads it again.
            Some(error) => Err(error.kind().into()),
            None => Ok(&self.buffer[self.at..]),
        }
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
    }
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let held = self.fill_buf()?;
        let count = held.len().min(into.len());
        into[..count].copy_from_slice(&held[..count]);
        self.consume(count);
        Ok(count)
    }
}
