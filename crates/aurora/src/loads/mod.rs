//! The loads ledger: `rowgate_loads`, `rowgate_load_chunks` and `rowgate_table_gates`.

mod begin;
mod chunks;
mod end;
mod read;
mod rows;
mod same;

pub use begin::{Begun, NewLoad, begin};
pub use chunks::{
    ChunkCounts, Claim, CommittedChunk, amend_chunk, claim_chunk, committed_chunks, is_committed,
};
pub use end::{Ending, end};
pub use read::{get, list, rejects};
pub use rows::{append_rows, present_ids};
pub use same::{Candidate, completed_of_size};

use domain::load::LoadId;

/// One run of a load. A load whose table is replaced under it begins again; what the run before still does is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The load.
    pub id: LoadId,
    /// How often it had been sent back to its start when the run began.
    pub restarts: u32,
}

/// A number as the database holds it.
fn long(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
