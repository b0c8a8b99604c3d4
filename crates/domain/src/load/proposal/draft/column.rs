//! The type of a column, by its values.

use crate::dictionary::{Column, ColumnType, FileSettings, WireFiles};
use crate::load::proposal::formats::propose_formats;
use crate::load::proposal::{MAX_VALUES, extend};
use crate::row::check_file_field;

/// Lengths of texts that are proposed: the first one that is twice as long as the longest text.
const LENGTHS: [usize; 6] = [50, 100, 255, 500, 1000, 2000];

/// Characters of a text column without values.
const UNKNOWN_LENGTH: u32 = 255;

/// Digits of a decimal at least: amounts grow.
const LEAST_PRECISION: usize = 10;

/// Digits after the point of a decimal at most; more of them were computed, not written by people.
const MOST_SCALE: usize = 9;

/// A column of a draft, and its values in the file.
#[derive(Debug)]
pub(super) struct DraftColumn<'r> {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) column_type: ColumnType,
    pub(super) values: Vec<Option<&'r str>>,
}

impl DraftColumn<'_> {
    /// Returns true if every row has a value.
    pub(super) fn is_required(&self) -> bool {
        self.values.iter().all(Option::is_some)
    }
}

/// Returns the type of which all values of a column are. Adds what has to be declared for its
/// files, and what a person should look at.
pub(super) fn infer(
    name: &str,
    values: &[Option<&str>],
    files: &mut WireFiles,
    notes: &mut Vec<String>,
) -> ColumnType {
    let values: Vec<&str> = values.iter().copied().flatten().collect();
    if values.is_empty() {
        notes.push(format!("{name} has no value in the file; its type is a guess."));
        return ColumnType::String { max: UNKNOWN_LENGTH };
    }
    let is_word = |value: &&str| value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false");
    if values.iter().all(is_word) {
        return ColumnType::Boolean;
    }
    // Digits behind a 0 are a postcode or an article number.
    let has_leading_zero = |value: &&str| {
        let digits = value.trim_start_matches(['-', '+']);
        value.starts_with('+') || digits.len() > 1 && digits.starts_with('0') && !digits.contains(['.', ','])
    };
    if !values.iter().any(has_leading_zero) {
        for column_type in [ColumnType::Integer, ColumnType::Bigint] {
            if all_are(column_type, &values) {
                return column_type;
            }
        }
        if let Some(column_type) = decimal(&values, files) {
            if values.iter().all(|value| value.split_once('.').is_some_and(|(_, digits)| digits.len() == 3)) {
                notes.push(format!(
                    "{name} has three digits behind each point; if it separates thousands, export it without."
                ));
            }
            return column_type;
        }
        if let Some(column_type) = with_thousands(&values, files) {
            notes.push(format!(
                "{name} has numbers with separators of thousands, which loads reject: export it without them."
            ));
            return column_type;
        }
    }
    for column_type in [
        ColumnType::Uuid,
        ColumnType::Date,
        ColumnType::Timestamp { digits: 0 },
        ColumnType::Timestamp { digits: 3 },
        ColumnType::Timestamp { digits: 6 },
        ColumnType::Time,
    ] {
        if all_are(column_type, &values) {
            return column_type;
        }
    }
    if let Some(column_type) = in_a_format(name, &values, files, notes) {
        return column_type;
    }
    if values.iter().all(|value| value.starts_with(['{', '['])) && all_are(ColumnType::Json, &values) {
        return ColumnType::Json;
    }
    let longest = values.iter().map(|value| value.chars().count()).max().unwrap_or(0);
    let length = LENGTHS.into_iter().find(|length| *length >= 2 * longest);
    length
        .and_then(|length| u32::try_from(length).ok())
        .map_or(ColumnType::Text, |max| ColumnType::String { max })
}

fn all_are(column_type: ColumnType, values: &[&str]) -> bool {
    let column = Column {
        name: String::new(),
        aliases: Vec::new(),
        description: String::new(),
        column_type,
        required: false,
        auto_increment: false,
        personal: false,
        is_compared: false,
        rules: None,
        default: None,
    };
    let settings = FileSettings::default();
    values.iter().all(|value| check_file_field(&column, &settings, value.as_bytes()).is_ok())
}

/// Returns the type of numbers with a point, or with a comma, which is then declared.
fn decimal(values: &[&str], files: &mut WireFiles) -> Option<ColumnType> {
    let has_comma = values.iter().any(|value| value.contains(','));
    let point = if has_comma { ',' } else { '.' };
    let (mut digits, mut scale) = (0, 0);
    for value in values {
        let (whole, fraction) = value.split_once(point).unwrap_or((value, ""));
        let whole = whole.strip_prefix('-').unwrap_or(whole);
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
            return None;
        }
        (digits, scale) = (digits.max(whole.len()), scale.max(fraction.len()));
    }
    if scale > MOST_SCALE && !has_comma {
        return Some(ColumnType::Double);
    }
    if has_comma {
        files.decimal_comma = Some(true);
    }
    // Two digits of room.
    let precision = (digits + scale + 2).max(LEAST_PRECISION).min(ColumnType::MAX_PRECISION.into());
    Some(ColumnType::Decimal { precision: u8::try_from(precision).ok()?, scale: u8::try_from(scale).ok()? })
}

/// Returns the type of numbers of which some have separators of thousands: `1.234,50`, `1,234.50`.
fn with_thousands(values: &[&str], files: &mut WireFiles) -> Option<ColumnType> {
    let (separator, _) = [('.', ','), (',', '.')].into_iter().find(|(separator, point)| {
        let is_grouped = |value: &&str| {
            let Some((whole, _)) = value.split_once(*point) else { return false };
            whole.split(*separator).skip(1).all(|group| group.len() == 3)
        };
        values.iter().all(is_grouped) && values.iter().any(|value| value.contains(*separator))
    })?;
    let plain: Vec<String> = values.iter().map(|value| value.replace(separator, "")).collect();
    let plain: Vec<&str> = plain.iter().map(String::as_str).collect();
    decimal(&plain, files)
}

/// Returns the type of days or times that are written in another form, which is then declared.
fn in_a_format(
    name: &str,
    values: &[&str],
    files: &mut WireFiles,
    notes: &mut Vec<String>,
) -> Option<ColumnType> {
    let sample = &values[..values.len().min(MAX_VALUES)];
    for column_type in [ColumnType::Date, ColumnType::Timestamp { digits: 0 }] {
        let formats = propose_formats(column_type, sample);
        let Some(first) = formats.first() else { continue };
        if formats.len() > 1 {
            let all = formats.join(" and ");
            notes.push(format!("{name} can be read as {all}; the first one was taken."));
        }
        let declared = match column_type {
            ColumnType::Date => &mut files.date_formats,
            _ => &mut files.timestamp_formats,
        };
        extend(declared, vec![first.clone()]);
        if column_type != ColumnType::Date && files.time_zone.is_none() {
            notes.push(format!(
                "The times of {name} have no zone and count as UTC; declare time_zone if they are local ones."
            ));
        }
        return Some(column_type);
    }
    None
}
