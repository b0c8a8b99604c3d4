//! The loads ledger: `rowgate_loads`, `rowgate_load_chunks` and `rowgate_table_gates`.

mod audit;
mod begin;
mod chunks;
mod debris;
mod end;
mod gate;
mod known;
mod read;
mod rows;
mod same;
mod shadow;
mod swap;

pub use audit::{Checked, Fault, Stalled, check_ended, is_under_way, stalled};
pub use begin::{Begun, NewLoad, adopt, begin, standing};
pub use chunks::{
    ChunkCounts, Claim, CommittedChunk, amend_chunk, claim_chunk, committed_chunks, is_committed,
};
pub use debris::debris;
pub use end::{Ending, end};
pub use known::{given_up_loads, known_contents, known_loads};
pub use read::{get, list, rejects};
pub use rows::{append_free_rows, insert_rows, present_ids};
pub use same::{Candidate, completed_of_size, skip};
pub use shadow::Shadow;
pub use swap::{Gate, Prepared, Swapped, prepare, recover_gate, swap, undo};

use std::time::Duration;

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

/// A short wait before something is looked at again that somebody else is about to change.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(fastrand::u64(100..300))).await;
}
