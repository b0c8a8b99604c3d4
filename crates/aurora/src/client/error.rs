use std::error::Error as StdError;

use deadline::Deadline;

/// A cause from the layers below (HTTP client, SDK).
pub(crate) type Cause = Box<dyn StdError + Send + Sync + 'static>;

/// MySQL's `ER_NO_SUCH_TABLE`.
pub(crate) const NO_SUCH_TABLE: u16 = 1146;

/// MySQL's `ER_BAD_FIELD_ERROR`.
pub(crate) const NO_SUCH_COLUMN: u16 = 1054;

/// Errors of the database, classified by what a caller should do about them.
///
/// Retries inside the budget have already happened when a caller sees one of these. Messages may
/// quote values of the statement (a duplicate entry does): they are for logs and the ledger, never
/// for an HTTP answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The cluster was paused and is coming back; the statement did not run. Wait and try again.
    #[error("the database is resuming: {message}")]
    Resuming {
        /// The service's words.
        message: String,
    },

    /// Too many requests; the statement did not run. Back off.
    #[error("the Data API throttled the call: {message}")]
    Throttled {
        /// The service's words.
        message: String,
    },

    /// The service or the database is away: 5xx, a broken or refused connection, a failover. Back
    /// off.
    #[error("the database is not available: {message}")]
    Unavailable {
        /// The symptom.
        message: String,
        /// True if the statement may have run all the same. False only where that is proved
        /// (connection refused, no connection slot, a server that has just become read-only).
        may_have_run: bool,
        /// The transport's error, if there was no answer.
        #[source]
        source: Option<Cause>,
    },

    /// The deadline passed before the call was sent: it did not run.
    #[error("no time left to ask the database")]
    OutOfTime,

    /// The statement ran longer than the service allows (45 s) and was stopped. Do less in one
    /// statement.
    #[error("the statement took too long: {message}")]
    StatementTimeout {
        /// The service's words.
        message: String,
    },

    /// The statement or its answer is over a limit of the service; a statement was refused before
    /// it ran. Do less in one.
    #[error("too large for one call: {message}")]
    TooLarge {
        /// The limit, and by how much it is exceeded if that is known.
        message: String,
    },

    /// A unique key is taken (MySQL 1062); the statement changed nothing.
    #[error("duplicate key: {message}")]
    DuplicateKey {
        /// The database's words: names the entry and the key.
        message: String,
    },

    /// Chosen as a deadlock's victim (MySQL 1213): the whole transaction is rolled back. Also a row
    /// that has changed since the transaction's first read (MariaDB 1020).
    #[error("deadlock: {message}")]
    Deadlock {
        /// The database's words.
        message: String,
    },

    /// Waited too long for a lock (MySQL 1205).
    #[error("lock wait timeout: {message}")]
    LockWaitTimeout {
        /// The database's words.
        message: String,
    },

    /// The transaction no longer exists (idle for 3 minutes, older than 24 h, ended by an earlier
    /// error or a failover), or can only be rolled back because a statement of it failed: none of
    /// its work is in.
    #[error("the transaction is lost: {message}")]
    TransactionLost {
        /// The service's words.
        message: String,
    },

    /// Any other error of the statement itself: bad SQL, a missing table, a value that does not
    /// fit.
    #[error("the database refused the statement: {message}")]
    Sql {
        /// The MySQL error number; `None` where the message has none.
        code: Option<u16>,
        /// The database's words.
        message: String,
    },

    /// The database refused the login (MySQL 1045); the statement did not run. While a password is
    /// rotated, the secret and the database differ for a moment, so this is tried again for
    /// [`LOGIN_TIME`](super::limits::LOGIN_TIME). After that, the secret is wrong.
    #[error(
        "the database refuses the login with the user name and password of the secret ({message}); if the \
         password is not being rotated right now, the secret does not hold the user's password"
    )]
    LoginRefused {
        /// The database's words: they name the user, not the password.
        message: String,
    },

    /// Credentials, privileges or policies do not allow the call.
    #[error("access denied: {message}")]
    AccessDenied {
        /// The service's words.
        message: String,
    },

    /// The cluster, the secret or the client is not set up for the call.
    #[error("the database is not set up for this call: {message}")]
    Configuration {
        /// The problem.
        message: String,
    },

    /// The answer of a COMMIT or of a write outside a transaction was lost: it may be in, or not.
    /// Never tried again blindly; the caller settles it by reading what the write would have left
    /// behind.
    #[error("the outcome of the {write} is unknown: {source}")]
    UnknownOutcome {
        /// The kind of write.
        write: Write,
        /// The error in place of an answer.
        source: Box<Error>,
    },

    /// The answer does not have the form that the query's type promises: a bug in Rowgate.
    #[error("the answer of the database cannot be read: {source}")]
    Answer {
        /// The mismatch.
        #[from]
        source: serde_json::Error,
    },
}

/// The writes whose outcome a lost answer leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// The end of a transaction.
    Commit,
    /// A statement outside a transaction.
    Statement,
}

impl std::fmt::Display for Write {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Commit => "commit",
            Self::Statement => "write",
        })
    }
}

impl Error {
    /// Returns true if the same work, done again from its start (the whole transaction, the whole
    /// request), may succeed and cannot count twice. False for
    /// [`UnknownOutcome`](Self::UnknownOutcome): that one is settled first.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Resuming { .. }
            | Self::Throttled { .. }
            | Self::Unavailable { .. }
            | Self::LoginRefused { .. }
            | Self::OutOfTime
            | Self::Deadlock { .. }
            | Self::LockWaitTimeout { .. }
            | Self::TransactionLost { .. } => true,
            Self::StatementTimeout { .. }
            | Self::TooLarge { .. }
            | Self::DuplicateKey { .. }
            | Self::Sql { .. }
            | Self::AccessDenied { .. }
            | Self::Configuration { .. }
            | Self::UnknownOutcome { .. }
            | Self::Answer { .. } => false,
        }
    }

    /// Returns true if it is the end of the time for a call, which looks like a database that is
    /// away.
    pub(crate) fn is_cut_off(&self, deadline: Deadline) -> bool {
        matches!(self, Self::Unavailable { may_have_run: true, .. }) && deadline.is_over()
    }

    /// Returns true if less in one statement may succeed: the caller halves its chunk.
    pub fn wants_smaller(&self) -> bool {
        matches!(self, Self::StatementTimeout { .. } | Self::TooLarge { .. })
    }

    /// Returns true if a write may be in although it failed; such a write is settled by reading,
    /// never repeated blindly.
    pub fn is_unknown_outcome(&self) -> bool {
        matches!(self, Self::UnknownOutcome { .. })
    }

    /// Returns true if a unique key is taken.
    pub fn is_duplicate_key(&self) -> bool {
        matches!(self, Self::DuplicateKey { .. })
    }

    /// Returns true if a table of the statement does not exist.
    pub fn is_missing_table(&self) -> bool {
        matches!(self, Self::Sql { code: Some(NO_SUCH_TABLE), .. })
    }

    /// Returns true if a column of the statement does not exist.
    pub fn is_missing_column(&self) -> bool {
        matches!(self, Self::Sql { code: Some(NO_SUCH_COLUMN), .. })
    }

    /// Returns the class as a stable word for log fields and metrics.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Resuming { .. } => "resuming",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable { .. } => "unavailable",
            Self::OutOfTime => "out_of_time",
            Self::StatementTimeout { .. } => "statement_timeout",
            Self::TooLarge { .. } => "too_large",
            Self::DuplicateKey { .. } => "duplicate_key",
            Self::Deadlock { .. } => "deadlock",
            Self::LockWaitTimeout { .. } => "lock_wait_timeout",
            Self::TransactionLost { .. } => "transaction_lost",
            Self::Sql { .. } => "sql",
            Self::LoginRefused { .. } => "login_refused",
            Self::AccessDenied { .. } => "access_denied",
            Self::Configuration { .. } => "configuration",
            Self::UnknownOutcome { .. } => "unknown_outcome",
            Self::Answer { .. } => "answer",
        }
    }

    /// Returns true if a statement that failed like this may have taken effect.
    pub(crate) fn may_have_run(&self) -> bool {
        match self {
            Self::Unavailable { may_have_run, .. } => *may_have_run,
            Self::StatementTimeout { .. } | Self::UnknownOutcome { .. } | Self::Answer { .. } => true,
            _ => false,
        }
    }

    /// Makes the error of an answer that does not have the requested form.
    pub(crate) fn unreadable(what: impl std::fmt::Display) -> Self {
        <serde_json::Error as serde::de::Error>::custom(what).into()
    }

    pub(crate) fn unknown(write: Write, source: Self) -> Self {
        match source {
            Self::UnknownOutcome { .. } => source,
            source => Self::UnknownOutcome { write, source: Box::new(source) },
        }
    }
}

/// An error that may come from the database: what a closure of
/// [`Database::transaction`](crate::Database::transaction) fails with, so that the runner can tell
/// a deadlock from a failure of the closure's own.
pub trait MaybeDatabase: From<Error> {
    /// Returns the database's error, if this is one.
    fn database(&self) -> Option<&Error>;
}

impl MaybeDatabase for Error {
    fn database(&self) -> Option<&Error> {
        Some(self)
    }
}

/// Why work in a transaction was rolled back.
#[derive(Debug)]
pub(crate) enum Aborted<T> {
    /// The database failed.
    Database(Error),
    /// The work failed for a reason of its own.
    Work(T),
}

impl<T> From<Error> for Aborted<T> {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl<T> MaybeDatabase for Aborted<T> {
    fn database(&self) -> Option<&Error> {
        match self {
            Self::Database(error) => Some(error),
            Self::Work(_) => None,
        }
    }
}
