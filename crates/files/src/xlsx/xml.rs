//! The XML of workbooks, event by event, in bounded memory.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use memchr::memmem;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader, XmlVersion, escape};

use super::archive::Part;
use super::error::SheetError;

/// Bytes of one event at most. A cell has at most 32,767 characters, which take a few bytes each.
const MAX_EVENT: usize = 1024 * 1024;

/// Elements within each other, and bytes of the name of one, at most: the reader remembers those
/// that are open.
const MAX_DEPTH: usize = 256;
const MAX_NAME: usize = 256;

/// Bytes that are unpacked at a time.
const PIECE: usize = 64 * 1024;

/// The events of a part.
pub(super) struct Events {
    reader: Reader<Limited<BufReader<Part>>>,
    buffer: Vec<u8>,
    depth: usize,
}

impl Events {
    pub(super) fn of(part: Part) -> Self {
        let inner = BufReader::with_capacity(PIECE, part);
        let mut reader = Reader::from_reader(Limited { inner, left: MAX_EVENT });
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), depth: 0 }
    }

    /// Returns the next event; `None` at the end of the part. An element without content is closed
    /// by an event of its own.
    pub(super) fn next(&mut self) -> Result<Option<Event<'_>>, SheetError> {
        self.reader.get_mut().left = MAX_EVENT;
        self.buffer.clear();
        let event = self.reader.read_event_into(&mut self.buffer)?;
        match &event {
            Event::Eof => return Ok(None),
            Event::DocType(_) => return Err(SheetError::Strange("it has a document type")),
            Event::Start(tag) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH || tag.name().into_inner().len() > MAX_NAME {
                    return Err(SheetError::Strange("its elements are too deep, or their names too long"));
                }
            }
            Event::End(_) => self.depth -= 1,
            _ => {}
        }
        Ok(Some(event))
    }
}

/// Limits the bytes that can be read before `left` is set again.
struct Limited<R> {
    inner: R,
    left: usize,
}

impl<R: BufRead> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Limited<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::other(SheetError::Strange("a piece of it is longer than 1 MiB")));
        }
        let bytes = self.inner.fill_buf()?;
        Ok(&bytes[..bytes.len().min(self.left)])
    }

    fn consume(&mut self, amount: usize) {
        self.left -= amount;
        self.inner.consume(amount);
    }
}

impl From<Error> for SheetError {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => Arc::try_unwrap(error).unwrap_or_else(|error| error.kind().into()).into(),
            Error::Syntax(_) => Self::Strange("it ends within a tag"),
            Error::Escape(_) => Self::Strange("an entity is not known"),
            Error::Encoding(_) => Self::Strange("it is not in UTF-8"),
            _ => Self::Strange("it is not well-formed"),
        }
    }
}

/// Returns the name of an element, without its prefix.
pub(super) fn element<'t>(tag: &'t BytesStart<'_>) -> &'t str {
    tag.local_name().into_inner()
}

/// Returns the value of an attribute, by its name without a prefix.
pub(super) fn attribute<'t>(
    tag: &'t BytesStart<'_>,
    wanted: &str,
) -> Result<Option<Cow<'t, str>>, SheetError> {
    // A check for duplicates takes memory, and they do no harm.
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(Error::from)?;
        if attribute.key.local_name().into_inner() == wanted {
            return Ok(Some(attribute.normalized_value(XmlVersion::Implicit1_0)?));
        }
    }
    Ok(None)
}

/// Adds the text that an event stands for, if it stands for any. Of entities there are those that
/// XML itself has.
pub(super) fn push_text(event: &Event<'_>, into: &mut Vec<u8>) -> Result<(), SheetError> {
    match event {
        Event::Text(text) => into.extend_from_slice(text.xml10_content().as_bytes()),
        Event::CData(text) => into.extend_from_slice(text.xml10_content().as_bytes()),
        Event::GeneralRef(entity) => match entity.resolve_char_ref()? {
            Some(character) => into.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            None => {
                let text = escape::resolve_xml_entity(entity);
                into.extend_from_slice(text.ok_or(SheetError::Strange("an entity is not known"))?.as_bytes());
            }
        },
        _ => {}
    }
    Ok(())
}

/// Brings `_x000D_` and the like to the characters that they stand for: so does Excel write what
/// XML cannot hold. ECMA-376, part 1, 22.9.2.19.
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
