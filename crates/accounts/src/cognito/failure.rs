//! What Cognito's errors mean.

use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};

use crate::directory::DirectoryError;

/// Why a call failed, as far as code can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code<'e> {
    /// Cognito said so.
    Service(&'e str),
    /// Cognito did not say anything that could be read.
    Unanswered(&'static str),
}

/// Reads an error. Its message is left alone: it may quote what was sent.
pub(super) fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Code<'_> {
    match error {
        SdkError::ServiceError(error) => Code::Service(error.err().code().unwrap_or("unknown")),
        SdkError::TimeoutError(_) => Code::Unanswered("time-out"),
        SdkError::DispatchFailure(_) => Code::Unanswered("not reached"),
        SdkError::ResponseError(_) => Code::Unanswered("unreadable answer"),
        _ => Code::Unanswered("not sent"),
    }
}

/// What a failed call means, whatever was asked.
pub(super) fn failure<E: ProvideErrorMetadata, R>(
    operation: &'static str,
    error: &SdkError<E, R>,
) -> DirectoryError {
    match code(error) {
        Code::Service("UserNotFoundException") => DirectoryError::NoUser,
        Code::Service(code) if is_passing(code) => DirectoryError::Busy { operation, code: code.to_owned() },
        Code::Service(code) => DirectoryError::Failed { operation, code: code.to_owned() },
        Code::Unanswered(code) => DirectoryError::Busy { operation, code: code.to_owned() },
    }
}

/// What a failed sign-in means. Whatever is wrong with a name, a password or a token is the same refusal; which it is stays
/// with the log. `InvalidParameterException` is none of them: what is no name or no password is not sent, so it says that the
/// client of the pool has no such flow, and nobody can sign in.
pub(super) fn of_credentials<E: ProvideErrorMetadata, R>(
    operation: &'static str,
    error: &SdkError<E, R>,
) -> DirectoryError {
    match code(error) {
        Code::Service(
            code @ ("NotAuthorizedException"
            | "UserNotFoundException"
            | "UserNotConfirmedException"
            | "PasswordResetRequiredException"
            | "RefreshTokenReuseException"),
        ) => DirectoryError::Refused(code.to_owned()),
        _ => failure(operation, error),
    }
}

/// Whether Cognito may do later what it refuses now.
fn is_passing(code: &str) -> bool {
    matches!(
        code,
        "TooManyRequestsException"
            | "InternalErrorException"
            | "InternalFailure"
            | "ServiceUnavailable"
            | "ThrottlingException"
            | "Throttling"
            | "RequestExpired"
    )
}
