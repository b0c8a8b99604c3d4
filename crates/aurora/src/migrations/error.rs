//! The outcome of a run of the migrator, and why it fails.

use crate::Error;

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The names of the migrations that this run applied or finished, in order.
    pub applied: Vec<String>,
    /// The newest migration that the database has now, if any.
    pub schema_version: Option<String>,
}

/// Why migrations could not be applied. Whatever was applied before stays and is recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// An applied migration has another text now.
    #[error(
        "migration {name} was changed after it was applied (recorded checksum {recorded}, now {expected}): put its text back and add a new migration"
    )]
    Changed {
        /// The migration.
        name: String,
        /// The checksum the database has.
        recorded: String,
        /// The checksum of the text.
        expected: String,
    },

    /// A migration comes before one that is applied.
    #[error(
        "migration {name} comes before {applied}, which is applied already: name it after a later day, so that every database gets both in the same order"
    )]
    Late {
        /// The migration that is missing in the database.
        name: String,
        /// The one that is there.
        applied: String,
    },

    /// The database is ahead of this code.
    #[error(
        "migration {name} is applied in the database but this version does not have it: deploy the version that brought it, or a newer one"
    )]
    Unknown {
        /// The migration.
        name: String,
    },

    /// Another run holds the lease.
    #[error("another run is migrating the database (lease of {owner} until {until} UTC)")]
    Busy {
        /// The holder of the lease.
        owner: String,
        /// The end of the lease, unless renewed.
        until: String,
    },

    /// Another run took over, because this one paused for longer than its lease.
    #[error("the migration lease was lost to another run, which continues")]
    LeaseLost,

    /// A statement failed. The statements before it are applied; the next run continues with it.
    #[error("migration {name} stopped at statement {statement} of {statements}: {source}")]
    Statement {
        /// The migration.
        name: String,
        /// The number of the statement, from 1.
        statement: usize,
        /// The number of its statements.
        statements: usize,
        /// The error.
        source: Error,
    },

    /// The migrator's own tables could not be read or written.
    #[error("the record of migrations cannot be read or written: {0}")]
    Database(#[from] Error),
}
