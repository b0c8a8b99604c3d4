//! Problem details (RFC 9457): every error that the HTTP API can answer with, in one place.

use serde::Serialize;
use serde::ser::{SerializeSeq, SerializeStruct};

use crate::row::RowError;

/// The kinds of problem: each has a stable `type`, a title and a status. `docs/api.md` explains
/// them to users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The body is not JSON text in UTF-8, or is nested too deeply.
    InvalidJson,
    /// The body is JSON, but not of the shape that the endpoint takes.
    WrongShape,
    /// The request names a table that the dictionary does not have.
    UnknownTable,
    /// The batch has no rows, or more than [`crate::batch::MAX_ROWS`].
    RowCount,
    /// A query parameter is unknown, repeated, of the wrong type or out of range.
    InvalidParameter,
    /// The row breaks rules of its table.
    InvalidRow,
    /// Other rows refer to the row.
    Referenced,
    /// The file cannot be uploaded as it is called, or as its settings say.
    InvalidUpload,
    /// Parts of the file are missing.
    IncompleteUpload,
    /// The restore's previous tables are not kept, or cannot be swapped in again.
    NothingToUndo,
    /// The header `Idempotency-Key` is invalid.
    InvalidIdempotencyKey,
    /// The key may not do this; the operator's may.
    Forbidden,
    /// The name or the password is wrong, or the account cannot sign in; the answer does not say
    /// which.
    WrongCredentials,
    /// The refresh token has expired, was revoked or is invalid.
    SessionOver,
    /// The password is right; no operator has approved the account yet.
    PendingApproval,
    /// People cannot register here.
    RegistrationClosed,
    /// People with an e-mail address of this domain cannot register here.
    EmailDomain,
    /// The password breaks the rule for passwords.
    Password,
    /// The account is in a state that does not allow this.
    AccountState,
    /// There is nothing at this path, or no such thing.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// No form that the client accepts can be given.
    NotAcceptable,
    /// The first request with the same `Idempotency-Key` is still running.
    IdempotencyKeyInUse,
    /// The `Idempotency-Key` came with another request before.
    IdempotencyKeyReused,
    /// The body is larger than [`crate::batch::MAX_BODY_BYTES`].
    PayloadTooLarge,
    /// The body is not declared as JSON.
    UnsupportedMediaType,
    /// The body cannot be unpacked.
    InvalidEncoding,
    /// A condition in the headers does not hold (RFC 9110, section 13).
    PreconditionFailed,
    /// The body is encoded in a way that is not supported.
    UnsupportedEncoding,
    /// The key sends more requests than it may. API Gateway answers this itself; the container has
    /// to.
    Throttled,
    /// The answer would be larger than a function can give.
    ResultTooLarge,
    /// The database is resuming or away; the same request may succeed later.
    Unavailable,
    /// The database answers, but migrations that this version needs are not applied yet.
    SchemaBehind,
    /// An error that is not the client's fault, and whose cause is not disclosed.
    Internal,
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: [Self; 34] = [
        Self::InvalidJson,
        Self::WrongShape,
        Self::UnknownTable,
        Self::RowCount,
        Self::InvalidParameter,
        Self::InvalidRow,
        Self::Referenced,
        Self::InvalidUpload,
        Self::IncompleteUpload,
        Self::NothingToUndo,
        Self::InvalidIdempotencyKey,
        Self::Forbidden,
        Self::WrongCredentials,
        Self::SessionOver,
        Self::PendingApproval,
        Self::RegistrationClosed,
        Self::EmailDomain,
        Self::Password,
        Self::AccountState,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::IdempotencyKeyInUse,
        Self::IdempotencyKeyReused,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidEncoding,
        Self::PreconditionFailed,
        Self::UnsupportedEncoding,
        Self::Throttled,
        Self::ResultTooLarge,
        Self::Unavailable,
        Self::SchemaBehind,
        Self::Internal,
    ];

    /// Returns the stable URI that names the kind.
    pub fn type_uri(self) -> &'static str {
        self.row().0
    }

    /// Returns the HTTP status.
    pub fn status(self) -> u16 {
        self.row().1
    }

    /// Returns a short title, the same for every problem of the kind.
    pub fn title(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::InvalidJson => ("urn:rowgate:problem:invalid-json", 400, "The body is not valid JSON"),
            Self::WrongShape => ("urn:rowgate:problem:wrong-shape", 400, "The body has the wrong shape"),
            Self::UnknownTable => ("urn:rowgate:problem:unknown-table", 400, "Unknown table"),
            Self::RowCount => ("urn:rowgate:problem:row-count", 400, "Too few or too many rows"),
            Self::InvalidParameter => ("urn:rowgate:problem:invalid-parameter", 400, "Invalid parameter"),
            Self::InvalidRow => ("urn:rowgate:problem:invalid-row", 422, "The row breaks rules of its table"),
            Self::Referenced => ("urn:rowgate:problem:referenced", 409, "Other rows refer to the row"),
            Self::InvalidUpload => ("urn:rowgate:problem:invalid-upload", 400, "The file cannot be uploaded"),
            Self::IncompleteUpload => {
                ("urn:rowgate:problem:incomplete-upload", 409, "Parts of the file are missing")
            }
            Self::NothingToUndo => ("urn:rowgate:problem:nothing-to-undo", 409, "There is nothing to undo"),
            Self::InvalidIdempotencyKey => {
                ("urn:rowgate:problem:invalid-idempotency-key", 400, "Invalid idempotency key")
            }
            Self::Forbidden => ("urn:rowgate:problem:forbidden", 403, "Forbidden"),
            Self::WrongCredentials => {
                ("urn:rowgate:problem:wrong-credentials", 401, "Wrong name or password")
            }
            Self::SessionOver => ("urn:rowgate:problem:session-over", 401, "The session is over"),
            Self::PendingApproval => {
                ("urn:rowgate:problem:pending-approval", 403, "The account waits for approval")
            }
            Self::RegistrationClosed => {
                ("urn:rowgate:problem:registration-closed", 403, "Registration is closed")
            }
            Self::EmailDomain => {
                ("urn:rowgate:problem:email-domain", 403, "The e-mail address cannot register")
            }
            Self::Password => ("urn:rowgate:problem:password", 422, "The password breaks the rule"),
            Self::AccountState => {
                ("urn:rowgate:problem:account-state", 409, "The account's state does not allow this")
            }
            Self::NotFound => ("urn:rowgate:problem:not-found", 404, "Not found"),
            Self::MethodNotAllowed => ("urn:rowgate:problem:method-not-allowed", 405, "Method not allowed"),
            Self::NotAcceptable => ("urn:rowgate:problem:not-acceptable", 406, "Not acceptable"),
            Self::IdempotencyKeyInUse => {
                ("urn:rowgate:problem:idempotency-key-in-use", 409, "The idempotency key is in use")
            }
            Self::IdempotencyKeyReused => (
                "urn:rowgate:problem:idempotency-key-reused",
                422,
                "The idempotency key was used for another request",
            ),
            Self::PayloadTooLarge => ("urn:rowgate:problem:payload-too-large", 413, "The body is too large"),
            Self::UnsupportedMediaType => {
                ("urn:rowgate:problem:unsupported-media-type", 415, "The body must be JSON")
            }
            Self::InvalidEncoding => {
                ("urn:rowgate:problem:invalid-encoding", 400, "The body cannot be unpacked")
            }
            Self::PreconditionFailed => {
                ("urn:rowgate:problem:precondition-failed", 412, "A condition of the request does not hold")
            }
            Self::UnsupportedEncoding => {
                ("urn:rowgate:problem:unsupported-encoding", 415, "The body has an unsupported encoding")
            }
            Self::Throttled => ("urn:rowgate:problem:throttled", 429, "Too many requests"),
            Self::ResultTooLarge => ("urn:rowgate:problem:result-too-large", 400, "The result is too large"),
            Self::Unavailable => {
                ("urn:rowgate:problem:unavailable", 503, "The database is not available right now")
            }
            Self::SchemaBehind => {
                ("urn:rowgate:problem:schema-behind", 503, "The database's schema is behind")
            }
            Self::Internal => ("urn:rowgate:problem:internal", 500, "Internal error"),
        }
    }
}

/// One problem, as a client sees it: `{"type", "title", "status", "detail", "errors"}`, `errors`
/// only where there are several or where a parameter or column can be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind of problem.
    pub kind: ProblemKind,
    /// The problem with this request, and the correct form if that helps.
    pub detail: String,
    /// The single mistakes, in an order that does not depend on the request's.
    pub errors: Vec<ProblemDetail>,
    /// The errors of the row that was sent, in its table's column order; also among `errors`.
    pub row_errors: Vec<RowDetail>,
}

/// One of several mistakes in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemDetail {
    /// The query parameter that is wrong.
    pub parameter: String,
    /// The problem.
    pub detail: String,
}

/// One of several mistakes in a row: a [`RowError`] that outlives the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowDetail {
    /// The column, by its own name; `None` where the whole row is meant.
    pub column: Option<String>,
    /// The stable code.
    pub code: &'static str,
    /// The problem, without the value.
    pub message: String,
}

impl From<&RowError<'_>> for RowDetail {
    fn from(error: &RowError<'_>) -> Self {
        let column = error.column.as_deref().map(str::to_owned);
        Self { column, code: error.code().as_str(), message: error.to_string() }
    }
}

impl Problem {
    /// Creates a problem with nothing more to list.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), row_errors: Vec::new() }
    }

    /// Returns the problem of a row with these mistakes.
    pub fn invalid_row(errors: &[RowError<'_>]) -> Self {
        let row_errors: Vec<RowDetail> = errors.iter().map(RowDetail::from).collect();
        let detail = match &row_errors[..] {
            [only] => format!("The row cannot be taken: {}.", only.message),
            several => format!("The row cannot be taken for {} reasons; errors has them all.", several.len()),
        };
        Self { row_errors, ..Self::new(ProblemKind::InvalidRow, detail) }
    }

    /// Returns the problem that tells nothing of its cause; the cause belongs in the log.
    pub fn internal() -> Self {
        Self::new(
            ProblemKind::Internal,
            "Something failed on our side; the request id helps the operator to find it.",
        )
    }

    /// Returns the problem of a database that is resuming or away.
    pub fn unavailable() -> Self {
        Self::new(
            ProblemKind::Unavailable,
            "The database is resuming or cannot be reached; nothing was changed. Try again after Retry-After.",
        )
    }
}

impl Serialize for Problem {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let with_errors = !self.errors.is_empty() || !self.row_errors.is_empty();
        let mut object = serializer.serialize_struct("Problem", 4 + usize::from(with_errors))?;
        object.serialize_field("type", self.kind.type_uri())?;
        object.serialize_field("title", self.kind.title())?;
        object.serialize_field("status", &self.kind.status())?;
        object.serialize_field("detail", &self.detail)?;
        if with_errors {
            let errors = Errors { parameters: &self.errors, row: &self.row_errors };
            object.serialize_field("errors", &errors)?;
        }
        object.end()
    }
}

/// The members of `errors`.
struct Errors<'a> {
    parameters: &'a [ProblemDetail],
    row: &'a [RowDetail],
}

impl Serialize for Errors<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut array = serializer.serialize_seq(Some(self.parameters.len() + self.row.len()))?;
        self.parameters.iter().try_for_each(|error| array.serialize_element(error))?;
        self.row.iter().try_for_each(|error| array.serialize_element(error))?;
        array.end()
    }
}
