//! Drafts a table from the records of a file: a block of the dictionary and a migration, for a
//! person to read and to correct.

mod column;
mod key;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeSet;

use super::{NULL_TOKENS, ROWS_LOOKED_AT, is_value};
use crate::dictionary::{HeaderRule, MAX_IDENTIFIER, WireFiles, header_name, is_identifier};
use crate::load::Settings;
use column::{DraftColumn, infer};
use key::{find_key, find_unique};
use text::{block, migration};

/// A file with fewer rows says little of what differs in every row.
const FEW_ROWS: usize = 20;

/// A draft of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDraft {
    /// The `[[table]]` block of the dictionary, with `[table.files]` if the files need it.
    pub block: String,
    /// The text of the migration that creates the table.
    pub migration: String,
    /// What a person should look at, in whole sentences.
    pub notes: Vec<String>,
}

/// Why there is no draft.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// The name cannot be a table's.
    #[error(
        "{0:?} is no name of a table; use a-z, 0-9 and _, a letter first, at most {MAX_IDENTIFIER} characters"
    )]
    Name(String),
    /// The file has no rows.
    #[error("the file has no rows to draft a table from")]
    NoRows,
    /// No column, and no two columns, tell the rows apart.
    #[error(
        "no column differs in every row, and no two columns together do; a table needs a key, by which a row is \
         replaced, read and restored: add a column that numbers the rows"
    )]
    NoKey,
}

/// Drafts a table from the records of a file, each with its line. `settings` are those with which
/// the records were read.
///
/// # Errors
/// [`DraftError`] for a name that cannot be used, and for records without a key.
pub fn draft_table(
    name: &str,
    records: &[(u64, Vec<String>)],
    settings: Settings,
) -> Result<TableDraft, DraftError> {
    if !is_identifier(name) {
        return Err(DraftError::Name(name.to_owned()));
    }
    let mut notes = Vec::new();
    let Settings(mut files) = settings;
    let (header, rows) = split_header(records, &mut files);
    if rows.is_empty() {
        return Err(DraftError::NoRows);
    }
    let names = names_of(&header, &mut files);
    let mut columns = Vec::new();
    for (position, (name, field)) in names.into_iter().zip(&header).enumerate() {
        let all = rows.iter().map(|(_, row)| row.get(position).map_or("", |value| value.trim()));
        let values: Vec<Option<&str>> =
            all.map(|value| Some(value).filter(|value| !value.is_empty() && !is_null(value))).collect();
        if field.trim().is_empty() && values.iter().all(Option::is_none) {
            continue;
        }
        let column_type = infer(&name, &values, &mut files, &mut notes);
        columns.push(DraftColumn { name, description: field.trim().to_owned(), column_type, values });
    }
    declare_null_values(rows, &mut files);
    let key = find_key(&columns).ok_or(DraftError::NoKey)?;
    let key_names: Vec<&str> = key.iter().map(|index| columns[*index].name.as_str()).collect();
    let key_names = key_names.join(" and ");
    notes.insert(0, format!("{key_names} differs in every row of the file and was taken for the key."));
    if rows.len() < FEW_ROWS {
        notes
            .insert(1, format!("The file has only {} rows; look whether that holds for others.", rows.len()));
    }
    notes.extend(key::nearly(&columns, &key));
    let unique = find_unique(&columns, &key);
    for index in &unique {
        let name = &columns[*index].name;
        notes.push(format!("{name} differs in every row too and was taken for unique, by its name."));
    }
    Ok(TableDraft {
        block: block(name, &columns, &key, &unique, &files),
        migration: migration(name, &columns, &key, &unique),
        notes,
    })
}

fn is_null(value: &str) -> bool {
    NULL_TOKENS.contains(&value)
}

/// Returns the header and the records below it. A file without one has columns without names.
fn split_header<'r>(
    records: &'r [(u64, Vec<String>)],
    files: &mut WireFiles,
) -> (Vec<String>, &'r [(u64, Vec<String>)]) {
    let is_header = |position: &usize| {
        let (_, header) = &records[*position];
        let filled = header.iter().rposition(|name| !name.trim().is_empty()).map_or(0, |last| last + 1);
        let named = header[..filled].iter().all(|name| !name.trim().is_empty() && !is_value(name));
        let distinct: BTreeSet<String> =
            header[..filled].iter().map(|name| header_name(name.as_bytes())).collect();
        // A title above the header has fewer fields than the rows.
        let is_as_wide = records.get(position + 1).is_some_and(|(_, row)| row.len() == header.len());
        filled > 0 && named && distinct.len() == filled && is_as_wide
    };
    match (0..records.len().min(ROWS_LOOKED_AT)).find(is_header) {
        Some(position) => {
            let (line, header) = &records[position];
            if position > 0 {
                files.skip_lines = u32::try_from(line - 1).ok();
            }
            (header.clone(), &records[position + 1..])
        }
        None => {
            files.header = Some(HeaderRule::None);
            let width = records.iter().map(|(_, record)| record.len()).max().unwrap_or(0);
            (vec![String::new(); width], records)
        }
    }
}

/// Returns the names of the columns, and declares what names of the header they do not express.
fn names_of(header: &[String], files: &mut WireFiles) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut names = Vec::new();
    for (position, field) in header.iter().enumerate() {
        let mut name = identifier(field);
        if name.is_empty() {
            name = format!("column_{}", position + 1);
        }
        if !taken.insert(name.clone()) {
            name = format!("{}_{}", &name[..name.len().min(MAX_IDENTIFIER - 4)], position + 1);
            taken.insert(name.clone());
        }
        if !field.trim().is_empty() && header_name(field.as_bytes()) != name {
            files.columns.insert(field.trim().to_owned(), Some(name.clone()));
        }
        names.push(name);
    }
    names
}

/// Returns a text as the name of a column: `Größe (cm)` becomes `groesse_cm`; nothing if it has no
/// letter.
fn identifier(text: &str) -> String {
    let mut name = String::new();
    for character in text.trim().chars().flat_map(char::to_lowercase) {
        match character {
            'ä' | 'æ' => name.push_str("ae"),
            'ö' | 'ø' => name.push_str("oe"),
            'ü' => name.push_str("ue"),
            'ß' => name.push_str("ss"),
            'á' | 'à' | 'â' | 'å' | 'ã' => name.push('a'),
            'é' | 'è' | 'ê' | 'ë' => name.push('e'),
            'í' | 'ì' | 'î' | 'ï' => name.push('i'),
            'ó' | 'ò' | 'ô' | 'õ' => name.push('o'),
            'ú' | 'ù' | 'û' => name.push('u'),
            'ç' => name.push('c'),
            'ñ' => name.push('n'),
            'a'..='z' | '0'..='9' => name.push(character),
            _ if name.ends_with('_') => {}
            _ => name.push('_'),
        }
    }
    let name = name.trim_start_matches(|first: char| !first.is_ascii_lowercase());
    let name = &name[..name.len().min(MAX_IDENTIFIER)];
    name.trim_end_matches('_').to_owned()
}

/// Declares the tokens that stand for a value that is not there.
fn declare_null_values(rows: &[(u64, Vec<String>)], files: &mut WireFiles) {
    let fields = rows.iter().flat_map(|(_, row)| row);
    let tokens: BTreeSet<&str> = fields.map(|field| field.trim()).filter(|field| is_null(field)).collect();
    if !tokens.is_empty() {
        files.null_values = Some(tokens.into_iter().map(str::to_owned).collect());
    }
}
