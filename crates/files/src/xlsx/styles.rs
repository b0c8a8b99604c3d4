//! Reads the styles of cells: only its style distinguishes a date from any other number.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};

use super::error::SheetError;
use super::xml::{Events, attribute, element};

/// Cell styles at most; Excel has at most 65,490.
/// <https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3>
const MAX_STYLES: usize = 65_536;

/// The kind of a style's numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Style {
    /// As a number.
    #[default]
    Number,
    /// As a day or a time.
    Date,
    /// As a number with at least this many digits, with leading zeros if needed.
    Digits(u8),
}

/// Reads the cell styles, in their order.
pub(super) fn cell_styles(mut events: Events) -> Result<Vec<Style>, SheetError> {
    let mut formats = BTreeMap::new();
    let mut styles = Vec::new();
    let mut are_cells = false;
    while let Some(event) = events.next()? {
        match event {
            Event::Start(tag) if element(&tag) == "numFmt" => {
                let code = attribute(&tag, "formatCode")?.unwrap_or_default();
                formats.insert(format_of(&tag)?, style_of(code.as_bytes()));
            }
            Event::Start(tag) if element(&tag) == "cellXfs" => are_cells = true,
            Event::End(tag) if tag.local_name().into_inner() == "cellXfs" => are_cells = false,
            Event::Start(tag) if are_cells && element(&tag) == "xf" => {
                let format = format_of(&tag)?;
                styles.push(formats.get(&format).copied().unwrap_or_else(|| built_in(format)));
            }
            _ => {}
        }
        if styles.len() > MAX_STYLES || formats.len() > MAX_STYLES {
            return Err(SheetError::Styles(MAX_STYLES));
        }
    }
    Ok(styles)
}

/// Returns the number of the format that an element defines or refers to.
fn format_of(tag: &BytesStart<'_>) -> Result<u32, SheetError> {
    Ok(attribute(tag, "numFmtId")?.and_then(|number| number.parse().ok()).unwrap_or_default())
}

/// Returns the style of a format that needs no definition: ECMA-376, part 1, 18.8.30, those of East
/// Asia and Thailand included.
fn built_in(format: u32) -> Style {
    match format {
        14..=22 | 27..=36 | 45 | 47 | 50..=58 | 71..=78 | 80 | 81 => Style::Date,
        _ => Style::Number,
    }
}

/// Returns the style of a format code.
fn style_of(code: &[u8]) -> Style {
    match u8::try_from(code.len()) {
        // A format of postal codes and the like.
        Ok(digits @ 2..) if code.iter().all(|byte| *byte == b'0') => Style::Digits(digits),
        _ if is_date_code(code) => Style::Date,
        _ => Style::Number,
    }
}

/// Returns true if a format code shows a date: it has a letter for year, month, day, hour or second
/// that stands for itself. A code for elapsed time (`[h]:mm`) shows a duration.
fn is_date_code(code: &[u8]) -> bool {
    let mut is_date = false;
    let mut at = 0;
    while let Some(byte) = code.get(at) {
        let rest = &code[at + 1..];
        at += 1;
        match byte {
            b'"' => at += memchr::memchr(b'"', rest).map_or(rest.len(), |end| end + 1),
            b'[' => {
                let end = memchr::memchr(b']', rest).unwrap_or(rest.len());
                let is_elapsed = |byte: &u8| matches!(byte.to_ascii_lowercase(), b'h' | b'm' | b's');
                if end > 0 && rest[..end].iter().all(is_elapsed) {
                    return false;
                }
                at += end + 1;
            }
            // The next character is shown, or its width is kept free, or it fills the cell.
            b'\\' | b'_' | b'*' => at += 1,
            // Further sections are for negative numbers and the like.
            b';' => break,
            b'd' | b'D' | b'm' | b'M' | b'y' | b'Y' | b'h' | b'H' | b's' | b'S' => is_date = true,
            _ => {}
        }
    }
    is_date
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_formats_of_digits() {
        for (code, expected) in [
            ("00000", Style::Digits(5)),
            ("00", Style::Digits(2)),
            ("0", Style::Number),
            ("", Style::Number),
            ("0.00", Style::Number),
            ("00000;-00000", Style::Number),
            (&*"0".repeat(300), Style::Number),
            ("yyyy", Style::Date),
        ] {
            assert_eq!(style_of(code.as_bytes()), expected, "{code}");
        }
    }

    #[test]
    fn tells_dates_from_numbers_by_their_format() {
        for code in [
            "yyyy-mm-dd",
            "D.M.YY h:mm",
            "[$-409]d\\-mmm\\-yy;@",
            "mmm",
            "h:mm AM/PM",
            "\"on\" d",
            "yyyy\\Thh:mm:ss\\Z",
        ] {
            assert!(is_date_code(code.as_bytes()), "{code}");
        }
        for code in [
            "General",
            "0.00",
            "#,##0\\ \"days\"",
            "[Red]0;[Blue]-0",
            "[h]:mm",
            "[mm]:ss",
            "0.00E+00",
            "@",
            "_-* #,##0_d",
            "0;d",
            "\"unclosed d",
            "[unclosed d",
            "\\",
        ] {
            assert!(!is_date_code(code.as_bytes()), "{code}");
        }
    }
}
