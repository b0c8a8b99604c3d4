//! The XML of workbooks, token by token, in bounded memory.
//!
//! What Office Open XML parts are made of, and no more: UTF-8, no document type. A general parser would hold a token of
//! any length.

use memchr::{memchr, memchr2, memchr3, memmem, memrchr};

use super::zip::{Part, ZipError};

/// Bytes of one token at most. A cell has at most 32,767 characters, which take a few bytes each.
const MAX_TOKEN: usize = 1024 * 1024;

/// Bytes that are unpacked at a time.
const PIECE: usize = 64 * 1024;

/// Why a part cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum XmlError {
    /// The archive.
    #[error(transparent)]
    Zip(#[from] ZipError),
    /// Not what Excel, or any program like it, writes.
    #[error("the workbook is not written as Excel does it ({0}); open it in Excel and save it anew")]
    Strange(&'static str),
}

/// What a part is made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'x> {
    /// An element begins; one without content is closed by the next token.
    Open(Tag<'x>),
    /// The element of this name, without a prefix, ends.
    Close(&'x [u8]),
    /// Text, with its entities.
    Text(&'x [u8]),
    /// Text as it is.
    Verbatim(&'x [u8]),
}

/// The begin of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'x> {
    /// Its name, without a prefix.
    pub(super) name: &'x [u8],
    attributes: &'x [u8],
}

impl<'x> Tag<'x> {
    /// The value of an attribute, by its name without a prefix; with its entities.
    pub(super) fn attribute(&self, wanted: &[u8]) -> Option<&'x [u8]> {
        let mut rest = self.attributes;
        loop {
            let equals = memchr(b'=', rest)?;
            let name = local(rest[..equals].trim_ascii());
            let (quote, value) = rest[equals + 1..].trim_ascii_start().split_first()?;
            let end = memchr(*quote, value)?;
            if name == wanted {
                return Some(&value[..end]);
            }
            rest = &value[end + 1..];
        }
    }
}

/// A name without its prefix.
fn local(name: &[u8]) -> &[u8] {
    memrchr(b':', name).map_or(name, |colon| &name[colon + 1..])
}

/// The tokens of a part.
pub(super) struct Tokens {
    part: Part,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    /// The name, in the buffer, of an element that was opened and closed at once.
    to_close: Option<(usize, usize)>,
}

const VERBATIM: &[u8] = b"<![CDATA[";

impl Tokens {
    pub(super) fn of(part: Part) -> Self {
        Self { part, buffer: vec![0; PIECE], at: 0, end: 0, to_close: None }
    }

    /// The next token; `None` at the end of the part.
    pub(super) fn next(&mut self) -> Result<Option<Token<'_>>, XmlError> {
        if let Some((start, end)) = self.to_close.take() {
            return Ok(Some(Token::Close(&self.buffer[start..end])));
        }
        let Some(start) = self.advance()? else {
            return Ok(None);
        };
        let token = &self.buffer[start..self.at];
        Ok(Some(match token {
            [b'<', b'/', name @ .., b'>'] => Token::Close(local(name.trim_ascii_end())),
            [b'<', b'!', b'[', ..] => Token::Verbatim(&token[VERBATIM.len()..token.len() - b"]]>".len()]),
            [b'<', inner @ .., b'>'] => {
                let (inner, is_closed) = match inner {
                    [inner @ .., b'/'] => (inner, true),
                    inner => (inner, false),
                };
                let name_end = inner.iter().position(u8::is_ascii_whitespace).unwrap_or(inner.len());
                let (name, attributes) = inner.split_at(name_end);
                let name = local(name);
                if is_closed {
                    let name_end = start + 1 + name_end;
                    self.to_close = Some((name_end - name.len(), name_end));
                }
                Token::Open(Tag { name, attributes })
            }
            text => Token::Text(text),
        }))
    }

    /// Goes to the end of the part, whatever it holds, so that its checksum is seen to be right.
    pub(super) fn skip_rest(&mut self) -> Result<(), XmlError> {
        while self.part.read(&mut self.buffer)? > 0 {}
        (self.at, self.end, self.to_close) = (0, 0, None);
        Ok(())
    }

    /// Goes behind the next token that means something; gives back where in the buffer it starts.
    fn advance(&mut self) -> Result<Option<usize>, XmlError> {
        loop {
            if self.at == self.end && !self.read_on()? {
                return Ok(None);
            }
            let is_markup = self.buffer[self.at] == b'<';
            let length_of = if is_markup { markup_length } else { text_length };
            let length = loop {
                match length_of(&self.buffer[self.at..self.end]) {
                    Some(length) => break length,
                    None if self.read_on()? => {}
                    None if is_markup => return Err(XmlError::Strange("it ends within a tag")),
                    None => break self.end - self.at,
                }
            };
            let start = self.at;
            self.at += length;
            match &self.buffer[start..self.at] {
                [b'<', b'?', ..] | [b'<', b'!', b'-', ..] => {}
                [b'<', b'!', b'[', ..] => return Ok(Some(start)),
                [b'<', b'!', ..] => return Err(XmlError::Strange("it has a document type")),
                _ => return Ok(Some(start)),
            }
        }
    }

    /// Unpacks more behind what is there; says whether there was more.
    fn read_on(&mut self) -> Result<bool, XmlError> {
        self.buffer.copy_within(self.at..self.end, 0);
        (self.at, self.end) = (0, self.end - self.at);
        if self.end == self.buffer.len() {
            if self.end >= MAX_TOKEN {
                return Err(XmlError::Strange("a piece of it is longer than 1 MiB"));
            }
            self.buffer.resize(2 * self.end, 0);
        }
        let read = self.part.read(&mut self.buffer[self.end..])?;
        self.end += read;
        Ok(read > 0)
    }
}

/// How long the text is that the bytes begin with, if its end is there.
fn text_length(bytes: &[u8]) -> Option<usize> {
    memchr(b'<', bytes)
}

/// How long the tag, comment or the like is that the bytes begin with, if its end is there.
fn markup_length(bytes: &[u8]) -> Option<usize> {
    let until = |end: &[u8]| memmem::find(bytes, end).map(|at| at + end.len());
    match bytes {
        [_, b'?', ..] => until(b"?>"),
        [_, b'!', ..] if bytes.len() < VERBATIM.len() => None,
        [_, b'!', b'-', ..] => until(b"-->"),
        [_, b'!', b'[', ..] => until(b"]]>").filter(|length| *length >= VERBATIM.len() + b"]]>".len()),
        [_, _, ..] => tag_length(bytes),
        _ => None,
    }
}

/// The same for a tag, whose values may hold what ends it.
fn tag_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr3(b'>', b'"', b'\'', &bytes[at..])?;
        match bytes[at] {
            b'>' => return Some(at + 1),
            quote => at += 2 + memchr(quote, &bytes[at + 1..])?,
        }
    }
}

/// Adds text to `into`, without its entities, and with line ends as XML has them.
pub(super) fn push_text(mut text: &[u8], into: &mut Vec<u8>) -> Result<(), XmlError> {
    while let Some(at) = memchr2(b'&', b'\r', text) {
        into.extend_from_slice(&text[..at]);
        let rest = &text[at + 1..];
        if text[at] == b'\r' {
            into.push(b'\n');
            text = rest.strip_prefix(b"\n").unwrap_or(rest);
            continue;
        }
        let end = memchr(b';', rest).ok_or(XmlError::Strange("an & begins no entity"))?;
        let character = entity(&rest[..end]).ok_or(XmlError::Strange("an entity is not known"))?;
        into.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        text = &rest[end + 1..];
    }
    into.extend_from_slice(text);
    Ok(())
}

fn entity(name: &[u8]) -> Option<char> {
    let code = |digits: &[u8], radix| u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok();
    match name {
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"amp" => Some('&'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        [b'#', b'x', digits @ ..] => char::from_u32(code(digits, 16)?),
        [b'#', digits @ ..] => char::from_u32(code(digits, 10)?),
        _ => None,
    }
}

/// Brings `_x000D_` and the like to the characters that they stand for: so does Excel write what XML cannot hold.
/// ECMA-376, part 1, 22.9.2.19.
pub(super) fn unescape(text: &mut Vec<u8>) {
    const LENGTH: usize = b"_x000D_".len();
    let mut from = 0;
    while let Some(at) = memmem::find(&text[from..], b"_x").map(|at| from + at) {
        let Some([_, _, digits @ .., b'_']) = text.get(at..at + LENGTH) else {
            from = at + 1;
            continue;
        };
        let are_digits = digits.iter().all(u8::is_ascii_hexdigit);
        let code = std::str::from_utf8(digits).ok().filter(|_| are_digits);
        match code.and_then(|digits| char::from_u32(u32::from_str_radix(digits, 16).ok()?)) {
            Some(character) => {
                let mut bytes = [0; 4];
                let bytes = character.encode_utf8(&mut bytes).bytes();
                from = at + bytes.len();
                text.splice(at..at + LENGTH, bytes);
            }
            None => from = at + 1,
        }
    }
}
