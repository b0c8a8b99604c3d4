//! Errors that the user can correct.

/// An error that the user can correct.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UserError(String);

/// Returns an error that the user can correct; the text says how.
pub(crate) fn user_error(text: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(UserError(text.into()))
}

/// Returns true if the user can correct the error.
pub fn is_user_error(error: &anyhow::Error) -> bool {
    error.chain().any(<dyn std::error::Error>::is::<UserError>)
}
