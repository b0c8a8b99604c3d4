//! The rows of a sheet.

use std::ops::Range;

use domain::dictionary::ColumnType;
use domain::load::{ChunkError, MAX_RECORD_BYTES};
use quick_xml::events::Event;

use super::SheetError;
use super::cell::{push_date, push_iso_date, push_number};
use super::strings::{Strings, read_text};
use super::xml::{Events, attribute, element, push_text, unescape};

/// Rows and columns of a sheet at most.
/// <https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3>
const MAX_ROWS: u32 = 1_048_576;
const MAX_COLUMNS: usize = 16_384;

/// What the text of a cell's value means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Shared,
    Boolean,
    /// A date in ISO 8601.
    Date,
    /// The result of a formula, an error's name, or a text that no other cell shares.
    Text,
}

/// A row of a sheet; used for one after the other.
#[derive(Default)]
pub(super) struct Row {
    /// Its number in the sheet, from 1.
    pub(super) number: u32,
    text: Vec<u8>,
    /// Where in `text` each column's field stands.
    fields: Vec<Range<usize>>,
}

impl Row {
    /// The fields, up to the last cell that there is.
    pub(super) fn fields(&self) -> impl ExactSizeIterator<Item = &[u8]> + Clone {
        self.fields.iter().map(|field| &self.text[field.clone()])
    }

    pub(super) fn is_blank(&self) -> bool {
        self.fields.iter().all(Range::is_empty)
    }

    /// Makes it `width` fields, but for filled ones beyond.
    pub(super) fn fit(&mut self, width: usize) {
        let filled = self.fields.iter().rposition(|field| !field.is_empty()).map_or(0, |last| last + 1);
        self.fields.resize(filled.max(width), 0..0);
    }

    fn clear(&mut self, number: u32) {
        self.number = number;
        self.text.clear();
        self.fields.clear();
    }

    fn put(&mut self, column: usize, start: usize) {
        if self.fields.len() <= column {
            self.fields.resize(column + 1, 0..0);
        }
        self.fields[column] = start..self.text.len();
    }
}

/// Reads a sheet row by row.
pub(super) struct Sheet {
    events: Events,
    strings: Strings,
    dates: Vec<bool>,
    is_1904: bool,
    /// The number of the last row.
    row: u32,
    value: Vec<u8>,
}

impl Sheet {
    /// A sheet from its beginning, with the texts and the date styles of its workbook.
    pub(super) fn new(events: Events, strings: Strings, dates: Vec<bool>, is_1904: bool) -> Self {
        Self { events, strings, dates, is_1904, row: 0, value: Vec::new() }
    }

    /// Reads the next row that is there, with dates in the form of the columns' types; says whether there was one.
    pub(super) fn next_row(
        &mut self,
        row: &mut Row,
        types: &[Option<ColumnType>],
    ) -> Result<bool, SheetError> {
        loop {
            match self.events.next()? {
                Some(Event::Start(tag)) if element(&tag) == "row" => {
                    let number = match attribute(&tag, "r")? {
                        Some(digits) => number(digits.as_bytes()).unwrap_or_default(),
                        None => self.row + 1,
                    };
                    if number <= self.row || number > MAX_ROWS {
                        return Err(SheetError::Place { line: self.row });
                    }
                    self.row = number;
                    row.clear(number);
                    self.read_cells(row, types)?;
                    return Ok(true);
                }
                Some(Event::End(tag)) if tag.local_name().into_inner() == "sheetData" => {
                    self.events.skip_rest()?;
                }
                None => return Ok(false),
                Some(_) => {}
            }
        }
    }

    fn read_cells(&mut self, row: &mut Row, types: &[Option<ColumnType>]) -> Result<(), SheetError> {
        let mut next = 0;
        loop {
            match self.events.next()?.ok_or(SheetError::Unfinished)? {
                Event::Start(tag) if element(&tag) == "c" => {
                    let column = match attribute(&tag, "r")? {
                        Some(place) => column(place.as_bytes()),
                        None => Some(next).filter(|column| *column < MAX_COLUMNS),
                    };
                    let column = column.ok_or(SheetError::Place { line: row.number })?;
                    let kind = match attribute(&tag, "t")?.as_deref() {
                        None | Some("n") => Kind::Number,
                        Some("s") => Kind::Shared,
                        Some("b") => Kind::Boolean,
                        Some("d") => Kind::Date,
                        Some(_) => Kind::Text,
                    };
                    let style = attribute(&tag, "s")?;
                    let style = style.and_then(|style| number(style.as_bytes())).unwrap_or_default();
                    let is_date = self.dates.get(style as usize).copied().unwrap_or_default();
                    self.read_value()?;
                    let start = row.text.len();
                    self.push_value(row, kind, is_date, types.get(column).copied().flatten())?;
                    row.put(column, start);
                    next = column + 1;
                    if row.text.len() as u64 > MAX_RECORD_BYTES {
                        return Err(ChunkError::RecordTooLong { line: row.number.into() }.into());
                    }
                }
                Event::End(tag) if tag.local_name().into_inner() == "row" => return Ok(()),
                _ => {}
            }
        }
    }

    /// Reads a cell to its end; its value is then in `value`.
    fn read_value(&mut self) -> Result<(), SheetError> {
        self.value.clear();
        let mut is_value = false;
        loop {
            match self.events.next()?.ok_or(SheetError::Unfinished)? {
                Event::Start(tag) => match element(&tag) {
                    "v" => is_value = true,
                    "is" => read_text(&mut self.events, "is", &mut self.value)?,
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().into_inner() {
                    "v" => is_value = false,
                    "c" => return Ok(()),
                    _ => {}
                },
                event if is_value => push_text(&event, &mut self.value)?,
                _ => {}
            }
            if self.value.len() as u64 > MAX_RECORD_BYTES {
                return Err(SheetError::LongText);
            }
        }
    }

    fn push_value(
        &mut self,
        row: &mut Row,
        kind: Kind,
        is_date: bool,
        column: Option<ColumnType>,
    ) -> Result<(), SheetError> {
        let into = &mut row.text;
        match kind {
            _ if self.value.is_empty() => {}
            Kind::Number => {
                let value = self.value.trim_ascii();
                if !is_date || !push_date(value, self.is_1904, column, into) {
                    push_number(value, into);
                }
            }
            Kind::Shared => {
                let index = number(self.value.trim_ascii()).ok_or(SheetError::NoText { line: row.number })?;
                let text = self.strings.get(index as usize)?;
                into.extend_from_slice(text.ok_or(SheetError::NoText { line: row.number })?);
            }
            Kind::Boolean => into.extend_from_slice(match self.value.trim_ascii() {
                b"1" => b"true",
                b"0" => b"false",
                other => other,
            }),
            Kind::Date => push_iso_date(self.value.trim_ascii(), column, into),
            Kind::Text => {
                unescape(&mut self.value);
                into.extend_from_slice(&self.value);
            }
        }
        Ok(())
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |number, digit| match digit {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(u32::from(digit - b'0')),
        _ => None,
    })
}

/// The column, from 0, of a place like `B5`.
fn column(place: &[u8]) -> Option<usize> {
    let letters = place.iter().take_while(|byte| byte.is_ascii_alphabetic());
    let number = letters
        .take(4)
        .fold(0, |number, letter| number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    (1..=MAX_COLUMNS).contains(&number).then(|| number - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_columns_by_their_letters() {
        for (place, expected) in [
            ("A1", Some(0)),
            ("z9", Some(25)),
            ("AA1", Some(26)),
            ("XFD1048576", Some(MAX_COLUMNS - 1)),
            ("XFE1", None),
            ("AAAAA1", None),
            ("1", None),
        ] {
            assert_eq!(column(place.as_bytes()), expected, "{place}");
        }
    }
}
