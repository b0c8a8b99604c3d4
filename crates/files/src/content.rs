//! The content of a file, unpacked.

use std::io::{self, BufRead, ErrorKind, Read};

use domain::load::Packing;
use flate2::bufread::GzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

use crate::error::SourceError;
use crate::input::Input;

/// A zstd frame may ask its reader to hold this many bytes at most: 2^25, 32 MiB, a quarter of the
/// memory that a load has. `zstd` itself asks for at most 8 MiB up to level 19; more only with
/// `--ultra` or `--long`.
const WINDOW_LOG: u32 = 25;

/// zstd's messages for a frame with a larger window, and for content that is no frame: its errors
/// differ in nothing else.
const ZSTD_WINDOW: &str = "Frame requires too much memory for decoding";
const ZSTD_NO_FRAME: &str = "Unknown frame descriptor";

/// The first byte of every member of a gzip file.
const GZIP_FIRST: u8 = 0x1F;

/// The content of a file, unpacked.
pub(super) struct Content {
    reader: Reader,
    /// Bytes given out, and those that may be.
    given: u64,
    limit: u64,
    extent: Extent,
}

/// The amount of a file to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it. More than its limit is a fault.
    All,
    /// All of it, up to its limit.
    Limited,
    /// Only its beginning.
    Beginning,
}

enum Reader {
    Plain(Input),
    /// `None` only while one member's decoder is exchanged for the next one's.
    Gzip(Option<Box<GzDecoder<Input>>>),
    Zstd(ZstdDecoder<'static, Input>),
}

impl Content {
    pub(super) fn plain(input: Input) -> Self {
        Self::of(Reader::Plain(input), u64::MAX)
    }

    /// Content packed with gzip, at most `limit` bytes of it. Of several members (RFC 1952, 2.2),
    /// which `cat` makes of several files, each is read; zeros behind the last one, which tapes and
    /// some backup programs leave, are ignored.
    pub(super) fn gzip(input: Input, limit: u64) -> Self {
        Self::of(Reader::Gzip(Some(Box::new(GzDecoder::new(input)))), limit)
    }

    /// Content packed with Zstandard, at most `limit` bytes of it. Of several frames each is read.
    pub(super) fn zstd(input: Input, limit: u64) -> Result<Self, SourceError> {
        let mut decoder = ZstdDecoder::with_buffer(input).map_err(SourceError::Read)?;
        decoder.window_log_max(WINDOW_LOG).map_err(SourceError::Read)?;
        Ok(Self::of(Reader::Zstd(decoder), limit))
    }

    fn of(reader: Reader, limit: u64) -> Self {
        Self { reader, given: 0, limit, extent: Extent::All }
    }

    /// Returns the same content, to be read up to this extent.
    pub(super) fn read_to(self, extent: Extent) -> Self {
        Self { extent, ..self }
    }

    /// Fills `into` with what comes next, unless the content ends before; says how much it is, and
    /// the error that follows it.
    pub(super) fn fill(&mut self, into: &mut [u8]) -> (usize, Result<(), SourceError>) {
        let mut filled = 0;
        while filled < into.len() {
            match self.read(&mut into[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) => return (filled, Err(error)),
            }
        }
        (filled, Ok(()))
    }

    fn read(&mut self, into: &mut [u8]) -> Result<usize, SourceError> {
        let packing = match self.reader {
            Reader::Plain(_) => Packing::None,
            Reader::Gzip(_) => Packing::Gzip,
            Reader::Zstd(_) => Packing::Zstd,
        };
        let read = loop {
            let read = match &mut self.reader {
                Reader::Plain(input) => input.read(into),
                Reader::Gzip(decoder) => decoder.as_mut().map_or(Ok(0), |decoder| decoder.read(into)),
                Reader::Zstd(decoder) => decoder.read(into),
            };
            let read = read.map_err(|error| self.explain(packing, &error))?;
            if read > 0 || !self.next_member()? {
                break read;
            }
        };
        // Content beyond the limit is not used.
        let allowed = usize::try_from(self.limit - self.given).unwrap_or(usize::MAX).min(read);
        self.given += allowed as u64;
        match allowed {
            0 if read > 0 && self.extent == Extent::All => {
                Err(SourceError::Bomb { packing, limit: self.limit })
            }
            0 if read > 0 || self.extent == Extent::Beginning => Err(SourceError::Beginning),
            allowed => Ok(allowed),
        }
    }

    /// Continues with the next member of a gzip file where one ends; returns true if there is one.
    fn next_member(&mut self) -> Result<bool, SourceError> {
        let Reader::Gzip(decoder) = &mut self.reader else {
            return Ok(false);
        };
        let Some(mut input) = decoder.take().map(|decoder| decoder.into_inner()) else {
            return Ok(false);
        };
        let first = loop {
            let held = input.peek()?;
            let zeros = held.iter().take_while(|byte| **byte == 0).count();
            match held.get(zeros) {
                None if zeros == 0 => return Ok(false),
                None => input.consume(zeros),
                Some(first) => {
                    let first = *first;
                    input.consume(zeros);
                    break first;
                }
            }
        };
        if first != GZIP_FIRST {
            return Err(SourceError::Trailing(Packing::Gzip));
        }
        *decoder = Some(Box::new(GzDecoder::new(input)));
        Ok(true)
    }

    /// Converts a read error.
    fn explain(&mut self, packing: Packing, error: &io::Error) -> SourceError {
        let input = match &mut self.reader {
            Reader::Plain(input) => Some(input),
            Reader::Gzip(decoder) => decoder.as_mut().map(|decoder| decoder.get_mut()),
            Reader::Zstd(decoder) => Some(decoder.get_mut()),
        };
        if let Some(failure) = input.and_then(Input::take_failure) {
            return SourceError::Read(failure);
        }
        let is_of_zstd = |message: &str| packing == Packing::Zstd && error.to_string() == message;
        if error.kind() == ErrorKind::UnexpectedEof && self.extent == Extent::Beginning {
            SourceError::Beginning
        } else if error.kind() == ErrorKind::UnexpectedEof {
            SourceError::Truncated(packing)
        } else if is_of_zstd(ZSTD_WINDOW) {
            SourceError::Window(1 << WINDOW_LOG)
        } else if is_of_zstd(ZSTD_NO_FRAME) {
            // The file began with a frame, so this is behind it.
            SourceError::Trailing(packing)
        } else {
            SourceError::Damaged(packing)
        }
    }
}
