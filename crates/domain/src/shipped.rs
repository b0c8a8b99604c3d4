//! The dictionary that ships with Rowgate: `sql/dictionary.toml`, compiled in.
//!
//! Compiled in, not read at run time: a function can then never run with the dictionary of another
//! version, and a cold start reads no file. Reports and migrations do the same in their own
//! modules.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::dictionary::Dictionary;
use crate::dictionary_file::DictionaryError;

const TEXT: &str = include_str!("../../../sql/dictionary.toml");

static DICTIONARY: LazyLock<Result<Dictionary, DictionaryError>> =
    LazyLock::new(|| Dictionary::parse("sql/dictionary.toml", TEXT));

static VERSION: LazyLock<String> = LazyLock::new(|| hex::encode(&Sha256::digest(TEXT)[..8]));

/// Returns the dictionary of `sql/dictionary.toml`, parsed on first use.
///
/// # Errors
/// The error in the file; a test of this module keeps a wrong file from being built into anything.
pub fn dictionary() -> Result<&'static Dictionary, &'static DictionaryError> {
    DICTIONARY.as_ref()
}

/// Returns the version of the dictionary: 16 hexadecimal digits of the SHA-256 of its text. Another
/// comment makes another version.
pub fn dictionary_version() -> &'static str {
    &VERSION
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_sixteen_digits() {
        assert_eq!(dictionary_version().len(), 16);
        assert!(hex::encode(Sha256::digest(TEXT)).starts_with(dictionary_version()));
    }

    #[test]
    fn the_dictionaries_of_the_examples_are_sound() {
        let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
        // A checkout without examples has nothing to compare them with.
        for example in std::fs::read_dir(examples).into_iter().flatten() {
            let file = example.unwrap().path().join("sql/dictionary.toml");
            if let Ok(text) = std::fs::read_to_string(&file) {
                Dictionary::parse(&file.display().to_string(), &text).unwrap();
            }
        }
    }

    #[test]
    fn the_shipped_dictionary_is_sound() {
        let dictionary = dictionary().unwrap();
        assert!(dictionary.table_names().starts_with("departments, jobs, employees"));
        assert_eq!(dictionary.table("hired_employees").unwrap().name(), "employees");
        let employees = dictionary.table("employees").unwrap();
        assert_eq!(employees.column_index("datetime_"), employees.column_index("datetime"));
    }
}
