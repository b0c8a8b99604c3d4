//! The columns that tell the rows of a file apart.

use std::collections::HashSet;

use super::column::DraftColumn;
use crate::dictionary::ColumnType;
use crate::load::proposal::likeness::{ID_WORDS, words};

/// Characters of a text that can be a key or unique: what an index of MySQL holds.
const MOST_CHARACTERS: u32 = 255;

/// A column repeats few values if they are one of so many at most.
const MOST_REPEATS: usize = 20;

/// Words of names whose values are given once.
const UNIQUE_WORDS: [&str; 5] = ["email", "mail", "sku", "isbn", "iban"];

/// Returns the positions of the key: one column that differs in every row, the one that is called
/// an id if there are several; or two columns that do together.
pub(super) fn find_key(columns: &[DraftColumn<'_>]) -> Option<Vec<usize>> {
    let possible: Vec<usize> = (0..columns.len())
        .filter(|index| is_exact(&columns[*index]) && columns[*index].is_required())
        .collect();
    let single = possible.iter().filter(|index| differ(columns, &[**index]));
    let quality = |index: &usize| {
        let column = &columns[*index];
        // A mail address identifies somebody, and changes.
        let is_named = if has_word(column, &ID_WORDS) { 4 } else { 0 };
        is_named + if has_word(column, &UNIQUE_WORDS) { 0 } else { 1 } + u8::from(*index == 0)
    };
    // Of several the first.
    if let Some(best) = single.rev().max_by_key(|index| quality(index)) {
        return Some(vec![*best]);
    }
    let pairs = possible
        .iter()
        .enumerate()
        .flat_map(|(at, one)| possible[at + 1..].iter().map(|other| [*one, *other]));
    pairs.filter(|pair| differ(columns, pair)).map(|pair| pair.to_vec()).next()
}

/// Returns a note on each column that would have been the key, or unique, by its name or place, if
/// few of its values were not repeated: a file has repeats, too.
pub(super) fn nearly(columns: &[DraftColumn<'_>], key: &[usize]) -> Vec<String> {
    let is_meant = |index: usize| {
        let column = &columns[index];
        index == 0 || has_word(column, &ID_WORDS) || has_word(column, &UNIQUE_WORDS)
    };
    let note = |index: usize| {
        let column = &columns[index];
        let values: Vec<&str> = column.values.iter().copied().flatten().collect();
        let distinct = values.iter().collect::<HashSet<_>>().len();
        let repeats = values.len() - distinct;
        (repeats > 0 && repeats * MOST_REPEATS <= values.len()).then(|| {
            format!(
                "{} differs in all but {repeats} of {} rows; if it is to tell rows apart, make it the key or unique, \
                 and loads reject the others.",
                column.name,
                values.len()
            )
        })
    };
    let meant = (0..columns.len()).filter(|index| !key.contains(index) && is_exact(&columns[*index]));
    meant.filter(|index| is_meant(*index)).filter_map(note).collect()
}

/// Returns the positions of the columns that seem to be unique beside the key.
pub(super) fn find_unique(columns: &[DraftColumn<'_>], key: &[usize]) -> Vec<usize> {
    let is_unique = |index: &usize| {
        let column = &columns[*index];
        let has_name = has_word(column, &UNIQUE_WORDS) || has_word(column, &["nr", "no", "number", "code"]);
        let is_text = column.column_type.is_text() || column.column_type == ColumnType::Uuid;
        let has_values = column.values.iter().flatten().count() > 1;
        !key.contains(index)
            && has_name
            && is_text
            && is_exact(column)
            && has_values
            && differ(columns, &[*index])
    };
    (0..columns.len()).filter(is_unique).collect()
}

fn has_word(column: &DraftColumn<'_>, among: &[&str]) -> bool {
    words(&column.name).iter().any(|word| among.contains(&word.as_str()))
}

/// Returns true if the database can compare the values of a column exactly, and people choose keys
/// of such.
fn is_exact(column: &DraftColumn<'_>) -> bool {
    match column.column_type {
        ColumnType::String { max } => max <= MOST_CHARACTERS,
        ColumnType::Decimal { .. } | ColumnType::Timestamp { .. } | ColumnType::Time => false,
        other => other.is_exact(),
    }
}

/// Returns true if no two rows have the same values in these columns. No value is like no other.
fn differ(columns: &[DraftColumn<'_>], among: &[usize]) -> bool {
    let rows = columns.first().map_or(0, |column| column.values.len());
    let mut seen = HashSet::new();
    (0..rows).all(|row| {
        let values: Option<Vec<&str>> = among.iter().map(|index| columns[*index].values[row]).collect();
        values.is_none_or(|values| seen.insert(values))
    })
}
