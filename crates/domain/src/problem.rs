//! Problem details (RFC 9457): every error that the HTTP API can answer with, in one place.

use serde::Serialize;
use serde::ser::{SerializeSeq, SerializeStruct};

use crate::row::RowError;

/// The kinds of problem: each has a stable `type`, a title and a status. `docs/api.md` explains them to users.
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
    /// No table is kept as it was before the restore, or it cannot be put back.
    NothingToUndo,
    /// The header `Idempotency-Key` is no key.
    InvalidIdempotencyKey,
    /// The key may not do this; the operator's may.
    Forbidden,
    /// The name or the password is wrong, or the account cannot sign in; nobody is told which.
    WrongCredentials,
    /// The refresh token is over, was taken back or is none.
    SessionOver,
    /// The password is right; no operator has approved the account yet.
    PendingApproval,
    /// People cannot register here.
    RegistrationClosed,
    /// People with an e-mail address of this domain cannot register here.
    EmailDomain,
    /// The password breaks the rule for passwords.
    Password,
    /// The account is in a state in which this cannot be done to it.
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
    /// The answer would be larger than a function can give.
    ResultTooLarge,
    /// The database is resuming or away; the same request may succeed later.
    Unavailable,
    /// The database answers, but migrations that this version needs are not applied yet.
    SchemaBehind,
    /// Something failed that is not the client's fault and not told to it.
    Internal,
}

impl ProblemKind {
    /// The stable URI that names the kind.
    pub fn type_uri(self) -> &'static str {
        match self {
            Self::InvalidJson => "urn:rowgate:problem:invalid-json",
            Self::WrongShape => "urn:rowgate:problem:wrong-shape",
            Self::UnknownTable => "urn:rowgate:problem:unknown-table",
            Self::RowCount => "urn:rowgate:problem:row-count",
            Self::InvalidParameter => "urn:rowgate:problem:invalid-parameter",
            Self::InvalidRow => "urn:rowgate:problem:invalid-row",
            Self::Referenced => "urn:rowgate:problem:referenced",
            Self::InvalidUpload => "urn:rowgate:problem:invalid-upload",
            Self::IncompleteUpload => "urn:rowgate:problem:incomplete-upload",
            Self::NothingToUndo => "urn:rowgate:problem:nothing-to-undo",
            Self::InvalidIdempotencyKey => "urn:rowgate:problem:invalid-idempotency-key",
            Self::Forbidden => "urn:rowgate:problem:forbidden",
            Self::WrongCredentials => "urn:rowgate:problem:wrong-credentials",
            Self::SessionOver => "urn:rowgate:problem:session-over",
            Self::PendingApproval => "urn:rowgate:problem:pending-approval",
            Self::RegistrationClosed => "urn:rowgate:problem:registration-closed",
            Self::EmailDomain => "urn:rowgate:problem:email-domain",
            Self::Password => "urn:rowgate:problem:password",
            Self::AccountState => "urn:rowgate:problem:account-state",
            Self::NotFound => "urn:rowgate:problem:not-found",
            Self::MethodNotAllowed => "urn:rowgate:problem:method-not-allowed",
            Self::NotAcceptable => "urn:rowgate:problem:not-acceptable",
            Self::IdempotencyKeyInUse => "urn:rowgate:problem:idempotency-key-in-use",
            Self::IdempotencyKeyReused => "urn:rowgate:problem:idempotency-key-reused",
            Self::PayloadTooLarge => "urn:rowgate:problem:payload-too-large",
            Self::UnsupportedMediaType => "urn:rowgate:problem:unsupported-media-type",
            Self::ResultTooLarge => "urn:rowgate:problem:result-too-large",
            Self::Unavailable => "urn:rowgate:problem:unavailable",
            Self::SchemaBehind => "urn:rowgate:problem:schema-behind",
            Self::Internal => "urn:rowgate:problem:internal",
        }
    }

    /// A short title, the same for every problem of the kind.
    pub fn title(self) -> &'static str {
        match self {
            Self::InvalidJson => "The body is not valid JSON",
            Self::WrongShape => "The body has the wrong shape",
            Self::UnknownTable => "Unknown table",
            Self::RowCount => "Too few or too many rows",
            Self::InvalidParameter => "Invalid parameter",
            Self::InvalidRow => "The row breaks rules of its table",
            Self::Referenced => "Other rows refer to the row",
            Self::InvalidUpload => "The file cannot be uploaded",
            Self::IncompleteUpload => "Parts of the file are missing",
            Self::NothingToUndo => "There is nothing to undo",
            Self::InvalidIdempotencyKey => "Invalid idempotency key",
            Self::Forbidden => "Forbidden",
            Self::WrongCredentials => "Wrong name or password",
            Self::SessionOver => "The session is over",
            Self::PendingApproval => "The account waits for approval",
            Self::RegistrationClosed => "Registration is closed",
            Self::EmailDomain => "The e-mail address cannot register",
            Self::Password => "The password breaks the rule",
            Self::AccountState => "The account's state does not allow this",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::NotAcceptable => "Not acceptable",
            Self::IdempotencyKeyInUse => "The idempotency key is in use",
            Self::IdempotencyKeyReused => "The idempotency key was used for another request",
            Self::PayloadTooLarge => "The body is too large",
            Self::UnsupportedMediaType => "The body must be JSON",
            Self::ResultTooLarge => "The result is too large",
            Self::Unavailable => "The database is not available right now",
            Self::SchemaBehind => "The database's schema is behind",
            Self::Internal => "Internal error",
        }
    }

    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidJson
            | Self::WrongShape
            | Self::UnknownTable
            | Self::RowCount
            | Self::InvalidParameter
            | Self::InvalidIdempotencyKey
            | Self::InvalidUpload
            | Self::ResultTooLarge => 400,
            Self::WrongCredentials | Self::SessionOver => 401,
            Self::Forbidden | Self::PendingApproval | Self::RegistrationClosed | Self::EmailDomain => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::Referenced
            | Self::IncompleteUpload
            | Self::NothingToUndo
            | Self::IdempotencyKeyInUse
            | Self::AccountState => 409,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::InvalidRow | Self::IdempotencyKeyReused | Self::Password => 422,
            Self::Unavailable | Self::SchemaBehind => 503,
            Self::Internal => 500,
        }
    }
}

/// One problem, as a client sees it: `{"type", "title", "status", "detail", "errors"}`, `errors` only where there
/// are several or where a parameter or column can be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which kind of problem.
    pub kind: ProblemKind,
    /// What is wrong with this request, and where it helps, what would be right.
    pub detail: String,
    /// The single mistakes, in an order that does not depend on the request's.
    pub errors: Vec<ProblemDetail>,
    /// What is wrong with the row that was sent, in its table's column order; among `errors` as well.
    pub row_errors: Vec<RowDetail>,
}

/// One of several mistakes in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemDetail {
    /// The query parameter that is wrong.
    pub parameter: String,
    /// What is wrong with it.
    pub detail: String,
}

/// One of several mistakes in a row: a [`RowError`] that outlives the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowDetail {
    /// The column, by its own name; `None` where the whole row is meant.
    pub column: Option<String>,
    /// The stable code.
    pub code: &'static str,
    /// What is wrong, without the value.
    pub message: String,
}

impl From<&RowError<'_>> for RowDetail {
    fn from(error: &RowError<'_>) -> Self {
        let column = error.column.as_deref().map(str::to_owned);
        Self { column, code: error.code().as_str(), message: error.to_string() }
    }
}

impl Problem {
    /// A problem with nothing more to list.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), row_errors: Vec::new() }
    }

    /// The problem of a row with these mistakes.
    pub fn invalid_row(errors: &[RowError<'_>]) -> Self {
        let row_errors: Vec<RowDetail> = errors.iter().map(RowDetail::from).collect();
        let detail = match &row_errors[..] {
            [only] => format!("The row cannot be taken: {}.", only.message),
            several => format!("The row cannot be taken for {} reasons; errors has them all.", several.len()),
        };
        Self { row_errors, ..Self::new(ProblemKind::InvalidRow, detail) }
    }

    /// The problem that tells nothing of its cause; the cause belongs in the log.
    pub fn internal() -> Self {
        Self::new(
            ProblemKind::Internal,
            "Something failed on our side; the request id helps the operator to find it.",
        )
    }

    /// The problem of a database that is resuming or away.
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
