//! Filling the shadow of one table, and holding it against what it must hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aurora::lanes::Lanes;
use aurora::restores::{self, CommittedChunk, Filled, Prepared, Restore, Shadow, TableFigures};
use aurora::{Database, Deadline, snapshot};
use bucket::Store;
use domain::dictionary::Table;
use domain::row_text::ContentSum;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::error::RestoreError;
use crate::read::objects::Objects;
use crate::read::plan::no_table;
use crate::read::source::{Opening, Source, SourceError};
use crate::run::chunk::Committer;

/// Chunks that are read ahead of those being committed.
const CHUNKS_AHEAD: usize = 2;

/// A restore that a function works on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filler<'r, S> {
    pub(crate) store: &'r S,
    pub(crate) database: &'r Database,
    pub(crate) restore: &'r Restore,
    pub(crate) lanes: usize,
    /// The time until which chunks may be begun.
    pub(crate) deadline: Deadline,
    /// The time that this invocation had left until then when it started.
    pub(crate) whole: Duration,
    /// Chunks that this invocation committed, and tables that it filled.
    pub(crate) progress: &'r AtomicU64,
}

/// The totals of a table's chunks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) rows_read: u64,
    pub(crate) rows_rejected: u64,
    /// The checksum of the rows read; only for files that have a manifest.
    pub(crate) read: ContentSum,
    /// The checksum of the rows restored.
    pub(crate) restored: ContentSum,
}

impl<S: Store> Filler<'_, S> {
    /// Fills a table's shadow and checks it; `accept` decides whether what was read is acceptable.
    ///
    /// # Errors
    /// Why it stopped; what is committed stays so.
    pub(crate) async fn fill(
        &self,
        table: &'static Table,
        nullable: &Arc<[bool]>,
        open: impl FnOnce(Opening) -> Result<Box<dyn Source>, SourceError> + Send + 'static,
        accept: impl FnOnce(&Totals) -> Result<(), RestoreError>,
    ) -> Result<(), RestoreError> {
        let Self { store, database, .. } = *self;
        let id = &self.restore.restore;
        let shadow = match restores::prepare(database, id, table).await? {
            Prepared::Fill { shadow } => shadow,
            Prepared::Filled => return Ok(()),
            Prepared::Missing => {
                return Err(RestoreError::Refused(vec![no_table(table)]));
            }
            Prepared::Ended => return Err(RestoreError::Ended),
        };
        let committed = restores::committed_chunks(database, id, table.name()).await?;
        let opening = Opening {
            table,
            nullable: Arc::clone(nullable),
            shadow: shadow.name().to_owned(),
            done: committed.values().map(|chunk| (chunk.number, chunk.figures.rows_read)).collect(),
            objects: Objects::of(store),
        };
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let reading = spawn_blocking(move || {
            let mut source = open(opening)?;
            while let Some(chunk) = source.next_chunk()? {
                if sender.blocking_send(chunk).is_err() {
                    break;
                }
            }
            Ok::<_, SourceError>(())
        });
        let progress = self.progress;
        let committer = &Committer { store, database, restore: id, table, shadow: &shadow, progress };
        // An error in committing also stops the reading, because no more chunks are taken; nothing
        // waits for the reader then.
        let lanes =
            Lanes { count: self.lanes, deadline: self.deadline, out_of_time: || RestoreError::OutOfTime };
        lanes.commit_all(chunks, |chunk| committer.commit(chunk)).await?;
        reading.await??;
        self.check(table, nullable, &shadow, accept).await
    }

    /// Holds what was read against what it must be, and what the database has against what was put
    /// in.
    async fn check(
        &self,
        table: &'static Table,
        nullable: &[bool],
        shadow: &Shadow,
        accept: impl FnOnce(&Totals) -> Result<(), RestoreError>,
    ) -> Result<(), RestoreError> {
        let database = self.database;
        let id = &self.restore.restore;
        let chunks = restores::committed_chunks(database, id, table.name()).await?;
        let totals = Totals::of(chunks.values())?;
        accept(&totals)?;
        let left = self.deadline.remaining();
        let found = match snapshot::content_sum(database, shadow.name(), table, nullable).await {
            Err(aurora::Error::OutOfTime) => {
                let step = format!("summing up the rows of {}", table.name());
                let had_most = left >= self.whole / 2;
                return Err(if had_most {
                    RestoreError::TooLong(step)
                } else {
                    RestoreError::BegunLate(step)
                });
            }
            found => found?,
        };
        let Totals { rows_read, rows_rejected, restored, .. } = totals;
        if found != restored {
            let name = table.name();
            return Err(RestoreError::Differs(format!(
                "{name}: the filled table has {found}, but {restored} were put into it"
            )));
        }
        let figures = TableFigures {
            rows_read,
            rows_restored: restored.rows(),
            rows_rejected,
            checksum: restored.checksum(),
        };
        match restores::record_filled(database, id, table.name(), shadow, &figures).await? {
            Filled::Recorded => {
                self.progress.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Filled::Differs | Filled::Restarted => Err(RestoreError::Restarted),
            Filled::Ended => Err(RestoreError::Ended),
        }
    }
}

impl Totals {
    fn of<'c>(chunks: impl Iterator<Item = &'c CommittedChunk>) -> Result<Self, RestoreError> {
        let mut totals = Self::default();
        for CommittedChunk { number, figures } in chunks {
            let sum = |rows: u64, checksum: &Option<String>| match checksum {
                Some(checksum) => ContentSum::parse(rows, checksum).ok_or_else(|| {
                    RestoreError::Differs(format!("the ledger has no usable checksum of chunk {number}"))
                }),
                None => Ok(ContentSum::default()),
            };
            totals.rows_read += figures.rows_read;
            totals.rows_rejected += figures.rows_rejected;
            totals.read.merge(&sum(figures.rows_read, &figures.checksum_read)?);
            totals.restored.merge(&sum(figures.rows_restored, &figures.checksum_restored)?);
        }
        Ok(totals)
    }
}
