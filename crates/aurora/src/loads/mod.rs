//! The loads ledger: `rowgate_loads` and `rowgate_load_chunks`.

mod activity;
mod audit;
mod begin;
mod chunks;
mod end;
mod events;
mod forget;
mod known;
mod read;
mod reasons;
mod replace;
mod rows;
mod same;
mod warnings;

pub use activity::{ActiveDay, activity};
pub use audit::{Checked, Fault, Stalled, check_ended, is_under_way, stalled};
pub use begin::{Begun, NewLoad, adopt, begin, state};
pub use chunks::{
    ChunkCounts, ChunkRejects, CommittedChunk, amend_chunk, claim_chunk, committed_chunks, is_committed,
};
pub use end::end;
pub use events::{event_due, event_sent, events_due};
pub use forget::forget;
pub use known::{abandoned_loads, has_ended_for_good, known_contents, known_loads};
pub use read::{LoadFilter, TableFilter, find, get, rejects};
pub use reasons::reject_reasons;
pub use replace::{prepare, swap, undo};
pub use rows::{check_written, taken};
pub use same::{Candidate, completed_of_size, skip};
pub use warnings::note_warnings;

pub use crate::jobs::{Claim, Ending, Run};
pub use crate::swap::{Shadow, Swapped};
