//! Errors of a load.

use std::error::Error as _;

use aurora::MaybeDatabase;
use bucket::BucketError;
use domain::dictionary::RejectLimit;
use domain::load::{KeyError, OtherHeader, RejectReason, SettingsError};
use domain::shortened;
use event_bus::SendError;
use files::SourceError;
use lambda_kit::causes;

/// The longest reason, in characters: as much as a person reads, and far below what the ledger's
/// column holds.
const MAX_REASON: usize = 1000;

/// Why a load stops before its end.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The key cannot be loaded.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The settings in the object's metadata cannot be used.
    #[error("{0}; they stand in the metadata of the file, so drop it again with others, or without")]
    Settings(#[from] SettingsError),
    /// The file holds another header in the middle.
    #[error("{header}; nothing from line {from} on is loaded")]
    OtherHeader {
        /// The header.
        header: OtherHeader,
        /// The first line of the chunk that contains it.
        from: u64,
    },
    /// The content cannot be read.
    #[error(transparent)]
    Content(SourceError),
    /// The content is not what an earlier try read: in a bucket without versions, the object was
    /// replaced.
    #[error("from line {line} on the file is not what was read before; it was replaced while it was loaded")]
    Changed {
        /// The line that the first different chunk starts on.
        line: u64,
    },
    /// More records were rejected than may be.
    #[error("more records were rejected than the limit of {limit} allows")]
    TooManyRejects {
        /// The limit.
        limit: RejectLimit,
    },
    /// A replace without some of its file's records.
    #[error("a replace takes all records of its file, and some were rejected")]
    IncompleteReplace,
    /// No record could be loaded, for other reasons than that its content is loaded already.
    #[error("nothing could be loaded: {}", rejected(*.records, .mostly))]
    NothingLoaded {
        /// The number of records.
        records: u64,
        /// Why most of them were rejected.
        mostly: RejectReason,
    },
    /// A replace that would leave nothing.
    #[error("the file has no row to replace the table with")]
    Empty,
    /// A replace by the records that a load rejected.
    #[error("a file of rejected records cannot replace a table; drop it under incoming/<table>/")]
    RejectsReplace,
    /// The object, or this version of it, is not there any more.
    #[error("the file was deleted or replaced before it was read")]
    Gone,
    /// S3.
    #[error("S3 did not do as asked")]
    Store(#[source] BucketError),
    /// The database.
    #[error(transparent)]
    Database(#[from] aurora::Error),
    /// The load has ended, but its event could not be sent.
    #[error("the event could not be sent")]
    Event(#[from] SendError),
    /// The function's time is up.
    #[error("the function's time is up")]
    OutOfTime,
    /// A concurrent delivery ended the load.
    #[error("the load has been ended elsewhere")]
    Ended,
    /// The load's table was replaced, or its shadow dropped: it begins again.
    #[error("the load has been sent back to its start")]
    Restarted,
    /// A thread of the function panicked.
    #[error("the function's reading thread failed")]
    Thread(#[from] tokio::task::JoinError),
}

fn rejected(records: u64, RejectReason { code, message, count, .. }: &RejectReason) -> String {
    let why = format!("because \"{message}\" ({code})");
    match records {
        1 => format!("the only record was rejected {why}"),
        all if all == *count => format!("all {all} records were rejected {why}"),
        all => format!("all {all} records were rejected, {count} of them {why}"),
    }
}

impl From<BucketError> for LoadError {
    fn from(error: BucketError) -> Self {
        match error {
            BucketError::Gone { .. } => Self::Gone,
            error => Self::Store(error),
        }
    }
}

impl From<SourceError> for LoadError {
    fn from(error: SourceError) -> Self {
        match error {
            // The bucket's error, carried through as an error of reading.
            SourceError::Read(error) => {
                error.downcast().unwrap_or_else(|error| BucketError::failed("the file", error)).into()
            }
            error => Self::Content(error),
        }
    }
}

impl LoadError {
    /// Returns true if another try would end the same way: the load has failed.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Key(_)
                | Self::Settings(_)
                | Self::OtherHeader { .. }
                | Self::Content(_)
                | Self::Changed { .. }
                | Self::TooManyRejects { .. }
                | Self::IncompleteReplace
                | Self::NothingLoaded { .. }
                | Self::Empty
                | Self::RejectsReplace
                | Self::Gone
        )
    }

    /// Returns true if the deadline has expired, and nothing else is wrong.
    pub fn is_out_of_time(&self) -> bool {
        matches!(self, Self::OutOfTime | Self::Database(aurora::Error::OutOfTime))
    }

    /// Returns true if another try after a pause may succeed. A database that refuses a statement
    /// needs an operator first.
    pub fn may_pass_soon(&self) -> bool {
        match self {
            Self::Database(error) => {
                error.is_retryable()
                    || error.is_unknown_outcome()
                    || error.wants_smaller()
                    || error.is_duplicate_key()
            }
            error => !error.is_final(),
        }
    }

    /// Says why the load failed, for the ledger, in [`MAX_REASON`] characters at most. Messages of
    /// the database and of S3 are left out: they may quote rows, or name roles and accounts.
    pub fn reason(&self) -> String {
        let reason = match self {
            Self::Database(error) => format!("given up after the last try; the database: {}", error.class()),
            Self::Store(_) | Self::Event(_) | Self::OutOfTime | Self::Restarted | Self::Thread(_) => {
                format!("given up after the last try; {self}")
            }
            error => error.to_string(),
        };
        // A header may name a column of a megabyte, which the ledger's column would refuse.
        shortened(reason, MAX_REASON).into_owned()
    }

    /// Says what went wrong outside of Rowgate, for logs.
    pub fn causes(&self) -> String {
        match self {
            // The error itself names the key, which may say something of a person.
            Self::Store(error) => error.source().map_or_else(|| self.class().to_owned(), causes),
            Self::Event(error) => causes(error),
            _ => self.reason(),
        }
    }

    /// Returns a short name for logs, which never quotes values.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Settings(_) => "settings",
            Self::OtherHeader { .. } => "header",
            Self::Content(_) => "content",
            Self::Changed { .. } => "changed",
            Self::TooManyRejects { .. } => "too_many_rejects",
            Self::IncompleteReplace => "incomplete_replace",
            Self::NothingLoaded { .. } => "nothing_loaded",
            Self::Empty => "empty",
            Self::RejectsReplace => "rejects_replace",
            Self::Gone => "gone",
            Self::Store(_) => "s3",
            Self::Database(error) => error.class(),
            Self::Event(_) => "event",
            Self::OutOfTime => "out_of_time",
            Self::Ended => "ended",
            Self::Restarted => "restarted",
            Self::Thread(_) => "thread",
        }
    }
}

impl MaybeDatabase for LoadError {
    fn database(&self) -> Option<&aurora::Error> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}
