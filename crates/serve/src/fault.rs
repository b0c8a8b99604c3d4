//! Errors that the user can correct.

use std::fmt;

/// An error that the user can correct.
#[derive(Debug)]
struct UsersFault(String);

impl fmt::Display for UsersFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsersFault {}

/// Returns an error that the user can correct; the text says how.
pub(crate) fn users_fault(text: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(UsersFault(text.into()))
}

/// Returns true if the user can correct the error.
pub fn is_users(error: &anyhow::Error) -> bool {
    error.chain().any(<dyn std::error::Error>::is::<UsersFault>)
}
