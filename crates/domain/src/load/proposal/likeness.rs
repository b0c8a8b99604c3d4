//! Compares the name of a field with the names of a column.

use super::ratio::ratio;
use crate::dictionary::Table;

/// Words of a name that mean an id.
pub(super) const ID_WORDS: [&str; 8] = ["id", "no", "nr", "num", "number", "key", "code", "ids"];

/// Returns the likeness of a field's name and those of a column, from 0 to 1.
pub(super) fn likeness(table: &Table, index: usize, name: &str) -> f64 {
    let column = &table.columns()[index];
    let found = words(name);
    if found.is_empty() {
        return 0.0;
    }
    let names = std::iter::once(column.name()).chain(column.aliases().iter().map(String::as_str));
    let mut best = names.map(|own| likeness_of_words(&found, &words(own))).fold(0.0, f64::max);
    // The id of a table is often called after the table: "Employee ID", "Emp No".
    if table.key_indexes() == [index]
        && let [of_table @ .., last] = &found[..]
        && ID_WORDS.contains(&&**last)
    {
        let tables = || std::iter::once(table.name()).chain(table.aliases().iter().map(String::as_str));
        let is_of_table = |word: &String| {
            word.len() > 1
                && tables()
                    .flat_map(words)
                    .any(|own| own.starts_with(word.as_str()) || is_short_for(word, &own))
        };
        if of_table.iter().all(is_of_table) {
            best = best.max(0.95);
        }
    }
    best
}

fn likeness_of_words(found: &[String], own: &[String]) -> f64 {
    let (joined, own_joined) = (found.concat(), own.concat());
    if joined == own_joined {
        return 1.0;
    }
    let mut left: Vec<&String> = found.iter().collect();
    let mut sum = 0.0;
    for word in own {
        let best = left
            .iter()
            .enumerate()
            .map(|(at, other)| (likeness_of_word(other, word), at))
            .max_by(|one, other| one.0.total_cmp(&other.0));
        if let Some((alike, at)) = best.filter(|(alike, _)| *alike > 0.0) {
            left.remove(at);
            sum += alike;
        }
    }
    // A reference to a table is often called like the table: "Dept" for department_id.
    let is_id_over = own.len() > found.len() && own.last().is_some_and(|last| last == "id");
    let length = found.len().max(own.len() - usize::from(is_id_over));
    let by_words = (sum / ratio(length.max(1), 1)).min(if is_id_over { 0.9 } else { 1.0 });
    let as_a_whole = strsim::jaro_winkler(&joined, &own_joined);
    // Words that only share some letters are alike to this measure, too.
    let as_a_whole = if as_a_whole >= 0.88 { 0.9 * as_a_whole } else { 0.0 };
    by_words.max(as_a_whole)
}

fn likeness_of_word(word: &str, own: &str) -> f64 {
    if word == own {
        1.0
    } else if ID_WORDS.contains(&word) && ID_WORDS.contains(&own)
        || word.len() >= 3 && own.len() >= 3 && (own.starts_with(word) || word.starts_with(own))
    {
        0.9
    } else if is_short_for(word, own) {
        0.8
    } else {
        let alike = strsim::jaro_winkler(word, own);
        if alike >= 0.88 { 0.9 * alike } else { 0.0 }
    }
}

/// Returns true if a word has the first letter of a longer one, and others of it in their order:
/// `dept` of `department`.
fn is_short_for(word: &str, own: &str) -> bool {
    let mut letters = own.chars();
    word.len() >= 3
        && word.len() < own.len()
        && word.chars().next() == own.chars().next()
        && word.chars().all(|letter| letters.any(|other| other == letter))
}

/// Returns the words of a name in lower case: `EmpNo`, `emp_no` and `Emp. No` have the same.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for character in name.chars() {
        let begins = !before.is_alphanumeric() || (before.is_lowercase() && character.is_uppercase());
        if character.is_alphanumeric() {
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(character.to_lowercase());
            }
        } else if character == '#' {
            words.push("no".to_owned());
        }
        before = character;
    }
    words
}
