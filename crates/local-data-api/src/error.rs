//! The service's errors: names, HTTP codes and bodies as its model declares them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident, $status:literal, $message:literal;)*) => {
        /// The name of an error, as the service's model (or its front door) spells it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorKind {
            $($(#[$doc])* $name,)*
        }

        impl ErrorKind {
            /// Every error that the server can answer with or inject.
            pub const ALL: &[ErrorKind] = &[$(ErrorKind::$name,)*];

            /// The name that clients see in `x-amzn-errortype`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(ErrorKind::$name => stringify!($name),)* }
            }

            /// The HTTP status that the model binds to the error.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(ErrorKind::$name => $status,)* }
            }

            /// Returns true if the model gives the error a `message`; three have an empty body.
            pub(crate) const fn has_message(self) -> bool {
                match self { $(ErrorKind::$name => $message,)* }
            }
        }
    };
}

kinds! {
    /// The caller may not read the secret.
    AccessDeniedException, 403, true;
    /// An error in the call. Serverless v1 also reports the database's errors with this name.
    BadRequestException, 400, true;
    /// The database refused the statement, or the transaction is busy.
    DatabaseErrorException, 400, true;
    /// The cluster has no instance.
    DatabaseNotFoundException, 404, true;
    /// The cluster is waking up from its automatic pause.
    DatabaseResumingException, 400, true;
    /// The writer instance cannot be reached.
    DatabaseUnavailableException, 504, false;
    /// The caller lacks a permission.
    ForbiddenException, 403, true;
    /// The Data API is not enabled for the cluster that was named.
    HttpEndpointNotEnabledException, 400, true;
    /// Something went wrong inside the service.
    InternalServerErrorException, 500, false;
    /// The resource is in a state that does not allow the call.
    InvalidResourceStateException, 400, true;
    /// The secret holds no user name and password.
    InvalidSecretException, 400, true;
    /// A resource, secret or transaction cannot be found.
    NotFoundException, 404, true;
    /// The secret cannot be found or read.
    SecretsErrorException, 400, true;
    /// The service is away.
    ServiceUnavailableError, 503, false;
    /// The call took longer than it may.
    StatementTimeoutException, 400, true;
    /// The transaction is unknown or has ended.
    TransactionNotFoundException, 404, true;
    /// The result has a type that is not supported or is too large.
    UnsupportedResultException, 400, true;
    /// Too many requests; from the front door, in no operation's model.
    ThrottlingException, 400, true;
    /// A member breaks a constraint of the model; from the front door.
    ValidationException, 400, true;
    /// The body is not the JSON of the operation; from the front door.
    SerializationException, 400, true;
    /// The request is larger than the service reads; from the front door.
    RequestEntityTooLargeException, 413, true;
    /// No operation has this method and path; from the front door.
    UnknownOperationException, 404, true;
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ErrorKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| format!("the service has no error named {name:?}"))
    }
}

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    /// Only `StatementTimeoutException` carries it.
    pub(crate) db_connection_id: Option<u32>,
}

impl ApiError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), db_connection_id: None }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadRequestException, message)
    }

    /// A constraint of the model is broken; the wording is that of the service's own validation.
    pub(crate) fn validation(value: &str, member: &str, constraint: &str) -> Self {
        Self::new(
            ErrorKind::ValidationException,
            format!(
                "1 validation error detected: Value{}{value} at '{member}' failed to satisfy constraint: \
                 Member must {constraint}",
                if value.is_empty() { "" } else { " " },
            ),
        )
    }

    pub(crate) fn unavailable(why: &dyn fmt::Display) -> Self {
        Self::new(ErrorKind::DatabaseUnavailableException, why.to_string())
    }

    pub(crate) fn timeout(db_connection_id: Option<u32>) -> Self {
        Self {
            kind: ErrorKind::StatementTimeoutException,
            message: "Request timed out".to_owned(),
            db_connection_id,
        }
    }

    /// The JSON body of the answer.
    pub(crate) fn body(&self) -> Vec<u8> {
        if !self.kind.has_message() {
            return b"{}".to_vec();
        }
        let mut body = serde_json::json!({ "message": self.message });
        if let Some(id) = self.db_connection_id {
            body["dbConnectionId"] = id.into();
        }
        body.to_string().into_bytes()
    }
}

/// The wording of failures in the database: its own errors, results that are too large,
/// transactions that are gone. Public reports show each of these forms (the README names them), so
/// clients must understand all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ErrorStyle {
    /// `DatabaseErrorException`,
    /// `Duplicate entry '1' for key 'PRIMARY'; Error code: 1062; SQLState: 23000`.
    #[default]
    Current,
    /// Without the state: `DatabaseErrorException`,
    /// `Duplicate entry '1' for key 'PRIMARY'; Error code: 1062`.
    NumberOnly,
    /// Without the number: `DatabaseErrorException`,
    /// `Duplicate entry '1' for key 'PRIMARY'; SQLState: 23000`.
    StateOnly,
    /// The database's words alone: `DatabaseErrorException`,
    /// `Duplicate entry '1' for key 'PRIMARY'`.
    Bare,
    /// As Aurora Serverless v1 did from 2020 on: `BadRequestException`,
    /// `Database error code: 1062. Message: Duplicate entry '1' for key 'PRIMARY'`.
    V1,
    /// As Aurora Serverless v1 did in the end: `BadRequestException`, with the words of
    /// [`Current`](Self::Current).
    V1Late,
}

/// The limit that a result exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooLarge {
    /// A row of this many bytes, where this many are allowed.
    Row(usize, usize),
    /// All rows together.
    Result,
}

impl ErrorStyle {
    /// Every form.
    pub const ALL: &[Self] =
        &[Self::Current, Self::NumberOnly, Self::StateOnly, Self::Bare, Self::V1, Self::V1Late];

    /// The answer for an error of the database.
    pub(crate) fn database_error(self, error: &mysql_async::ServerError) -> ApiError {
        let mysql_async::ServerError { code, message, state } = error;
        let text = match self {
            Self::Current | Self::V1Late => format!("{message}; Error code: {code}; SQLState: {state}"),
            Self::NumberOnly => format!("{message}; Error code: {code}"),
            Self::StateOnly => format!("{message}; SQLState: {state}"),
            Self::Bare => message.clone(),
            Self::V1 => format!("Database error code: {code}. Message: {message}"),
        };
        self.failure(ErrorKind::DatabaseErrorException, text)
    }

    /// The answer for a result that is too large.
    pub(crate) fn too_large(self, what: TooLarge) -> ApiError {
        let text = match (what, self) {
            (TooLarge::Row(bytes, limit), _) => format!("Packet for query is too large ({bytes} > {limit})."),
            (TooLarge::Result, Self::Current | Self::NumberOnly) => {
                "Database response exceeded size limit".to_owned()
            }
            (TooLarge::Result, Self::StateOnly | Self::Bare) => {
                "The result exceeds the size limit 1 MB".to_owned()
            }
            (TooLarge::Result, Self::V1 | Self::V1Late) => {
                "Database returned more than the allowed response size limit".to_owned()
            }
        };
        self.failure(ErrorKind::UnsupportedResultException, text)
    }

    /// The answer for a call with the id of a transaction that is not there.
    pub(crate) fn lost_transaction(self, id: &str, why: &str) -> ApiError {
        let text = if self.is_v1() {
            format!("Transaction {id} is not found")
        } else {
            format!("Transaction {id} is not found. {why}.")
        };
        self.failure(ErrorKind::TransactionNotFoundException, text)
    }

    fn is_v1(self) -> bool {
        matches!(self, Self::V1 | Self::V1Late)
    }

    /// Version 1 has one name for all of these errors.
    fn failure(self, kind: ErrorKind, message: String) -> ApiError {
        if self.is_v1() { ApiError::bad_request(message) } else { ApiError::new(kind, message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_again() {
        for kind in ErrorKind::ALL {
            assert_eq!(kind.name().parse(), Ok(*kind));
        }
        assert!("NoSuchError".parse::<ErrorKind>().is_err());
    }

    #[test]
    fn errors_without_a_message_have_an_empty_body() {
        assert_eq!(ApiError::unavailable(&"gone").body(), b"{}");
        assert_eq!(
            ApiError::timeout(Some(7)).body(),
            br#"{"message":"Request timed out","dbConnectionId":7}"#
        );
    }

    #[test]
    fn each_style_words_errors_as_reports_show_them() {
        let error = mysql_async::ServerError {
            code: 1062,
            message: "Duplicate entry '1' for key 'PRIMARY'".into(),
            state: "23000".into(),
        };
        let answers = |style: ErrorStyle| {
            let answers = [
                style.database_error(&error),
                style.too_large(TooLarge::Result),
                style.lost_transaction("AbC=", "Transaction may be expired"),
            ];
            answers.map(|answer| format!("{}: {}", answer.kind, answer.message))
        };
        assert_eq!(
            answers(ErrorStyle::Current),
            [
                "DatabaseErrorException: Duplicate entry '1' for key 'PRIMARY'; Error code: 1062; SQLState: 23000",
                "UnsupportedResultException: Database response exceeded size limit",
                "TransactionNotFoundException: Transaction AbC= is not found. Transaction may be expired.",
            ]
        );
        assert_eq!(
            answers(ErrorStyle::NumberOnly)[0],
            "DatabaseErrorException: Duplicate entry '1' for key 'PRIMARY'; Error code: 1062"
        );
        assert_eq!(
            answers(ErrorStyle::StateOnly)[..2],
            [
                "DatabaseErrorException: Duplicate entry '1' for key 'PRIMARY'; SQLState: 23000",
                "UnsupportedResultException: The result exceeds the size limit 1 MB",
            ]
        );
        assert_eq!(
            answers(ErrorStyle::Bare)[0],
            "DatabaseErrorException: Duplicate entry '1' for key 'PRIMARY'"
        );
        assert_eq!(
            answers(ErrorStyle::V1),
            [
                "BadRequestException: Database error code: 1062. Message: Duplicate entry '1' for key 'PRIMARY'",
                "BadRequestException: Database returned more than the allowed response size limit",
                "BadRequestException: Transaction AbC= is not found",
            ]
        );
        assert_eq!(
            answers(ErrorStyle::V1Late)[0],
            "BadRequestException: Duplicate entry '1' for key 'PRIMARY'; Error code: 1062; SQLState: 23000"
        );
        let row = ErrorStyle::Current.too_large(TooLarge::Row(65_537, 65_536));
        assert_eq!(row.message, "Packet for query is too large (65537 > 65536).");
    }
}
