//! Whose fault it is that the process cannot serve.

use std::fmt;

/// An error that whoever started the process can put right.
#[derive(Debug)]
struct UsersFault(String);

impl fmt::Display for UsersFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsersFault {}

/// An error of whoever started the process; the text says what to do.
pub(crate) fn users_fault(text: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(UsersFault(text.into()))
}

/// Returns true if whoever started the process can put an error right.
pub fn is_users(error: &anyhow::Error) -> bool {
    error.chain().any(<dyn std::error::Error>::is::<UsersFault>)
}
