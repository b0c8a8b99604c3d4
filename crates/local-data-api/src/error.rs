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

            /// Whether the model gives the error a `message`; three have an empty body.
            #[must_use]
            pub const fn has_message(self) -> bool {
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

/// How the database's own errors are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ErrorStyle {
    /// As Aurora Serverless v2 and provisioned clusters do:
    /// `DatabaseErrorException`, `Duplicate entry '1' for key 'PRIMARY'; Error code: 1062; SQLState: 23000`.
    #[default]
    Current,
    /// As Aurora Serverless v1 did:
    /// `BadRequestException`, `Database error code: 1062. Message: Duplicate entry '1' for key 'PRIMARY'`.
    V1,
}

impl ErrorStyle {
    /// The answer for an error of the database.
    pub(crate) fn database_error(self, error: &mysql_async::ServerError) -> ApiError {
        let mysql_async::ServerError { code, message, state } = error;
        match self {
            Self::Current => ApiError::new(
                ErrorKind::DatabaseErrorException,
                format!("{message}; Error code: {code}; SQLState: {state}"),
            ),
            Self::V1 => ApiError::bad_request(format!("Database error code: {code}. Message: {message}")),
        }
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
    fn database_errors_carry_the_number_in_both_styles() {
        let error = mysql_async::ServerError {
            code: 1062,
            message: "Duplicate entry '1' for key 'PRIMARY'".into(),
            state: "23000".into(),
        };
        let current = ErrorStyle::Current.database_error(&error);
        assert_eq!(current.kind, ErrorKind::DatabaseErrorException);
        assert_eq!(
            current.message,
            "Duplicate entry '1' for key 'PRIMARY'; Error code: 1062; SQLState: 23000"
        );
        let v1 = ErrorStyle::V1.database_error(&error);
        assert_eq!(v1.kind, ErrorKind::BadRequestException);
        assert_eq!(v1.message, "Database error code: 1062. Message: Duplicate entry '1' for key 'PRIMARY'");
    }
}
