//! Errors of Cognito.

use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};

use crate::directory::DirectoryError;

/// Why a call has no answer, in place of a code.
const TIMED_OUT: &str = "time-out";
const NOT_REACHED: &str = "not reached";
const UNREADABLE: &str = "unreadable answer";
const NOT_SENT: &str = "not sent";

/// Returns Cognito's code, or the reason why there is none. The error's message is ignored: it may
/// quote the request.
pub(super) fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> &str {
    match error {
        SdkError::ServiceError(error) => error.err().code().unwrap_or("unknown"),
        SdkError::TimeoutError(_) => TIMED_OUT,
        SdkError::DispatchFailure(_) => NOT_REACHED,
        SdkError::ResponseError(_) => UNREADABLE,
        _ => NOT_SENT,
    }
}

/// Classifies the error of any call.
pub(super) fn failure<E: ProvideErrorMetadata, R>(
    operation: &'static str,
    error: &SdkError<E, R>,
) -> DirectoryError {
    match code(error) {
        "UserNotFoundException" => DirectoryError::NoUser,
        code if is_passing(code) => DirectoryError::Busy { operation, code: code.to_owned() },
        code => DirectoryError::Failed { operation, code: code.to_owned() },
    }
}

/// Classifies the error of a sign-in. A wrong name, password or token is always the same refusal;
/// only the log has the code. `InvalidParameterException` is different: invalid names and passwords
/// are not sent, so it says that the pool's client lacks the flow, and all sign-ins fail.
pub(super) fn of_credentials<E: ProvideErrorMetadata, R>(
    operation: &'static str,
    error: &SdkError<E, R>,
) -> DirectoryError {
    match code(error) {
        code @ ("NotAuthorizedException"
        | "UserNotFoundException"
        | "UserNotConfirmedException"
        | "PasswordResetRequiredException"
        | "RefreshTokenReuseException") => DirectoryError::Refused(code.to_owned()),
        _ => failure(operation, error),
    }
}

/// Returns true if the same call may succeed later.
fn is_passing(code: &str) -> bool {
    matches!(
        code,
        TIMED_OUT
            | NOT_REACHED
            | UNREADABLE
            | NOT_SENT
            | "TooManyRequestsException"
            | "InternalErrorException"
            | "InternalFailure"
            | "ServiceUnavailable"
            | "ThrottlingException"
            | "Throttling"
            | "RequestExpired"
    )
}
