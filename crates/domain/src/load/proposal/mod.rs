//! Proposes settings for a file that is not in the format of its table's files: which field may be
//! which column, and which format its times may have. People decide; a proposal loads nothing.

mod draft;
mod formats;
mod likeness;
mod ratio;

use std::collections::{BTreeMap, BTreeSet};

use super::settings::Settings;
use crate::dictionary::{Column, ColumnType, HeaderField, Table, WireFiles, header_name};
use crate::row::{REJECT_COLUMNS, check_file_field, read_in_format};
pub use draft::{DraftError, TableDraft, draft_table};
use formats::{formats, propose_formats};
use likeness::likeness;
use ratio::ratio;

/// The number of records that are searched for a header.
const ROWS_LOOKED_AT: usize = 20;

/// The number of values of a field that are examined.
const MAX_VALUES: usize = 200;

/// The least likeness of a name and a column's names, of 1.
const ALIKE: f64 = 0.6;

/// Formats that are proposed at most: as many as can be set.
const MAX_FORMATS: usize = 16;

/// Share of a field's values that have to be of a column's type, where its name is like the
/// column's, and where it is not.
const FITS: f64 = 0.5;
const FITS_WELL: f64 = 0.9;

/// Tokens that stand for a value that is not there.
const NULL_TOKENS: [&str; 11] = ["NULL", "null", "\\N", "N/A", "n/a", "NA", "-", "--", "None", "nan", "NaN"];

/// A table that was found among the records of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundTable {
    /// The names of its header, as the file has them.
    pub header: Vec<String>,
    /// The proposed settings: the columns, and the lines above the header.
    pub settings: Settings,
    /// The quality of the match; of two readings of a file the one with the higher score is right.
    pub score: f64,
}

/// Looks for a header among the first records of a file, each with its line, and proposes which
/// column each of its fields is. `None` where no record looks like one.
pub fn propose_table(table: &Table, records: &[(u64, Vec<String>)]) -> Option<FoundTable> {
    let candidates = records.iter().enumerate().take(ROWS_LOOKED_AT);
    let found = candidates.filter_map(|(position, (line, header))| {
        let filled = header.iter().filter(|name| !name.trim().is_empty()).count();
        if filled < 2.min(table.columns().len()) || header.iter().any(|name| is_value(name)) {
            return None;
        }
        let rows = &records[position + 1..];
        let matched = match_columns(table, header, rows);
        matched.iter().flatten().next()?;
        // A record of another width is no row of this table.
        let fitting = rows.iter().filter(|(_, row)| row.len() == header.len()).count();
        let share = if rows.is_empty() { 1.0 } else { ratio(fitting, rows.len()) };
        let required = table.columns().iter().enumerate().filter(|(_, column)| column.required());
        let missing = required.filter(|(index, _)| !matched.contains(&Some(*index))).count();
        let score = ratio(matched.iter().flatten().count(), 1) - 0.5 * ratio(missing, 1) + share;
        let columns = columns_to_state(table, header, &matched);
        let skip_lines = (position > 0).then(|| u32::try_from(line - 1).unwrap_or(u32::MAX));
        let settings = Settings(WireFiles { columns, skip_lines, ..WireFiles::default() });
        Some(FoundTable { header: header.clone(), settings, score })
    });
    // The first of several that match equally well.
    found.reduce(|best, other| if other.score > best.score { other } else { best })
}

/// Returns the settings of columns that the names of a header do not express by themselves.
fn columns_to_state(
    table: &Table,
    header: &[String],
    matched: &[Option<usize>],
) -> BTreeMap<String, Option<String>> {
    let mut stated = BTreeMap::new();
    for (name, index) in header.iter().zip(matched) {
        let normal = header_name(name.as_bytes());
        let by_itself = table.header_field(&normal);
        match index {
            Some(index) if by_itself == HeaderField::Column(*index) => {}
            Some(index) => {
                stated.insert(name.trim().to_owned(), Some(table.columns()[*index].name().to_owned()));
            }
            None if by_itself == HeaderField::LeftOut || REJECT_COLUMNS.contains(&&*normal) => {}
            None => {
                // The first field counts if a name comes twice.
                stated.entry(name.trim().to_owned()).or_insert(None);
            }
        }
    }
    stated
}

/// For each field of a header the position of the column that it may be: by its name, then by what
/// its values are where only one column is left that they can be of.
fn match_columns(table: &Table, header: &[String], rows: &[(u64, Vec<String>)]) -> Vec<Option<usize>> {
    let fields: Vec<Field<'_>> =
        header.iter().enumerate().map(|(at, name)| Field::of(at, name, rows)).collect();
    let columns = table.columns();
    let mut matched: Vec<Option<usize>> = vec![None; header.len()];
    let mut taken = BTreeSet::new();
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        for (index, column) in columns.iter().enumerate() {
            let alike = likeness(table, index, field.name);
            if alike >= ALIKE && field.fit(table, column).is_none_or(|fit| fit >= FITS) {
                pairs.push((alike, at, index));
            }
        }
    }
    pairs.sort_by(|one, other| other.0.total_cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
    for (_, at, index) in pairs {
        if matched[at].is_none() && taken.insert(index) {
            matched[at] = Some(index);
        }
    }
    // Match the rest if only one pairing is possible.
    loop {
        let mut found = None;
        for (index, column) in columns.iter().enumerate().filter(|(index, _)| !taken.contains(index)) {
            let fits = |at: &usize| {
                matched[*at].is_none() && fields[*at].fit(table, column).is_some_and(|fit| fit >= FITS_WELL)
            };
            let candidates: Vec<usize> = (0..fields.len()).filter(fits).collect();
            let [only] = candidates[..] else { continue };
            let rivals = columns.iter().enumerate().filter(|(other, rival)| {
                *other != index
                    && !taken.contains(other)
                    && fields[only].fit(table, rival).is_some_and(|fit| fit >= FITS_WELL)
            });
            if rivals.count() == 0 {
                found = Some((only, index));
                break;
            }
        }
        let Some((at, index)) = found else { return matched };
        taken.insert(index);
        matched[at] = Some(index);
    }
}

/// A field of a header, and values below it.
struct Field<'r> {
    name: &'r str,
    values: Vec<&'r str>,
}

impl<'r> Field<'r> {
    fn of(at: usize, name: &'r str, rows: &'r [(u64, Vec<String>)]) -> Self {
        let values = rows.iter().filter_map(|(_, row)| row.get(at)).map(String::as_str);
        let values = values.filter(|value| !value.trim().is_empty() && !NULL_TOKENS.contains(value));
        Self { name, values: values.take(MAX_VALUES).collect() }
    }

    /// Returns the share of its values that are of a column's type in some form; `None` where it
    /// has none.
    fn fit(&self, table: &Table, column: &Column) -> Option<f64> {
        if self.values.is_empty() {
            return None;
        }
        let is_text = column.column_type().is_text();
        // Numbers and times are text as well, but a column of names is not made of them.
        let fits = |value: &&&str| {
            if is_text { !is_value(value) } else { can_be(table, column, value) }
        };
        Some(ratio(self.values.iter().filter(fits).count(), self.values.len()))
    }
}

/// Returns true if a value can belong to a column, in its own form or in a form that could be set.
fn can_be(table: &Table, column: &Column, value: &str) -> bool {
    if check_file_field(column, table.files(), value.as_bytes()).is_ok() {
        return true;
    }
    match column.column_type() {
        kind @ (ColumnType::Date | ColumnType::Timestamp { .. }) => {
            formats(kind).iter().any(|format| read_in_format(kind, format, value).is_some())
        }
        ColumnType::Decimal { .. } | ColumnType::Double => {
            check_file_field(column, table.files(), value.replace(',', ".").as_bytes()).is_ok()
        }
        _ => false,
    }
}

/// Returns true for a number or a time, which no name of a column is.
fn is_value(text: &str) -> bool {
    let text = text.trim();
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    has_digit && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.,:/ TZ".contains(&byte))
}

/// Proposes the settings under which values could be read that cannot be as they are: for each
/// column of the table, those that were refused in a sample.
pub fn propose_settings(table: &Table, refused: &BTreeMap<usize, Vec<String>>) -> Settings {
    let mut wire = WireFiles::default();
    for (index, values) in refused {
        let Some(column) = table.columns().get(*index) else { continue };
        let values: BTreeSet<&str> = values.iter().map(|value| value.trim()).collect();
        let values: Vec<&str> =
            values.into_iter().filter(|value| !value.is_empty()).take(MAX_VALUES).collect();
        match column.column_type() {
            kind @ ColumnType::Date => extend(&mut wire.date_formats, propose_formats(kind, &values)),
            kind @ ColumnType::Timestamp { .. } => {
                extend(&mut wire.timestamp_formats, propose_formats(kind, &values));
            }
            ColumnType::Decimal { .. } | ColumnType::Double => {
                let has_comma = |value: &&str| {
                    !value.contains('.')
                        && value.matches(',').count() == 1
                        && check_file_field(column, table.files(), value.replace(',', ".").as_bytes()).is_ok()
                };
                if !values.is_empty() && values.iter().all(has_comma) {
                    wire.decimal_comma = Some(true);
                }
            }
            _ => {}
        }
    }
    Settings(wire)
}

/// Proposes which of the values that were refused may mean no value, where the table's column can
/// be without one.
pub fn propose_null_values(table: &Table, refused: &BTreeMap<usize, Vec<String>>) -> Settings {
    let columns = refused
        .iter()
        .filter(|(index, _)| table.columns().get(**index).is_some_and(|column| !column.required()));
    let tokens: BTreeSet<&str> = columns
        .flat_map(|(_, values)| values.iter().map(String::as_str))
        .filter(|value| NULL_TOKENS.contains(value))
        .collect();
    let null_values = (!tokens.is_empty()).then(|| {
        let known = table.files().null_values.iter().cloned();
        known.chain(tokens.into_iter().map(str::to_owned)).collect()
    });
    Settings(WireFiles { null_values, ..WireFiles::default() })
}

fn extend(known: &mut Option<Vec<String>>, more: Vec<String>) {
    if more.is_empty() {
        return;
    }
    let known = known.get_or_insert_default();
    for format in more {
        if known.len() < MAX_FORMATS && !known.contains(&format) {
            known.push(format);
        }
    }
}

#[cfg(test)]
mod tests;
