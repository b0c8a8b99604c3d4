//! The text of a file in UTF-8, whatever its encoding.

use domain::load::Format;
use std::str::Utf8Error;

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::content::Content;
use crate::error::SourceError;
use crate::kind;

/// Bytes that are decoded at a time.
const RAW: usize = 128 * 1024;

/// Bytes at the start that tell of an encoding.
const SHOWN: usize = 1024;

/// The byte in place of bytes that are invalid in the encoding: it is never UTF-8, so the field is
/// rejected.
const NO_TEXT: u8 = 0xFF;

/// The text of a file in UTF-8.
pub(super) struct Text {
    content: Content,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    /// The decoded text, and how much of it has been given out.
    decoded: Vec<u8>,
    given: usize,
    /// The end after the decoded text, once the content has ended.
    end: Option<Result<(), SourceError>>,
}

impl Text {
    /// Text in the encoding of its byte order mark; without one in the one declared, or UTF-8.
    pub(super) fn of(
        content: Content,
        format: Format,
        declared: Option<&'static Encoding>,
    ) -> Result<Self, SourceError> {
        let mut text = Self::resumed(content);
        text.read();
        if let Some(Err(SourceError::Read(_))) = &text.end {
            // A part of the file's beginning shows nothing; reading on returns the error.
            return Ok(text);
        }
        let start = &text.decoded[..];
        kind::check_content(format.content, format.packing, start)?;
        if start.starts_with(b"\xFF\xFE\0\0") || start.starts_with(b"\0\0\xFE\xFF") {
            return Err(SourceError::Encoding("UTF-32 text"));
        }
        let (encoding, mark) = Encoding::for_bom(start).unwrap_or((declared.unwrap_or(UTF_8), 0));
        if mark == 0 && encoding != UTF_16LE && encoding != UTF_16BE {
            check_unmarked(&start[..start.len().min(SHOWN)])?;
        }
        if mark == 0 && encoding.is_single_byte() && is_utf8(start) {
            return Err(SourceError::NotDeclared(encoding.name()));
        }
        // The mark of UTF-8 is dropped with whatever else stands before the first name.
        if encoding != UTF_8 {
            text.decoder = Some(encoding.new_decoder_without_bom_handling());
            let raw = text.decoded.split_off(mark);
            text.decoded.clear();
            text.decode(&raw);
        }
        Ok(text)
    }

    /// UTF-8 text that is read from its middle.
    pub(super) fn resumed(content: Content) -> Self {
        Self { content, decoder: None, raw: vec![0; RAW], decoded: Vec::new(), given: 0, end: None }
    }

    /// Returns the encoding of the text.
    pub(super) fn encoding(&self) -> &'static Encoding {
        self.decoder.as_ref().map_or(UTF_8, Decoder::encoding)
    }

    /// Returns true if an offset in the text is not one in the file.
    pub(super) fn is_decoded(&self) -> bool {
        self.decoder.is_some()
    }

    /// Fills `into` with what comes next, unless the text ends before; says how much it is, and the
    /// error that follows it.
    pub(super) fn fill(&mut self, into: &mut [u8]) -> (usize, Result<(), SourceError>) {
        let mut filled = 0;
        loop {
            let held = &self.decoded[self.given..];
            let count = held.len().min(into.len() - filled);
            into[filled..filled + count].copy_from_slice(&held[..count]);
            self.given += count;
            filled += count;
            if filled == into.len() {
                return (filled, Ok(()));
            }
            if let Some(end) = self.end.take() {
                return (filled, end);
            }
            self.read();
        }
    }

    /// Reads and decodes what comes next, when all before it has been given out.
    fn read(&mut self) {
        let mut raw = std::mem::take(&mut self.raw);
        let (filled, result) = self.content.fill(&mut raw);
        if filled < raw.len() || result.is_err() {
            self.end = Some(result);
        }
        self.decoded.clear();
        self.given = 0;
        self.decode(&raw[..filled]);
        self.raw = raw;
    }

    /// Adds bytes to what is decoded.
    fn decode(&mut self, mut raw: &[u8]) {
        let Some(decoder) = &mut self.decoder else {
            self.decoded.extend_from_slice(raw);
            return;
        };
        let is_last = matches!(self.end, Some(Ok(())));
        loop {
            let held = self.decoded.len();
            let room =
                decoder.max_utf8_buffer_length_without_replacement(raw.len()).unwrap_or(3 * raw.len()) + 4;
            self.decoded.resize(held + room, 0);
            let (result, read, written) =
                decoder.decode_to_utf8_without_replacement(raw, &mut self.decoded[held..], is_last);
            self.decoded.truncate(held + written);
            raw = &raw[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.decoded.push(NO_TEXT),
            }
        }
    }
}

/// Returns true if the beginning of a text is UTF-8 with more letters than those of ASCII. Bytes
/// that mean other letters in an encoding of one byte each do not happen to be UTF-8.
fn is_utf8(start: &[u8]) -> bool {
    let is_cut_off = |error: Utf8Error| error.error_len().is_none();
    !start.is_ascii() && std::str::from_utf8(start).map_or_else(is_cut_off, |_| true)
}

/// Refuses text in an encoding of two or four bytes a character without its mark, which zeros in
/// every other byte tell.
fn check_unmarked(start: &[u8]) -> Result<(), SourceError> {
    let zeros = |from: usize, step: usize| {
        let (zeros, others) = start.iter().skip(from).step_by(step).fold((0, 0), |(zeros, others), byte| {
            if *byte == 0 { (zeros + 1, others) } else { (zeros, others + 1) }
        });
        // Some characters have a high byte, of which a NUL is the usual value.
        (zeros, others)
    };
    let are_zero = |from: usize, step: usize| matches!(zeros(from, step), (1.., 0));
    let are_none = |from: usize, step: usize| matches!(zeros(from, step), (0, 1..));
    let is_utf32 = are_zero(2, 4) && are_zero(3, 4) && are_none(0, 4)
        || are_zero(0, 4) && are_zero(1, 4) && are_none(3, 4);
    // Delimiters, digits and line ends have a high byte of zero in every script.
    let some = |(zeros, _): (usize, usize)| zeros > 2;
    let rarely = |(zeros, others): (usize, usize)| others > 20 * zeros;
    let (even, odd) = (zeros(0, 2), zeros(1, 2));
    if is_utf32 {
        Err(SourceError::Encoding("UTF-32 text"))
    } else if some(even) && rarely(odd) || some(odd) && rarely(even) {
        Err(SourceError::Encoding("UTF-16 text without a byte order mark"))
    } else {
        Ok(())
    }
}
