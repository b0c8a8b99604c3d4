//! Names of tables and columns.

use super::error::DictionaryError;
use crate::dictionary::{MAX_IDENTIFIER, is_identifier};

/// Requires a name that is safe in SQL.
pub(super) fn check_identifier(name: &str) -> Result<(), DictionaryError> {
    if is_identifier(name) {
        Ok(())
    } else {
        Err(DictionaryError::new(format!(
            "{name:?} is no name: use a-z, 0-9 and _, a letter first, at most {MAX_IDENTIFIER} characters"
        )))
    }
}
