//! Why a restore stops.

use aurora::MaybeDatabase;
use bucket::BucketError;
use domain::shortened;
use event_bus::SendError;
use lambda_kit::causes;
use lambda_kit::continuation::ContinuationError;

use crate::read::source::SourceError;

/// Characters of a reason at most; what a person reads, and far below what the ledger's column
/// holds.
const MAX_REASON: usize = 4000;

/// The most reasons that a refusal lists.
const MAX_REASONS: usize = 20;

/// Why a restore stops before its end.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The restore is impossible with the tables as they are, or as it was requested; lists all
    /// reasons. The backup itself is not at fault.
    #[error("{}", reasons_text(.0))]
    Refused(Vec<String>),
    /// The objects in the bucket contradict the manifest, or cannot be read further.
    #[error("{0}")]
    Damaged(String),
    /// The database does not hold what was inserted.
    #[error("{0}")]
    Differs(String),
    /// A row of files breaks a rule, and none may.
    #[error("{0}")]
    Rejected(String),
    /// S3.
    #[error(transparent)]
    Bucket(BucketError),
    /// An object could not be read from S3.
    #[error("a file could not be read")]
    Reading(#[source] std::io::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] aurora::Error),
    /// The next invocation cannot be asked for.
    #[error(transparent)]
    Continuation(#[from] ContinuationError),
    /// The restore has completed, but its event could not be sent.
    #[error("the event could not be sent")]
    Event(#[from] SendError),
    /// The function's time is up.
    #[error("the function's time is up")]
    OutOfTime,
    /// The function's time ran out during a step that starts over in each invocation.
    #[error("the function's time is up while {0}")]
    TooLong(String),
    /// The function's time is up in the middle of such a step, which had only a part of the
    /// invocation: with all of one it may end.
    #[error("the function's time is up while {0}, which began late")]
    BegunLate(String),
    /// Another function ended the restore.
    #[error("the restore has been ended elsewhere")]
    Ended,
    /// The table that was being filled is no longer the one to fill; the restore reads its state
    /// again.
    #[error("the table that was filled is gone")]
    Restarted,
    /// A thread of the function panicked.
    #[error("the function's reading thread failed")]
    Thread(#[from] tokio::task::JoinError),
}

fn reasons_text(reasons: &[String]) -> String {
    let mut text = reasons[..reasons.len().min(MAX_REASONS)].join("; ");
    if let Some(more) = reasons.len().checked_sub(MAX_REASONS).filter(|more| *more > 0) {
        text.push_str(&format!("; and {more} more reasons"));
    }
    text
}

impl From<BucketError> for RestoreError {
    fn from(error: BucketError) -> Self {
        match error {
            BucketError::Failed { .. } | BucketError::Denied { .. } => Self::Bucket(error),
            BucketError::Gone { .. } | BucketError::TooLarge { .. } => Self::Damaged(error.to_string()),
        }
    }
}

impl From<SourceError> for RestoreError {
    fn from(error: SourceError) -> Self {
        match error {
            // The store's own error, carried through as a read error.
            SourceError::Read(error) => match error.downcast::<BucketError>() {
                Ok(error) => error.into(),
                Err(error) => Self::Reading(error),
            },
            SourceError::Rejected { .. } => Self::Rejected(error.to_string()),
            SourceError::Refused { .. } => Self::Refused(vec![error.to_string()]),
            error @ SourceError::Content { .. } => Self::Damaged(error.to_string()),
        }
    }
}

impl RestoreError {
    /// Returns true if a retry would end the same way: the restore has failed.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Refused(_)
                | Self::Damaged(_)
                | Self::Differs(_)
                | Self::Rejected(_)
                | Self::Bucket(BucketError::Denied { .. })
                | Self::Thread(_)
        )
    }

    /// Returns true if the only problem is that time ran out.
    pub fn is_out_of_time(&self) -> bool {
        matches!(self, Self::OutOfTime | Self::TooLong(_) | Self::Database(aurora::Error::OutOfTime))
    }

    /// Returns true if a short wait may help. A database that refuses a statement needs a person
    /// first.
    pub fn may_pass_soon(&self) -> bool {
        match self {
            Self::Database(error) => {
                error.is_retryable() || error.is_unknown_outcome() || error.wants_smaller()
            }
            error => !error.is_final() && !error.is_out_of_time() && !matches!(error, Self::Ended),
        }
    }

    /// Returns true if the database refused a statement. Most refusals last, but not all: a table's
    /// definition may have changed at that time, or a temporary file may be gone.
    pub(crate) fn is_refusal_of_database(&self) -> bool {
        matches!(self, Self::Database(aurora::Error::Sql { .. }))
    }

    /// Returns the reason of the failure for the ledger, in at most [`MAX_REASON`] characters. It
    /// leaves out the words of the database and of S3, which may quote rows or name internal
    /// resources.
    pub fn reason(&self) -> String {
        let reason = match self {
            Self::Database(aurora::Error::Sql { code: Some(code), .. }) => {
                format!("given up; the database: sql error {code}")
            }
            error if error.is_final() => error.to_string(),
            Self::TooLong(step) => {
                format!("given up; {step} did not end within one invocation, and begins anew in each")
            }
            error if error.is_out_of_time() => {
                "given up; it came no further within one invocation".to_owned()
            }
            Self::Database(error) => format!("given up; the database: {}", error.class()),
            error => format!("given up; {error}"),
        };
        shortened(reason, MAX_REASON).into_owned()
    }

    /// Returns the causes outside of Rowgate, for logs: S3's own words name roles and accounts.
    pub fn causes(&self) -> String {
        match self {
            Self::Bucket(error) => causes(error),
            Self::Reading(error) => causes(error),
            Self::Continuation(error) => causes(error),
            Self::Event(error) => causes(error),
            _ => self.reason(),
        }
    }

    /// Returns a short name for logs, which never quotes values.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Damaged(_) => "damaged",
            Self::Differs(_) => "differs",
            Self::Rejected(_) => "rejected",
            Self::Bucket(_) | Self::Reading(_) => "s3",
            Self::Database(error) => error.class(),
            Self::Continuation(_) => "invoke",
            Self::Event(_) => "event",
            Self::OutOfTime | Self::TooLong(_) | Self::BegunLate(_) => "out_of_time",
            Self::Ended => "ended",
            Self::Restarted => "moved",
            Self::Thread(_) => "thread",
        }
    }
}

impl MaybeDatabase for RestoreError {
    fn database(&self) -> Option<&aurora::Error> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}
