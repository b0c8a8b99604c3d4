use std::io::{ErrorKind, Read};

use super::AvroError;

/// Bytes read at a time.
const PIECE: usize = 64 * 1024;

/// Reads a file from its beginning to its end and tells its end from a failure. What a file says of its lengths is never
/// believed before the bytes are there: buffers grow with what arrives.
pub(super) struct Input<R> {
    reader: R,
    piece: Box<[u8]>,
    from: usize,
    to: usize,
}

impl<R: Read> Input<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, piece: vec![0; PIECE].into_boxed_slice(), from: 0, to: 0 }
    }

    /// Bytes that are there; none at the end of the file.
    fn fill(&mut self) -> Result<&[u8], AvroError> {
        while self.from == self.to {
            match self.reader.read(&mut self.piece) {
                Ok(0) => return Ok(&[]),
                // No reader gives more than it was asked for, or it is broken.
                Ok(read) => (self.from, self.to) = (0, read.min(PIECE)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(AvroError::Read(error)),
            }
        }
        Ok(&self.piece[self.from..self.to])
    }

    /// Whether the file ends here.
    pub(super) fn at_end(&mut self) -> Result<bool, AvroError> {
        Ok(self.fill()?.is_empty())
    }

    pub(super) fn byte(&mut self, what: &'static str) -> Result<u8, AvroError> {
        let byte = *self.fill()?.first().ok_or(AvroError::Truncated(what))?;
        self.from += 1;
        Ok(byte)
    }

    /// A whole number; `None` when it is none of 64 bits.
    pub(super) fn long(&mut self, what: &'static str) -> Result<Option<i64>, AvroError> {
        let mut number = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte(what)?;
            if shift == 63 && byte > 1 {
                return Ok(None);
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed()));
            }
        }
        Ok(None)
    }

    /// The next `length` bytes, in `into`, which is emptied first.
    pub(super) fn bytes(
        &mut self,
        length: usize,
        into: &mut Vec<u8>,
        what: &'static str,
    ) -> Result<(), AvroError> {
        into.clear();
        self.pass(length, what, |piece| into.extend_from_slice(piece))
    }

    /// Goes past the next `length` bytes.
    pub(super) fn skip(&mut self, length: usize, what: &'static str) -> Result<(), AvroError> {
        self.pass(length, what, |_| {})
    }

    fn pass(
        &mut self,
        length: usize,
        what: &'static str,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), AvroError> {
        let mut left = length;
        while left > 0 {
            let there = self.fill()?;
            if there.is_empty() {
                return Err(AvroError::Truncated(what));
            }
            let taken = left.min(there.len());
            each(&there[..taken]);
            self.from += taken;
            left -= taken;
        }
        Ok(())
    }

    pub(super) fn marker(&mut self, what: &'static str) -> Result<[u8; 16], AvroError> {
        let mut marker = [0; 16];
        for byte in &mut marker {
            *byte = self.byte(what)?;
        }
        Ok(marker)
    }
}
