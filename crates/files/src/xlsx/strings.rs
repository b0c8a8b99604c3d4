//! The texts that the cells of a workbook share.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;

use domain::load::MAX_RECORD_BYTES;
use quick_xml::events::Event;

use super::error::SheetError;
use super::xml::{Events, element, push_text, unescape};

/// Texts of a workbook at most, at four bytes of memory each. A million rows of four columns in
/// which no text comes twice have as many.
const MAX_TEXTS: usize = 4 * 1024 * 1024;

/// Bytes of all texts at most: half of the space for temporary files that a function has.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Bytes of the first texts, which stay in memory: names of categories and the like, which come
/// again and again, come early.
const HEAD: usize = 1024 * 1024;

/// Bytes of the others that are read at a time. Texts that come but once come in their order.
const WINDOW: usize = 64 * 1024;

/// All texts; most of them in a temporary file, because there may be as many bytes of them as of
/// cells.
#[derive(Default)]
pub(super) struct Strings {
    /// The end of each text, counted over all of them.
    ends: Vec<u32>,
    head: Vec<u8>,
    tail: Option<File>,
    /// The content of the tail from `window_start` on.
    window: Vec<u8>,
    window_start: usize,
    /// A text from before the window.
    single: Vec<u8>,
}

impl Strings {
    /// Reads the part that holds them.
    pub(super) fn read(mut events: Events) -> Result<Self, SheetError> {
        let mut strings = Self::default();
        let mut tail: Option<BufWriter<File>> = None;
        let mut total: u64 = 0;
        let mut text = Vec::new();
        while let Some(event) = events.next()? {
            if !matches!(event, Event::Start(tag) if element(&tag) == "si") {
                continue;
            }
            read_text(&mut events, "si", &mut text)?;
            total += text.len() as u64;
            if strings.ends.len() == MAX_TEXTS || total > MAX_BYTES {
                return Err(SheetError::Texts { texts: MAX_TEXTS, bytes: MAX_BYTES });
            }
            strings.ends.push(total as u32);
            match &mut tail {
                None if strings.head.len() + text.len() <= HEAD => strings.head.extend_from_slice(&text),
                tail => {
                    let writer = match tail {
                        Some(writer) => writer,
                        None => tail.insert(BufWriter::with_capacity(WINDOW, tempfile::tempfile()?)),
                    };
                    writer.write_all(&text)?;
                }
            }
        }
        strings.tail =
            tail.map(|writer| writer.into_inner().map_err(io::IntoInnerError::into_error)).transpose()?;
        Ok(strings)
    }

    /// Returns the text at `index`; `None` when there is none.
    pub(super) fn get(&mut self, index: usize) -> Result<Option<&[u8]>, SheetError> {
        let Some(end) = self.ends.get(index).map(|end| *end as usize) else {
            return Ok(None);
        };
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let Some(tail) = self.tail.as_ref().filter(|_| start >= self.head.len()) else {
            return Ok(self.head.get(start..end));
        };
        let (start, end) = (start - self.head.len(), end - self.head.len());
        if start < self.window_start {
            // A text that is used again, from far back: the window stays in place for the others.
            self.single.resize(end - start, 0);
            tail.read_exact_at(&mut self.single, start as u64)?;
            return Ok(Some(&self.single));
        }
        if end > self.window_start + self.window.len() {
            self.window.resize(WINDOW.max(end - start), 0);
            let filled = read_at(tail, &mut self.window, start as u64)?;
            self.window.truncate(filled);
            self.window_start = start;
        }
        Ok(self.window.get(start - self.window_start..end - self.window_start))
    }
}

/// Fills `into` from an offset on, unless the file ends before; says how far.
fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    loop {
        match file.read_at(&mut into[filled..], offset + filled as u64)? {
            0 => return Ok(filled),
            read => filled += read,
        }
    }
}

/// Reads the text of an element that was opened, to its end: that of all `t` in it, but for `rPh`,
/// which says how it is spoken.
pub(super) fn read_text(events: &mut Events, wanted: &str, into: &mut Vec<u8>) -> Result<(), SheetError> {
    into.clear();
    let (mut is_text, mut is_spoken) = (false, false);
    loop {
        match events.next()?.ok_or(SheetError::Unfinished)? {
            Event::Start(tag) => match element(&tag) {
                "t" => is_text = true,
                "rPh" => is_spoken = true,
                _ => {}
            },
            Event::End(tag) => match tag.local_name().into_inner() {
                name if name == wanted => break,
                "t" => is_text = false,
                "rPh" => is_spoken = false,
                _ => {}
            },
            event if is_text && !is_spoken => push_text(&event, into)?,
            _ => {}
        }
        if into.len() as u64 > MAX_RECORD_BYTES {
            return Err(SheetError::LongText);
        }
    }
    unescape(into);
    Ok(())
}
