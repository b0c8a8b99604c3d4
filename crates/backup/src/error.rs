//! Why a backup stops.

use bucket::BucketError;
use domain::avro::AvroError;
use domain::shortened;
use lambda_kit::causes;
use lambda_kit::continuation::ContinuationError;

/// Characters of a reason at most: what a person reads.
const MAX_REASON: usize = 1000;

/// Why a backup stops before its end.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A table of the dictionary that the database does not have.
    #[error("the table {table} is not in the database")]
    NoTable {
        /// Its name.
        table: String,
    },
    /// A table of the database that is not as the dictionary has it.
    #[error("the table {table} lacks a column that the dictionary has; apply the migrations")]
    NoColumn {
        /// Its name.
        table: String,
    },
    /// A value does not fit the file, or is invalid for its column: the backup would not be
    /// complete.
    #[error("the table {table}, row with the key {key}, column {column}: {problem}")]
    Value {
        /// The table.
        table: String,
        /// The row's key; `?` where it cannot be read, or is personal.
        key: String,
        /// The column.
        column: String,
        /// The problem; never the value.
        problem: String,
    },
    /// A file cannot be written.
    #[error("the table {table}: {error}")]
    Avro {
        /// The table.
        table: String,
        /// The error.
        #[source]
        error: AvroError,
    },
    /// A table is not any more what it was when the backup began.
    #[error("the table {table} was altered while it was read")]
    Altered {
        /// Its name.
        table: String,
    },
    /// The snapshot was lost too often.
    #[error(
        "the moment of the backup was lost {times} times: a table was replaced or altered while it was read, or the \
         database ended the transaction"
    )]
    Lost {
        /// The number of times.
        times: u32,
    },
    /// A file exists where one was to be written.
    #[error("{key} is there already, and was not overwritten")]
    Taken {
        /// Its key.
        key: String,
    },
    /// S3.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The database.
    #[error(transparent)]
    Database(#[from] aurora::Error),
    /// The next invocation cannot be asked for.
    #[error(transparent)]
    Continuation(#[from] ContinuationError),
    /// The function's time is up, and nothing was read in it: another invocation would fare no
    /// better.
    #[error("the function's time was over before a row was read")]
    OutOfTime,
    /// Another function continued the backup or ended it.
    #[error("the backup has been ended elsewhere")]
    Ended,
    /// The state of the backup cannot be read or written.
    #[error("the state of the backup cannot be used")]
    State(#[from] serde_json::Error),
    /// A thread of the function panicked.
    #[error("the function's writing thread failed")]
    Thread(#[from] tokio::task::JoinError),
}

impl BackupError {
    /// Converts an error of the database while a table is read.
    pub(crate) fn of_table(error: aurora::Error, table: &str) -> Self {
        let table = table.to_owned();
        match error {
            error if error.is_missing_table() => Self::NoTable { table },
            error if error.is_missing_column() => Self::NoColumn { table },
            error => Self::Database(error),
        }
    }

    /// Returns true if the snapshot is lost, and a new one may be taken.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Self::Altered { .. } | Self::Database(aurora::Error::TransactionLost { .. }))
    }

    /// Returns true if a page was too large or took too long, so that smaller pages may succeed.
    pub(crate) fn wants_smaller(&self) -> bool {
        matches!(self, Self::Database(error) if error.wants_smaller())
    }

    /// Returns the reason of the failure for people, in at most [`MAX_REASON`] characters. It
    /// leaves out the words of the database and of S3, which may quote rows or name internal
    /// resources.
    pub fn reason(&self) -> String {
        let reason = match self {
            Self::Database(aurora::Error::OutOfTime) => Self::OutOfTime.to_string(),
            Self::Database(error) => format!("the database: {}", error.class()),
            error => error.to_string(),
        };
        shortened(reason, MAX_REASON).into_owned()
    }

    /// Returns the causes outside of Rowgate, for logs: S3's own words name roles and accounts.
    pub(crate) fn causes(&self) -> String {
        match self {
            Self::Bucket(error) => causes(error),
            Self::Continuation(error) => causes(error),
            _ => self.reason(),
        }
    }

    /// Returns a short name for logs, which never quotes values.
    pub fn class(&self) -> &'static str {
        match self {
            Self::NoTable { .. } => "no_table",
            Self::NoColumn { .. } => "no_column",
            Self::Value { .. } => "value",
            Self::Avro { .. } => "avro",
            Self::Altered { .. } | Self::Lost { .. } => "lost",
            Self::Taken { .. } => "taken",
            Self::Bucket(_) => "s3",
            Self::Database(error) => error.class(),
            Self::Continuation(_) => "invoke",
            Self::OutOfTime => "out_of_time",
            Self::Ended => "ended",
            Self::State(_) => "state",
            Self::Thread(_) => "thread",
        }
    }
}
