//! Problem details (RFC 9457): every error that the HTTP API can answer with, in one place.

use serde::Serialize;
use serde::ser::{SerializeSeq, SerializeStruct};

use crate::row::RowError;

/// Defines [`ProblemKind`]: a line for each kind, with its status, its name and its title.
macro_rules! problem_kinds {
    ($($(#[$attribute:meta])* $kind:ident = $status:literal, $name:literal, $title:literal;)+) => {
        /// The kinds of problem: each has a stable `type`, a title and a status. `docs/api.md`
        /// explains them to users.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ProblemKind {
            $($(#[$attribute])* $kind,)+
        }

        impl ProblemKind {
            /// Every kind.
            pub const ALL: [Self; [$($status),+].len()] = [$(Self::$kind),+];

            fn row(self) -> (&'static str, u16, &'static str) {
                match self {
                    $(Self::$kind => (concat!("urn:rowgate:problem:", $name), $status, $title),)+
                }
            }
        }
    };
}

problem_kinds! {
    /// The body is not JSON text in UTF-8, or is nested too deeply.
    InvalidJson = 400, "invalid-json", "The body is not valid JSON";
    /// The body is JSON, but not of the shape that the endpoint takes.
    WrongShape = 400, "wrong-shape", "The body has the wrong shape";
    /// The request names a table that the dictionary does not have.
    UnknownTable = 400, "unknown-table", "Unknown table";
    /// The batch has no rows, or more than [`crate::batch::MAX_ROWS`].
    RowCount = 400, "row-count", "Too few or too many rows";
    /// A query parameter is unknown, repeated, of the wrong type or out of range.
    InvalidParameter = 400, "invalid-parameter", "Invalid parameter";
    /// The row breaks rules of its table.
    InvalidRow = 422, "invalid-row", "The row breaks rules of its table";
    /// Other rows refer to the row.
    Referenced = 409, "referenced", "Other rows refer to the row";
    /// The file cannot be uploaded as it is called, or as its settings say.
    InvalidUpload = 400, "invalid-upload", "The file cannot be uploaded";
    /// Parts of the file are missing.
    IncompleteUpload = 409, "incomplete-upload", "Parts of the file are missing";
    /// The restore's previous tables are not kept, or cannot be swapped in again.
    NothingToUndo = 409, "nothing-to-undo", "There is nothing to undo";
    /// The header `Idempotency-Key` is invalid.
    InvalidIdempotencyKey = 400, "invalid-idempotency-key", "Invalid idempotency key";
    /// The key may not do this; the operator's may.
    Forbidden = 403, "forbidden", "Forbidden";
    /// The name or the password is wrong, or the account cannot sign in; the answer does not say
    /// which.
    WrongCredentials = 401, "wrong-credentials", "Wrong name or password";
    /// The refresh token has expired, was revoked or is invalid.
    SessionOver = 401, "session-over", "The session is over";
    /// The password is right; no operator has approved the account yet.
    PendingApproval = 403, "pending-approval", "The account waits for approval";
    /// People cannot register here.
    RegistrationClosed = 403, "registration-closed", "Registration is closed";
    /// People with an e-mail address of this domain cannot register here.
    EmailDomain = 403, "email-domain", "The e-mail address cannot register";
    /// The password breaks the rule for passwords.
    Password = 422, "password", "The password breaks the rule";
    /// The account is in a state that does not allow this.
    AccountState = 409, "account-state", "The account's state does not allow this";
    /// There is nothing at this path, or no such thing.
    NotFound = 404, "not-found", "Not found";
    /// The path exists, the method does not.
    MethodNotAllowed = 405, "method-not-allowed", "Method not allowed";
    /// No form that the client accepts can be given.
    NotAcceptable = 406, "not-acceptable", "Not acceptable";
    /// The first request with the same `Idempotency-Key` is still running.
    IdempotencyKeyInUse = 409, "idempotency-key-in-use", "The idempotency key is in use";
    /// The `Idempotency-Key` came with another request before.
    IdempotencyKeyReused = 422, "idempotency-key-reused", "The idempotency key was used for another request";
    /// The body is larger than [`crate::batch::MAX_BODY_BYTES`].
    PayloadTooLarge = 413, "payload-too-large", "The body is too large";
    /// The body is not declared as JSON.
    UnsupportedMediaType = 415, "unsupported-media-type", "The body must be JSON";
    /// The body cannot be unpacked.
    InvalidEncoding = 400, "invalid-encoding", "The body cannot be unpacked";
    /// A condition in the headers does not hold (RFC 9110, section 13).
    PreconditionFailed = 412, "precondition-failed", "A condition of the request does not hold";
    /// The body is encoded in a way that is not supported.
    UnsupportedEncoding = 415, "unsupported-encoding", "The body has an unsupported encoding";
    /// The key sends more requests than it may. API Gateway answers this itself; the container has
    /// to.
    Throttled = 429, "throttled", "Too many requests";
    /// The answer would be larger than a function can give.
    ResultTooLarge = 400, "result-too-large", "The result is too large";
    /// The database is resuming or away; the same request may succeed later.
    Unavailable = 503, "unavailable", "The database is not available right now";
    /// The database answers, but migrations that this version needs are not applied yet.
    SchemaBehind = 503, "schema-behind", "The database's schema is behind";
    /// An error that is not the client's fault, and whose cause is not disclosed.
    Internal = 500, "internal", "Internal error";
}

impl ProblemKind {
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

    /// Returns the problem that discloses nothing of its cause; the cause belongs in the log.
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
