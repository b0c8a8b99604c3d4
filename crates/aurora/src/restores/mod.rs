//! The restores ledger: `rowgate_restores`, their tables in `rowgate_job_tables`, their chunks in
//! `rowgate_restore_chunks`.

mod begin;
mod chunks;
mod end;
mod events;
mod fill;
mod read;
mod reap;
mod record;
mod undo;

pub use begin::{NewRestore, announce, begin};
pub use chunks::{ChunkFigures, CommittedChunk, claim_chunk, committed_chunks, is_committed};
pub use end::{fail, finish_verify, swap};
pub use events::{event_due, event_sent, events_due};
pub use fill::{Filled, Prepared, TableFigures, prepare, record_filled};
pub use read::{get, list};
pub use reap::{drop_orphans, fail_abandoned};
pub use record::{Kind, Mode, Restore, RestoredTable, Status};
pub use undo::undo;

pub use crate::jobs::Claim;
pub use crate::swap::{Shadow, Swapped};
