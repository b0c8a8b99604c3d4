//! Exit codes, and the errors behind them.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Chain;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::ProvideErrorMetadata;

/// The exit codes of `rowgate`. They are part of its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Everything asked for was done.
    Success,
    /// Something the user can put right: a wrong argument, a missing file, a load that failed, a
    /// service that did not start.
    User,
    /// A fault of Rowgate itself.
    Unexpected,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Success => 0,
            ExitStatus::User => 1,
            ExitStatus::Unexpected => 2,
        })
    }
}

impl ExitStatus {
    /// Returns the status that an error ends the command with.
    pub fn of(error: &anyhow::Error) -> Self {
        if error.chain().any(<dyn Error>::is::<UserError>) { Self::User } else { Self::Unexpected }
    }
}

/// An error that the user can put right. Its text is whole sentences and says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UserError(String);

/// Returns an error that ends the command with [`ExitStatus::User`].
pub(crate) fn user_error(message: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(UserError(message.into()))
}

/// Returns what turns an error about a file into a user error: "<path> cannot <what>: <error>."
pub(crate) fn cannot<E: fmt::Display>(path: &Path, what: &str) -> impl Fn(E) -> anyhow::Error {
    move |error| user_error(format!("{} cannot {what}: {error}.", path.display()))
}

/// Returns what turns an AWS error into a user error: "<what>: <reason>."
pub(crate) fn refused<E: Error + ProvideErrorMetadata + 'static>(
    what: impl fmt::Display,
) -> impl Fn(E) -> anyhow::Error {
    move |error| user_error(format!("{what}: {}.", aws_reason(&error)))
}

/// Returns why a call to an AWS service failed, without a full stop: the service's own words, or
/// what kept the call from reaching it.
pub(crate) fn aws_reason(error: &(impl Error + ProvideErrorMetadata + 'static)) -> String {
    if let Some(words) = error.message() {
        return words.trim_end_matches('.').to_owned();
    }
    if Chain::new(error).any(<dyn Error>::is::<CredentialsError>) {
        return "there are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE".to_owned();
    }
    innermost(error).to_string().trim_end_matches('.').to_owned()
}

/// Returns the innermost cause of an error, which is the most specific (`Connection refused`).
pub(crate) fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    Chain::new(error).last().unwrap_or(error)
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn a_user_error_keeps_its_status_under_context() {
        let error = Err::<(), _>(user_error("No such table.")).context("uploading").unwrap_err();
        assert_eq!(ExitStatus::of(&error), ExitStatus::User);
    }

    #[test]
    fn any_other_error_is_unexpected() {
        assert_eq!(ExitStatus::of(&anyhow!("bad pointer")), ExitStatus::Unexpected);
    }
}
