//! The restores ledger: `rowgate_restores`, `rowgate_restore_tables`, `rowgate_restore_chunks`, and the gates that a
//! restore closes.

mod begin;
mod chunks;
mod ending;
mod gate;
mod names;
mod note;
mod numbers;
mod prepare;
mod put_back;
mod read;
mod record;
mod standing;
mod swap;
mod sweep;

pub use begin::{NewRestore, announce, begin};
pub use chunks::{ChunkFigures, Claim, CommittedChunk, claim_chunk, committed_chunks, is_committed};
pub use ending::{fail, finish_verify};
pub use names::Shadow;
pub use note::{Noted, TableFigures, note_table};
pub use prepare::{Prepared, prepare};
pub use put_back::put_back;
pub use read::{get, list};
pub use record::{Kind, Mode, Restore, RestoredTable, Status};
pub(crate) use swap::recover;
pub use swap::{Swapped, swap};
pub use sweep::{Swept, sweep};
