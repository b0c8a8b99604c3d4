//! Reading the bytes of a file, with what it ended in.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use super::error::AvroError;
use super::long::read_long;

/// Bytes read at a time.
const PIECE: usize = 64 * 1024;

/// Reads a file from its beginning to its end, and distinguishes its end from a failure. The
/// lengths in a file are never trusted before the bytes are there: buffers grow with what arrives.
pub(super) struct Input<R>(BufReader<R>);

impl<R: Read> Input<R> {
    pub(super) fn new(reader: R) -> Self {
        Self(BufReader::with_capacity(PIECE, reader))
    }

    /// Returns true if the file ends here.
    pub(super) fn at_end(&mut self) -> Result<bool, AvroError> {
        loop {
            match self.0.fill_buf() {
                Ok(bytes) => return Ok(bytes.is_empty()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(AvroError::Read(error)),
            }
        }
    }

    /// Reads the next `N` bytes; `what` is what the file would end in the middle of.
    pub(super) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], AvroError> {
        let (mut bytes, mut filled) = ([0; N], 0);
        while filled < N {
            match self.0.read(&mut bytes[filled..]) {
                Ok(0) => return Err(AvroError::Truncated(what)),
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(AvroError::Read(error)),
            }
        }
        Ok(bytes)
    }

    /// Reads a whole number; `None` if it does not fit 64 bits.
    pub(super) fn long(&mut self, what: &'static str) -> Result<Option<i64>, AvroError> {
        read_long(|| self.array(what).map(|[byte]| byte))
    }

    /// Reads the next `length` bytes into `into`, which is emptied first.
    pub(super) fn bytes(
        &mut self,
        length: usize,
        into: &mut Vec<u8>,
        what: &'static str,
    ) -> Result<(), AvroError> {
        into.clear();
        let read = (&mut self.0).take(length as u64).read_to_end(into).map_err(AvroError::Read)?;
        if read == length { Ok(()) } else { Err(AvroError::Truncated(what)) }
    }

    /// Skips the next `length` bytes.
    pub(super) fn skip(&mut self, length: usize, what: &'static str) -> Result<(), AvroError> {
        let skipped =
            io::copy(&mut (&mut self.0).take(length as u64), &mut io::sink()).map_err(AvroError::Read)?;
        if skipped == length as u64 { Ok(()) } else { Err(AvroError::Truncated(what)) }
    }
}
