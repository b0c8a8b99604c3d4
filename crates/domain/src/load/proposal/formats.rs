//! The formats in which people write days and times.

use std::cmp::Reverse;

use super::ratio::ratio;
use crate::dictionary::ColumnType;
use crate::row::read_in_format;
use crate::value::Value;

/// Returns the formats that can read the most of these values, most of them at least; several where
/// it is not clear what the values mean. Formats that read all of them alike count as one.
pub(super) fn propose_formats(kind: ColumnType, values: &[&str]) -> Vec<String> {
    let mut found: Vec<(usize, Vec<Option<Value<'static>>>, String)> = Vec::new();
    for format in formats(kind) {
        let read: Vec<_> = values.iter().map(|value| read_in_format(kind, &format, value)).collect();
        let count = read.iter().flatten().count();
        if count > 0 && !found.iter().any(|(_, other, _)| *other == read) {
            found.push((count, read, format));
        }
    }
    found.sort_by_key(|(count, ..)| Reverse(*count));
    let most = found.first().map_or(0, |(count, ..)| *count);
    // A few values may be wrong in any format.
    if ratio(most, values.len().max(1)) < 0.8 {
        return Vec::new();
    }
    found.into_iter().take_while(|(count, ..)| *count == most).map(|(_, _, format)| format).collect()
}

/// Ways in which people write a day.
const DAYS: [&str; 17] = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%Y%m%d",
    "%Y-%m-%d",
];

/// Ways in which people write a time behind it.
const TIMES: [&str; 11] = [
    " %H:%M:%S",
    " %H:%M",
    "T%H:%M:%S",
    "T%H:%M",
    ", %H:%M:%S",
    ", %H:%M",
    " %I:%M:%S %p",
    " %I:%M %p",
    ", %I:%M:%S %p",
    ", %I:%M %p",
    " %H.%M",
];

/// The same with a fraction of a second, for columns that hold one.
const FRACTIONS: [&str; 4] = [" %H:%M:%S%.f", "T%H:%M:%S%.f", ", %H:%M:%S%.f", " %I:%M:%S%.f %p"];

/// Returns the formats of a column of days or of times; none for any other.
pub(super) fn formats(kind: ColumnType) -> Vec<String> {
    match kind {
        ColumnType::Date => DAYS.map(str::to_owned).to_vec(),
        ColumnType::Timestamp { digits } => {
            let fractions = FRACTIONS.iter().filter(|_| digits > 0);
            let times: Vec<&str> = TIMES.iter().chain(fractions).copied().collect();
            DAYS.iter().flat_map(|day| times.iter().map(move |time| format!("{day}{time}"))).collect()
        }
        _ => Vec::new(),
    }
}
