//! Values as files have them: what spreadsheets and other databases write, and what the dictionary
//! declares.

use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use super::rules::{is_blank, no_value};
use super::{Fault, scan};
use crate::dictionary::{Column, ColumnType, FileSettings};
use crate::value::{CivilDate, CivilTime, Timestamp, Value};

/// The texts in cells whose formula has no value.
/// <https://support.microsoft.com/office/10bd5f71-be8b-4b63-9a6c-2f0e1c6c6d7b>
pub const ERROR_VALUES: [&str; 14] = [
    "#BLOCKED!",
    "#BUSY!",
    "#CALC!",
    "#CONNECT!",
    "#DIV/0!",
    "#FIELD!",
    "#GETTING_DATA",
    "#N/A",
    "#NAME?",
    "#NULL!",
    "#NUM!",
    "#REF!",
    "#SPILL!",
    "#VALUE!",
];

/// Returns true for a field that [`unwrapped`] or [`special`] may make something else of; most are
/// not.
#[inline]
pub(super) fn may_be_special(settings: &FileSettings, field: &[u8]) -> bool {
    matches!(field, [b'#' | b'=', ..] | [b'E', b'r', b'r', ..]) || settings.changes_values
}

/// Takes off `="…"`, which programs put around text that Excel would take for a number.
pub(super) fn unwrapped(field: &[u8]) -> &[u8] {
    match field {
        [b'=', b'"', text @ .., b'"'] if !text.contains(&b'"') => text,
        field => field,
    }
}

/// Returns the result of a field that means "no value", or that shows the error of a formula;
/// `None` for all other fields, which most are.
pub(super) fn special<'a>(
    column: &Column,
    settings: &FileSettings,
    field: &'a [u8],
) -> Option<Result<Value<'a>, Fault<'a>>> {
    // An error may be declared as "no value", too.
    if settings.null_values.iter().any(|token| token.as_bytes() == field) {
        return Some(no_value(column));
    }
    if let Some(error) = error_value(field) {
        return Some(Err(Fault::ErrorValue(error)));
    }
    match (column.column_type(), &settings.time_zone) {
        (column_type @ (ColumnType::Decimal { .. } | ColumnType::Double), _)
            if settings.decimal_comma && !field.is_empty() =>
        {
            Some(with_decimal_comma(column_type, field))
        }
        (column_type @ ColumnType::Timestamp { digits }, Some(zone)) => {
            let written = scan::written_time(field).filter(|written| written.offset.is_none())?;
            Some(local_time(written, zone, digits).ok_or(Fault::NotATime(column_type)))
        }
        _ => None,
    }
}

/// Returns the error of a formula that a field is, in any language: `#VALUE!` is `#WERT!` to a
/// German Excel, and `Err:502` or the like to LibreOffice.
fn error_value(field: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(field).ok()?;
    let is_letter = |c: char| c.is_uppercase() || matches!(c, '/' | '0'..='9' | '_' | '¡' | '¿');
    let is_exclaimed = || {
        let name = text.strip_prefix('#').and_then(|text| text.strip_suffix(['!', '?']));
        name.is_some_and(|name| (2..20).contains(&name.chars().count()) && name.chars().all(is_letter))
    };
    let is_numbered = || {
        let number = text.strip_prefix("Err:");
        number.is_some_and(|number| number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_known = ERROR_VALUES.contains(&text) || NOT_AVAILABLE.contains(&text);
    (is_known || is_exclaimed() || is_numbered()).then_some(text)
}

/// `#N/A` in other languages.
const NOT_AVAILABLE: [&str; 8] =
    ["#NV", "#N/D", "#N/B", "#I/T", "#YOK", "#Н/Д", "#HIÁNYZIK", "#NENÍ_K_DISPOZICI"];

/// Reads a number that is written `12,50`. A point is refused, because it may separate thousands.
fn with_decimal_comma<'a>(column_type: ColumnType, field: &[u8]) -> Result<Value<'a>, Fault<'a>> {
    if field.contains(&b'.') {
        return Err(Fault::NotWithComma);
    }
    let text: Vec<u8> = field.iter().map(|byte| if *byte == b',' { b'.' } else { *byte }).collect();
    let value = match column_type {
        ColumnType::Decimal { precision, scale } => scan::decimal(precision, scale, &text),
        _ => scan::double(&text),
    };
    value.map_err(|fault| if let Fault::NotOfType(_) = fault { Fault::NotWithComma } else { fault })
}

/// Returns the moment in UTC of a time without an offset in a zone.
fn local_time<'a>(written: scan::WrittenTime, zone: &TimeZone, digits: u8) -> Option<Value<'a>> {
    let ((year, month, day), (hour, minute, second)) = (written.date.parts(), written.time.parts());
    let [month, day, hour, minute, second] = [month, day, hour, minute, second].map(|part| part as i8);
    let nanos = i32::try_from(written.micros * 1000).ok()?;
    let time = DateTime::new(year as i16, month, day, hour, minute, second, nanos).ok()?;
    timestamp(in_utc(time, Some(zone))?, digits)
}

/// Reads a field that is invalid in the usual forms because of this fault: as blank, or in a form
/// that the dictionary declares.
#[cold]
pub(super) fn in_a_declared_form<'a>(
    column: &Column,
    settings: &FileSettings,
    field: &[u8],
    fault: Fault<'a>,
) -> Result<Value<'a>, Fault<'a>> {
    match std::str::from_utf8(field) {
        Ok(text) if is_blank(text) => no_value(column),
        Ok(text) => declared(column, settings, text).ok_or_else(|| with_forms(settings, fault)),
        Err(_) => Err(fault),
    }
}

/// Names the forms that the dictionary declares, if the fault is that a value has none.
fn with_forms<'a>(settings: &FileSettings, fault: Fault<'a>) -> Fault<'a> {
    let Fault::NotATime(column_type) = fault else { return fault };
    let forms = match column_type {
        ColumnType::Date => settings.date_formats.join(", "),
        ColumnType::Timestamp { .. } => settings.timestamp_formats.join(", "),
        _ => String::new(),
    };
    if forms.is_empty() { fault } else { Fault::NotInAForm { column_type, forms } }
}

/// Reads a date or a timestamp in a form that the dictionary declares.
fn declared<'a>(column: &Column, settings: &FileSettings, text: &str) -> Option<Value<'a>> {
    match column.column_type() {
        ColumnType::Date => {
            let parsed = first_form(&settings.date_formats, text, |parsed| parsed.to_date().ok())?;
            civil_date(parsed).map(Value::Date)
        }
        ColumnType::Timestamp { digits } => {
            let time = first_form(&settings.timestamp_formats, text, |parsed| match parsed.offset() {
                Some(_) => parsed.to_timestamp().ok().map(|time| TimeZone::UTC.to_datetime(time)),
                None => in_utc(parsed.to_datetime().ok()?, settings.time_zone.as_ref()),
            })?;
            timestamp(time, digits)
        }
        _ => None,
    }
}

/// Reads a text in the given format alone, for a column of dates or timestamps.
pub(crate) fn read_in_format(column_type: ColumnType, format: &str, text: &str) -> Option<Value<'static>> {
    let format = [format.to_owned()];
    match column_type {
        ColumnType::Date => {
            first_form(&format, text, |parsed| parsed.to_date().ok()).and_then(civil_date).map(Value::Date)
        }
        ColumnType::Timestamp { digits } => {
            let time = first_form(&format, text, |parsed| parsed.to_datetime().ok())?;
            timestamp(time, digits)
        }
        _ => None,
    }
}

/// Returns the value of a text in the first format that fits.
fn first_form<T>(formats: &[String], text: &str, read: impl Fn(&BrokenDownTime) -> Option<T>) -> Option<T> {
    formats.iter().find_map(|format| {
        let parsed = BrokenDownTime::parse(format, text).ok()?;
        // A second 60 is read as 59, and digits that run into one another by guess: then this
        // writes something else.
        let written = parsed.to_string(format).ok()?;
        (bare(&written) == bare(text)).then(|| read(&parsed)).flatten()
    })
}

/// A text without what may differ between two ways to write the same time: noughts before a number
/// and behind a point, capitals.
fn bare(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut is_fraction = false;
    for character in text.trim().chars().chain([' ']) {
        let is_digit = character.is_ascii_digit();
        let is_after_zero =
            bare.ends_with('0') && !bare[..bare.len() - 1].ends_with(|c: char| c.is_ascii_digit());
        if is_digit && is_after_zero {
            bare.pop();
        }
        if !is_digit && is_fraction {
            bare.truncate(bare.trim_end_matches('0').trim_end_matches('.').len());
            is_fraction = false;
        }
        is_fraction |= character == '.';
        bare.extend(character.to_lowercase());
    }
    bare
}

/// Converts a time of a zone to UTC; `None` for a time that the zone has twice or not at all,
/// because its clocks change.
fn in_utc(time: DateTime, zone: Option<&TimeZone>) -> Option<DateTime> {
    let Some(zone) = zone else { return Some(time) };
    let utc = zone.to_ambiguous_timestamp(time).unambiguous().ok()?;
    Some(TimeZone::UTC.to_datetime(utc))
}

fn civil_date(date: jiff::civil::Date) -> Option<CivilDate> {
    CivilDate::new(u16::try_from(date.year()).ok()?, date.month() as u8, date.day() as u8)
}

fn timestamp<'a>(time: DateTime, digits: u8) -> Option<Value<'a>> {
    let second = CivilTime::new(time.hour() as u8, time.minute() as u8, time.second() as u8)?;
    let nanos = u32::try_from(time.subsec_nanosecond()).ok().filter(|nanos| nanos.is_multiple_of(1000))?;
    Timestamp::new(civil_date(time.date())?, second, nanos / 1000, digits).map(Value::Timestamp)
}
