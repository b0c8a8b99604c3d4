//! What loads and restores share: ids, chunks, and how jobs end or start over.
//!
//! A job is a load or a restore. `rowgate_loads` and `rowgate_restores` have its request and its
//! progress, `rowgate_load_chunks` and `rowgate_restore_chunks` which chunks are committed (they
//! differ in what they record: a load's chunk is a range of bytes with its digest, a restore's has
//! checksums), and `rowgate_job_tables` which tables it fills.

mod chunks;
mod end;

use domain::backup::RestoreId;
use domain::load::LoadId;
use serde::Deserialize;

pub use self::chunks::Claim;
pub(crate) use self::chunks::{ChunkLedger, claim};
pub use self::end::Ending;
pub(crate) use self::end::{
    complete_load, end_load, end_restore, forget_load_chunks, forget_restore_chunks, send_others_back,
    start_over,
};

/// The id of a load or of a restore.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum JobId {
    Load(LoadId),
    Restore(RestoreId),
}

impl JobId {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Load(id) => id.as_str(),
            Self::Restore(id) => id.as_str(),
        }
    }

    /// Returns the table of the ledger that has the job, and the column with its id.
    pub(crate) const fn ledger(&self) -> (&'static str, &'static str) {
        match self {
            Self::Load(_) => ("rowgate_loads", "load_id"),
            Self::Restore(_) => ("rowgate_restores", "restore_id"),
        }
    }

    /// Returns the SQL for the number of times that a job of the ledger `j` was sent back to its
    /// start.
    pub(crate) const fn restarts(&self) -> &'static str {
        match self {
            Self::Load(_) => "j.restarts",
            Self::Restore(_) => "0",
        }
    }
}

impl From<&LoadId> for JobId {
    fn from(id: &LoadId) -> Self {
        Self::Load(id.clone())
    }
}

impl From<&RestoreId> for JobId {
    fn from(id: &RestoreId) -> Self {
        Self::Restore(id.clone())
    }
}

/// One run of a load. A load whose table is replaced under it starts over; what the run before
/// still does is refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Run {
    /// The load.
    #[serde(rename = "load_id")]
    pub id: LoadId,
    /// The number of times that it had been sent back to its start when the run began.
    pub restarts: u32,
}
