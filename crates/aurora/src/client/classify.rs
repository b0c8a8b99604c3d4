//! From what the SDK reports to an error class.

use std::error::Error as StdError;
use std::io;

use aws_sdk_rdsdata::config::http::HttpResponse;
use aws_sdk_rdsdata::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::error::Error;
use super::mysql;

/// Classifies an SDK error of any operation.
pub(crate) fn classify<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            let error = context.err();
            by_answer(error.code(), status, error.message().unwrap_or_default())
        }
        // An answer that is not the service's (a proxy's page, a cut body): only its status says
        // something.
        SdkError::ResponseError(context) => {
            let status = context.raw().status().as_u16();
            let message = format!("HTTP {status} with an answer that cannot be read");
            match by_status(status, &message) {
                Some(error) => error,
                None => Error::Unavailable {
                    message,
                    may_have_run: true,
                    source: Some(Box::new(SdkError::<E, _>::ResponseError(context))),
                },
            }
        }
        SdkError::ConstructionFailure(_) => {
            Error::Configuration { message: DisplayErrorContext(error).to_string() }
        }
        SdkError::TimeoutError(_) => Error::Unavailable {
            message: "no answer in time".to_owned(),
            may_have_run: true,
            source: Some(Box::new(error)),
        },
        error => {
            let refused = connection_refused(&error);
            let message = if refused { "connection refused" } else { "the connection broke" }.to_owned();
            Error::Unavailable { message, may_have_run: !refused, source: Some(Box::new(error)) }
        }
    }
}

/// Classifies an error answer by its code (the exception's name), its HTTP status and its message.
fn by_answer(code: Option<&str>, status: u16, message: &str) -> Error {
    let owned =
        || if message.is_empty() { code.unwrap_or("no message").to_owned() } else { message.to_owned() };
    let away = || Error::Unavailable { message: owned(), may_have_run: true, source: None };
    match code.unwrap_or_default() {
        "DatabaseResumingException" => Error::Resuming { message: owned() },
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "SlowDown" => Error::Throttled { message: owned() },
        "DatabaseUnavailableException"
        | "ServiceUnavailableError"
        | "ServiceUnavailableException"
        | "InternalServerErrorException"
        | "InternalServerError"
        | "InternalFailure"
        | "InvalidResourceStateException" => away(),
        "StatementTimeoutException" => Error::StatementTimeout { message: owned() },
        "UnsupportedResultException" if tells_of_size(message) => Error::TooLarge { message: owned() },
        "UnsupportedResultException" => Error::Sql { code: None, message: owned() },
        "RequestEntityTooLargeException" => Error::TooLarge { message: owned() },
        "TransactionNotFoundException" => Error::TransactionLost { message: owned() },
        "AccessDeniedException" | "ForbiddenException" => Error::AccessDenied { message: owned() },
        // "RDS Data API timed out retrieving the secret" passes; a missing or undecipherable secret
        // does not.
        "SecretsErrorException" if message.to_ascii_lowercase().contains("timed out") => {
            Error::Unavailable { message: owned(), may_have_run: false, source: None }
        }
        "SecretsErrorException"
        | "InvalidSecretException"
        | "DatabaseNotFoundException"
        | "HttpEndpointNotEnabledException" => Error::Configuration { message: owned() },
        // For a COMMIT or ROLLBACK "the resourceArn, secretArn, or transactionId value can't be
        // found".
        "NotFoundException" => match mysql::classify(message) {
            lost @ Error::TransactionLost { .. } => lost,
            _ => Error::Configuration { message: owned() },
        },
        "DatabaseErrorException" | "BadRequestException" => mysql::classify(message),
        _ => by_status(status, &owned()).unwrap_or_else(|| Error::Sql { code: None, message: owned() }),
    }
}

/// Returns true if a message is about a size: a result over 1 MiB "exceeded size limit", a row over
/// 64 KB is a "packet too large"; the same exception names data types that the service does not
/// know.
fn tells_of_size(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("size") || message.contains("too large")
}

fn by_status(status: u16, message: &str) -> Option<Error> {
    let message = message.to_owned();
    match status {
        401 | 403 => Some(Error::AccessDenied { message }),
        408 | 504 => Some(Error::Unavailable { message, may_have_run: true, source: None }),
        413 => Some(Error::TooLarge { message }),
        429 => Some(Error::Throttled { message }),
        500.. => Some(Error::Unavailable { message, may_have_run: true, source: None }),
        _ => None,
    }
}

/// Returns true if nothing was sent because the connection was refused: the one transport error
/// that proves a statement did not run.
fn connection_refused(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused) {
            return true;
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(code: &str, status: u16, message: &str) -> &'static str {
        by_answer(Some(code), status, message).class()
    }

    #[test]
    fn tells_the_service_errors_apart_by_name() {
        let paused = "The Aurora DB instance db-ABC is resuming after being auto-paused. Please wait a few seconds and try again.";
        assert_eq!(class("DatabaseResumingException", 400, paused), "resuming");
        assert_eq!(class("ThrottlingException", 400, "Rate exceeded"), "throttled");
        assert_eq!(class("DatabaseUnavailableException", 504, ""), "unavailable");
        assert_eq!(class("ServiceUnavailableError", 503, ""), "unavailable");
        assert_eq!(class("InternalServerErrorException", 500, ""), "unavailable");
        assert_eq!(class("StatementTimeoutException", 400, "Request timed out"), "statement_timeout");
        assert_eq!(
            class("TransactionNotFoundException", 404, "Transaction x is not found"),
            "transaction_lost"
        );
        assert_eq!(class("AccessDeniedException", 403, ""), "access_denied");
        assert_eq!(class("ForbiddenException", 403, ""), "access_denied");
        assert_eq!(class("DatabaseNotFoundException", 404, ""), "configuration");
        assert_eq!(class("HttpEndpointNotEnabledException", 400, ""), "configuration");
        assert_eq!(class("UnsupportedResultException", 400, "The result size was too large"), "too_large");
        let row = "Packet for query is too large (65537 > 65536).";
        assert_eq!(class("UnsupportedResultException", 400, row), "too_large");
        assert_eq!(
            class("UnsupportedResultException", 400, "The result contains an unsupported data type"),
            "sql"
        );
        assert_eq!(
            class("SecretsErrorException", 400, "RDS Data API timed out retrieving the secret"),
            "unavailable"
        );
        assert_eq!(class("SecretsErrorException", 400, "The secret wasn't found"), "configuration");
    }

    #[test]
    fn decides_alike_for_both_names_of_a_database_error() {
        let message = "Duplicate entry '1' for key 'PRIMARY'; Error code: 1062; SQLState: 23000";
        assert_eq!(class("DatabaseErrorException", 400, message), "duplicate_key");
        assert_eq!(class("BadRequestException", 400, message), "duplicate_key");
        let message = "Database error code: 1213. Message: Deadlock found when trying to get lock; try restarting transaction";
        assert_eq!(class("DatabaseErrorException", 400, message), "deadlock");
        assert_eq!(class("BadRequestException", 400, message), "deadlock");
        let message = "Transaction has been aborted due to an error from a previous call";
        for name in [
            "DatabaseErrorException",
            "BadRequestException",
            "NotFoundException",
            "TransactionNotFoundException",
        ] {
            assert_eq!(class(name, 400, message), "transaction_lost", "{name}");
        }
    }

    #[test]
    fn falls_back_to_the_status_for_names_it_does_not_know() {
        assert_eq!(class("SomethingNew", 503, ""), "unavailable");
        assert_eq!(class("SomethingNew", 429, ""), "throttled");
        assert_eq!(class("ExpiredTokenException", 403, ""), "access_denied");
        assert_eq!(class("SomethingNew", 400, ""), "sql");
        assert_eq!(by_answer(None, 502, "").class(), "unavailable");
    }
}
