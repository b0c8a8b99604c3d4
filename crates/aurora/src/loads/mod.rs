//! The loads ledger: `rowgate_loads`, `rowgate_load_chunks` and `rowgate_table_gates`.

mod activity;
mod audit;
mod begin;
mod chunks;
mod debris;
mod end;
mod forget;
pub(crate) mod gate;
mod known;
mod read;
mod reasons;
mod rows;
mod same;
mod shadow;
mod swap;
mod warnings;

pub use activity::{ActiveDay, activity};
pub use audit::{Checked, Fault, Stalled, check_ended, is_under_way, stalled};
pub use begin::{Begun, NewLoad, adopt, begin, standing};
pub use chunks::{
    ChunkCounts, ChunkRejects, Claim, CommittedChunk, amend_chunk, claim_chunk, committed_chunks,
    is_committed,
};
pub use debris::debris;
pub use end::{Ending, end};
pub use forget::forget;
pub use known::{given_up_loads, has_ended_for_good, known_contents, known_loads};
pub use read::{Of, Wanted, find, get, rejects};
pub use reasons::reject_reasons;
pub use rows::{append_free_rows, present_ids};
pub use same::{Candidate, completed_of_size, skip};
pub use shadow::Shadow;
pub(crate) use swap::recover;
pub use swap::{Gate, Prepared, Swapped, prepare, recover_gate, swap, undo};
pub use warnings::note_warnings;

use domain::load::LoadId;

/// One run of a load. A load whose table is replaced under it begins again; what the run before still does is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The load.
    pub id: LoadId,
    /// How often it had been sent back to its start when the run began.
    pub restarts: u32,
}
