//! What ships with Rowgate: the dictionary of `sql/dictionary.toml`, compiled in.
//!
//! Compiled in, not read at run time: a function can then never run with the dictionary of another version, and a
//! cold start reads no file. Reports and migrations do the same in their own modules.

use std::sync::LazyLock;

use crate::dictionary::{Dictionary, DictionaryError};

static DICTIONARY: LazyLock<Result<Dictionary, DictionaryError>> =
    LazyLock::new(|| Dictionary::parse("sql/dictionary.toml", include_str!("../../../sql/dictionary.toml")));

/// The dictionary of `sql/dictionary.toml`, parsed on first use.
///
/// # Errors
/// What is wrong with the file; a test of this module keeps a wrong one from being built into anything.
pub fn dictionary() -> Result<&'static Dictionary, &'static DictionaryError> {
    DICTIONARY.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_dictionary_is_sound() {
        let dictionary = dictionary().unwrap();
        assert_eq!(dictionary.table_names(), "departments, jobs, employees");
        assert_eq!(dictionary.table("hired_employees").unwrap().name(), "employees");
        let employees = dictionary.table("employees").unwrap();
        assert_eq!(employees.column_index("datetime_"), employees.column_index("datetime"));
    }
}
