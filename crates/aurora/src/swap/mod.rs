//! Swaps tables in, for loads that replace their table and for restores.
//!
//! A job, which is a load or a restore, fills a shadow table for each of its tables, chunk by
//! chunk. Then it swaps them in:
//!
//! 1. An empty table is made, the commit marker.
//! 2. One transaction writes the job and the marker into the write fence of each table
//!    (`rowgate_table_fences`). It waits for the chunks of appends and upserts in flight; new ones
//!    are refused from then on.
//! 3. Behind the fences, the shadows are compared with their tables.
//! 4. One RENAME renames the marker, sets the tables aside as previous tables and puts the shadows
//!    in their places.
//! 5. One transaction completes the job, sends the appends and upserts that are not through back to
//!    their start, so that they fill the new tables, and lifts the fences.
//! 6. Orphaned tables are dropped: the renamed marker, the previous table of a load, and the
//!    previous tables of earlier restores.
//!
//! # Invariants
//!
//! - **S1, one fact.** A RENAME changes all the names it has, or none. So the marker shows the
//!   state of a swap, whichever function was killed: it exists (nothing has happened; once it is
//!   dropped, nothing can), it is renamed (everything has happened), or it is gone (nothing has
//!   happened, and nothing will).
//! - **S2, no name comes back.** The names of shadows, previous tables and markers are never made
//!   twice. So a frozen function, or a statement that still waits in the database, finds nothing to
//!   rename once the marker is dropped.
//! - **S3, fenced first.** A RENAME is sent only while the job and its marker are in the fence of
//!   every table. A fence has one holder. A chunk of an append or upsert holds a shared lock on the
//!   fence of its table until it commits, and is refused while the fence is raised.
//! - **S4, lifted last.** A fence is lifted only when no RENAME of its marker can happen any more:
//!   in the transaction that completes the job, because it has happened, or after the marker was
//!   dropped.
//! - **S5, by anybody, twice, late.** Each transaction locks fences and job before it looks, and
//!   does nothing unless the fences have this job and this marker and the job runs. What belongs to
//!   a start of a load that is over (a chunk, a shadow, an end) is refused by its number of
//!   restarts.
//! - **S6, ended or swapping, not both.** A job whose swap is under way is not failed, skipped or
//!   sent back to its start: these transactions lock the job and look for its fences. Shadows stay
//!   where they are until then, whatever happens.
//! - **S7, a load is whole.** The function that completes a swap sends every unfinished load that
//!   has committed chunks into the previous table back to its start.
//! - **S8, only what nobody needs is dropped.** The reaper lists the tables first and queries the
//!   ledger then: a table that is made later is not on the list. Tables that a running job may be
//!   about to record are kept; if it records a table that was dropped before, the table is found to
//!   be missing, and another one is made. A table that cannot be dropped in a few seconds holds up
//!   no job: it is left to a later reaping.
//! - **S9, only what is complete is swapped in.** A shadow counts as filled when all of its chunks
//!   are committed, under a lock that waits for chunks in flight; it is still the shadow of its
//!   table when the fence is raised, and has the columns and indexes of its table behind the fence.
//!
//! # Killed anywhere
//!
//! The same holds for one table and for several. A function may be killed, or freeze and wake up,
//! after each step:
//!
//! - After 1: no fence has the marker. The table is an orphan as soon as the job has another marker
//!   or has ended (S8).
//! - After 2 or 3: the fences are raised and the marker is there. A function that finds a fence two
//!   minutes old drops the marker and lifts the fences (S4). The shadows keep their names and stay
//!   filled, so the next delivery only repeats the swap, with another marker. The late RENAME of
//!   the first function fails as a whole (S1, S2).
//! - During 4, its answer lost or not: dropping the marker waits for a RENAME that has locked it.
//!   One that still waits for other tables will not find it. Either way the renamed marker shows
//!   the outcome (S1).
//! - After 4: the marker is renamed. The function that settles the swap completes the job (S5),
//!   even if it was about to fail or abandon it.
//! - After 5: fences and job are done; only orphans are left.
//!
//! A concurrent delivery of the same job joins a swap: it reads the marker and sends the same
//! RENAME, of which one succeeds. A late call of any function finds another marker, or none, in the
//! fences.
//!
//! # What needs no fence
//!
//! Writers that commit everything in one transaction (the insert API, migrations): the RENAME waits
//! for them or they for it. Their commits before it are in the previous table, those after it in
//! the new one.
//!
//! Fences do not block migrations, either. A migration that commits between step 3 and the RENAME,
//! which may wait up to 45 s for open transactions, is lost along with its table. Run migrations
//! when no replace or restore is under way. The migrated table is then the previous table of a
//! restore, and its undo is refused, because the columns or indexes differ.

pub(crate) mod fence;
mod names;
mod numbers;
pub(crate) mod orphans;
mod protocol;
mod reap;
mod shadow;
pub(crate) mod state;

pub use self::names::Shadow;
pub use self::orphans::Orphans;
pub use self::protocol::{Fence, Swapped, recover};
pub(crate) use self::protocol::{Outcome, settle, swap};
pub use self::reap::{drop_orphans, reap, settle_abandoned};
pub(crate) use self::shadow::{Target, prepare};
