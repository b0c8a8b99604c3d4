//! How the command ends: what scripts may rely on.

use std::fmt;
use std::process::ExitCode;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::ProvideErrorMetadata;

/// The exit codes of `rowgate`. They are part of its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Everything asked for was done.
    Success,
    /// Something the user can put right: a wrong argument, a missing file, a load that failed, a service that
    /// did not start.
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
    /// The status an error ends the command with.
    pub fn of(error: &anyhow::Error) -> Self {
        if error.chain().any(<dyn std::error::Error>::is::<UserError>) {
            Self::User
        } else {
            Self::Unexpected
        }
    }
}

/// An error the user can put right. Its text is one or more whole sentences and names what to do.
#[derive(Debug)]
pub(crate) struct UserError(String);

impl fmt::Display for UserError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for UserError {}

/// An `anyhow::Error` that ends the command with [`ExitStatus::User`].
pub(crate) fn user_error(message: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(UserError(message.into()))
}

/// Why a call to an AWS service failed, in a few words without a full stop: the service's own, or what kept it from being
/// asked.
pub(crate) fn aws_reason(error: &(impl std::error::Error + ProvideErrorMetadata + 'static)) -> String {
    if let Some(words) = error.message() {
        return words.trim_end_matches('.').to_owned();
    }
    let mut causes =
        std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| error.source());
    if causes.any(<dyn std::error::Error>::is::<CredentialsError>) {
        return "there are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE".to_owned();
    }
    innermost(error).to_string().trim_end_matches('.').to_owned()
}

/// The innermost cause of an error, which is the one that says something (`Connection refused`).
pub(crate) fn innermost<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> &'a (dyn std::error::Error + 'static) {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error
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
