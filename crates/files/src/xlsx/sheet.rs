//! The rows of a sheet.

use std::ops::Range;

use domain::dictionary::ColumnType;
use domain::load::{ChunkError, MAX_RECORD_BYTES};
use quick_xml::events::Event;

use super::cell::{error_name, has_fraction, push_date, push_digits, push_iso_date, push_number};
use super::error::SheetError;
use super::strings::{Strings, read_text};
use super::styles::Style;
use super::xml::{Events, attribute, element, push_text, unescape};

/// Rows and columns of a sheet at most.
/// <https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3>
const MAX_ROWS: u32 = 1_048_576;
const MAX_COLUMNS: usize = 16_384;

const NESTED: SheetError = SheetError::Strange("a row or a cell is within a cell or a row");

/// The meaning of the text of a cell's value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Shared,
    Boolean,
    /// A date in ISO 8601.
    Date,
    /// The name of an error, in place of a value.
    Error,
    /// The result of a formula, or a text that no other cell shares.
    Text,
}

/// The content of a cell beside its value.
#[derive(Default)]
struct Holds {
    formula: bool,
    /// A value, which may be empty.
    value: bool,
}

/// The meaning of a workbook's numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rules {
    /// Days are counted from 1904, as early Macintoshes did.
    pub(super) is_1904: bool,
    /// The program that wrote the workbook calculates nothing: it stores 0 for the result of every
    /// formula.
    pub(super) is_uncalculated: bool,
    /// The table's decimal numbers are written with a comma.
    pub(super) decimal_comma: bool,
}

/// A row of a sheet; used for one after the other.
#[derive(Default)]
pub(super) struct Row {
    /// Its number in the sheet, from 1.
    pub(super) number: u32,
    /// The first field of a column whose formula has no stored result.
    pub(super) no_result: Option<usize>,
    /// True if any cell is such a formula, whatever its column.
    pub(super) is_uncalculated: bool,
    text: Vec<u8>,
    /// The range in `text` of each column's field.
    fields: Vec<Range<usize>>,
}

impl Row {
    /// Returns the fields, up to the last cell that there is.
    pub(super) fn fields(&self) -> impl ExactSizeIterator<Item = &[u8]> + Clone {
        self.fields.iter().map(|field| &self.text[field.clone()])
    }

    /// Bytes of all fields.
    pub(super) fn length(&self) -> usize {
        self.text.len()
    }

    /// Returns true if no field has anything in it, nor would have if formulas had been calculated.
    pub(super) fn is_blank(&self) -> bool {
        self.no_result.is_none() && self.fields.iter().all(Range::is_empty)
    }

    /// Makes it `width` fields, but for filled ones beyond.
    pub(super) fn fit(&mut self, width: usize) {
        let filled = self.fields.iter().rposition(|field| !field.is_empty()).map_or(0, |last| last + 1);
        self.fields.resize(filled.max(width), 0..0);
    }

    fn clear(&mut self, number: u32) {
        self.number = number;
        (self.no_result, self.is_uncalculated) = (None, false);
        self.text.clear();
        self.fields.clear();
    }

    /// Takes the text from `start` on for the field of a column.
    fn put(&mut self, column: usize, start: usize) -> Result<(), SheetError> {
        if self.fields.len() <= column {
            self.fields.resize(column + 1, 0..0);
        }
        let (field, found) = (&mut self.fields[column], start..self.text.len());
        if Range::is_empty(field) {
            *field = found;
        } else if !Range::is_empty(&found) {
            return Err(SheetError::Place { line: self.number });
        }
        Ok(())
    }
}

/// Reads a sheet row by row.
pub(super) struct Sheet {
    events: Events,
    strings: Strings,
    styles: Vec<Style>,
    rules: Rules,
    /// The number of the last row.
    row: u32,
    has_ended: bool,
    value: Vec<u8>,
}

impl Sheet {
    /// Creates a sheet from its beginning, with the texts and the styles of its workbook.
    pub(super) fn new(events: Events, strings: Strings, styles: Vec<Style>, rules: Rules) -> Self {
        Self { events, strings, styles, rules, row: 0, has_ended: false, value: Vec::new() }
    }

    /// Reads the next row, with dates in the form of the columns' types; returns true if there was
    /// one.
    pub(super) fn next_row(
        &mut self,
        row: &mut Row,
        types: &[Option<ColumnType>],
    ) -> Result<bool, SheetError> {
        while !self.has_ended {
            match self.events.next()?.ok_or(SheetError::Unfinished)? {
                Event::Start(tag) if element(&tag) == "row" => {
                    let stated =
                        attribute(&tag, "r")?.map(|digits| number(digits.as_bytes()).unwrap_or_default());
                    let number = stated.unwrap_or(self.row + 1);
                    if number <= self.row || number > MAX_ROWS {
                        return Err(SheetError::Place { line: self.row });
                    }
                    self.row = number;
                    row.clear(number);
                    self.read_cells(row, stated, types)?;
                    return Ok(true);
                }
                Event::End(tag) => self.has_ended = tag.local_name().into_inner() == "sheetData",
                _ => {}
            }
        }
        Ok(false)
    }

    fn read_cells(
        &mut self,
        row: &mut Row,
        stated: Option<u32>,
        types: &[Option<ColumnType>],
    ) -> Result<(), SheetError> {
        let mut next = 0;
        loop {
            match self.events.next()?.ok_or(SheetError::Unfinished)? {
                Event::Start(tag) if element(&tag) == "c" => {
                    let index = match attribute(&tag, "r")? {
                        Some(place) => column(place.as_bytes(), stated),
                        None => Some(next).filter(|column| *column < MAX_COLUMNS),
                    };
                    let index = index.ok_or(SheetError::Place { line: row.number })?;
                    let kind = match attribute(&tag, "t")?.as_deref() {
                        None | Some("n") => Kind::Number,
                        Some("s") => Kind::Shared,
                        Some("b") => Kind::Boolean,
                        Some("d") => Kind::Date,
                        Some("e") => Kind::Error,
                        Some(_) => Kind::Text,
                    };
                    let style = attribute(&tag, "s")?;
                    let style = style.and_then(|style| number(style.as_bytes())).unwrap_or_default();
                    let style = self.styles.get(style as usize).copied().unwrap_or_default();
                    let holds = self.read_value(kind)?;
                    let column = types.get(index).copied().flatten();
                    let start = row.text.len();
                    if self.has_result(kind, &holds) {
                        self.push_value(row, kind, style, column)?;
                    } else {
                        row.is_uncalculated = true;
                        row.no_result = row.no_result.or(column.map(|_| index));
                    }
                    row.put(index, start)?;
                    next = index + 1;
                    if row.text.len() as u64 > MAX_RECORD_BYTES {
                        return Err(ChunkError::RecordTooLong { line: row.number.into() }.into());
                    }
                }
                Event::Start(tag) if element(&tag) == "row" => return Err(NESTED),
                Event::End(tag) if tag.local_name().into_inner() == "row" => return Ok(()),
                _ => {}
            }
        }
    }

    /// Reads a cell to its end; its value is then in `value`.
    fn read_value(&mut self, kind: Kind) -> Result<Holds, SheetError> {
        self.value.clear();
        let mut holds = Holds::default();
        let mut is_value = false;
        loop {
            match self.events.next()?.ok_or(SheetError::Unfinished)? {
                Event::Start(tag) => match element(&tag) {
                    "v" | "is" if !self.value.is_empty() => {
                        return Err(SheetError::Strange("a cell has two values"));
                    }
                    "v" => (holds.value, is_value) = (true, true),
                    "is" => {
                        holds.value = true;
                        read_text(&mut self.events, "is", &mut self.value)?;
                    }
                    "f" => holds.formula = true,
                    "c" | "row" => return Err(NESTED),
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().into_inner() {
                    "v" => {
                        is_value = false;
                        match kind {
                            Kind::Text => unescape(&mut self.value),
                            _ => trim(&mut self.value),
                        }
                    }
                    "c" => return Ok(holds),
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

    /// Returns true unless the cell is a formula that was never calculated. The result of a formula
    /// may be an empty text.
    fn has_result(&self, kind: Kind, holds: &Holds) -> bool {
        let is_calculated = match kind {
            Kind::Text => holds.value,
            Kind::Number if self.rules.is_uncalculated => !matches!(&*self.value, b"" | b"0"),
            _ => !self.value.is_empty(),
        };
        is_calculated || !holds.formula
    }

    fn push_value(
        &mut self,
        row: &mut Row,
        kind: Kind,
        style: Style,
        column: Option<ColumnType>,
    ) -> Result<(), SheetError> {
        let (value, into) = (&*self.value, &mut row.text);
        match kind {
            Kind::Error => into.extend_from_slice(error_name(value).as_bytes()),
            _ if value.is_empty() => {}
            Kind::Number => {
                let start = into.len();
                match style {
                    Style::Date if push_date(value, self.rules.is_1904, column, into) => {}
                    Style::Digits(width) if column.is_some_and(ColumnType::is_text) => {
                        push_digits(value, width, column, into);
                    }
                    _ => push_number(value, column, into),
                }
                if self.rules.decimal_comma && has_fraction(column) {
                    into[start..].iter_mut().filter(|byte| **byte == b'.').for_each(|point| *point = b',');
                }
            }
            Kind::Shared => {
                let index = number(value).ok_or(SheetError::NoText { line: row.number })?;
                let text = self.strings.get(index as usize)?;
                into.extend_from_slice(text.ok_or(SheetError::NoText { line: row.number })?);
            }
            Kind::Boolean => into.extend_from_slice(match value {
                b"1" => b"true",
                b"0" => b"false",
                word if word.eq_ignore_ascii_case(b"true") => b"true",
                word if word.eq_ignore_ascii_case(b"false") => b"false",
                // No truth value, whatever it is.
                other => error_name(other).as_bytes(),
            }),
            Kind::Date => push_iso_date(value, column, into),
            Kind::Text => into.extend_from_slice(value),
        }
        Ok(())
    }
}

/// Takes off the white space around a value.
fn trim(value: &mut Vec<u8>) {
    value.truncate(value.trim_ascii_end().len());
    value.drain(..value.len() - value.trim_ascii_start().len());
}

fn number(digits: &[u8]) -> Option<u32> {
    let add = |number: u32, digit: &u8| match digit {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(u32::from(digit - b'0')),
        _ => None,
    };
    digits.first().and_then(|_| digits.iter().try_fold(0, add))
}

/// Returns the column, from 0, of a place like `B5`, which must be in the row that its element
/// states.
fn column(place: &[u8], row: Option<u32>) -> Option<usize> {
    let letters = place.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (letters, digits) = place.split_at(letters);
    let is_elsewhere =
        !digits.is_empty() && number(digits).is_none_or(|digits| row.is_some_and(|row| row != digits));
    let number = letters
        .iter()
        .take(4)
        .fold(0, |number, letter| number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    (!is_elsewhere && (1..=MAX_COLUMNS).contains(&number)).then(|| number - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_columns_by_their_letters() {
        for (place, expected) in [
            ("A1", Some(0)),
            ("z1", Some(25)),
            ("AA1", Some(26)),
            ("B", Some(1)),
            ("XFD1", Some(MAX_COLUMNS - 1)),
            ("XFE1", None),
            ("AAAAA1", None),
            ("1", None),
            ("", None),
            ("A2", None),
            ("R1C1", None),
            ("A1:A2", None),
        ] {
            assert_eq!(column(place.as_bytes(), Some(1)), expected, "{place}");
        }
        assert_eq!(column(b"A2", None), Some(0));
    }
}
