//! One run of a load: from where the ledger says it stands to the end of its content.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aurora::lanes::Lanes;
use aurora::loads::{self, Begun, Candidate, CommittedChunk, Ending, Prepared, Run, Swapped};
use aurora::{Database, Deadline};
use domain::dictionary::LoadMode;
use domain::load::{Content, Incoming, Layout, LoadStatus, Packing, Position, RejectLimit};
use files::Opening;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::Loader;
use crate::chunk::Committer;
use crate::error::LoadError;
use crate::event::ObjectCreated;
use crate::prepare::Plan;
use crate::reading::{Pieces, Reading, feed};
use crate::references::References;
use crate::same::find_same;
use crate::store::Store;
use crate::tally::Tally;

/// Chunks that are prepared ahead of those being committed.
const CHUNKS_AHEAD: usize = 2;

/// A load that a function works on.
#[derive(Debug)]
pub(crate) struct Work<'l, S, Q> {
    pub(crate) loader: &'l Loader<S, Q>,
    pub(crate) database: &'l Database,
    pub(crate) object: &'l ObjectCreated,
    pub(crate) incoming: Incoming<'static>,
    pub(crate) chunk_bytes: u64,
    /// Until when chunks may be begun.
    pub(crate) deadline: Deadline,
    /// Chunks that this invocation committed.
    pub(crate) progress: &'l AtomicU64,
    /// What is in the names of the rejects files that it writes; nothing for the first function
    /// that takes the load up.
    pub(crate) token: Option<u32>,
}

impl<S: Store, Q: Sync> Work<'_, S, Q> {
    /// Brings the object's rows in and completes the load, or skips it.
    ///
    /// # Errors
    /// Why it stopped; what is committed stays so.
    pub(crate) async fn run(&self, run: &Run) -> Result<(), LoadError> {
        let Self { database, object, .. } = *self;
        let Incoming { table, mode, .. } = self.incoming;
        let (run, target) = match mode {
            LoadMode::Append | LoadMode::Upsert => (run.clone(), table.name().to_owned()),
            LoadMode::Replace => match loads::prepare(database, run, table).await? {
                Prepared::Fill { run, shadow } => (run, shadow.name().to_owned()),
                // It was running a moment ago: its swap was found done, and has been completed just now.
                Prepared::Ended => return Ok(()),
            },
        };
        let committed = loads::committed_chunks(database, &run.id).await?;
        if mode == LoadMode::Append
            && committed.is_empty()
            && let Some(same_as) = self.find_same().await?
            && loads::skip(database, &run, table, object.size, &same_as).await?
        {
            return Ok(());
        }
        let plan = Arc::new(Plan { table, mode, target });
        let digest = self.load(&run, &plan, committed).await?;
        self.check_figures(&run).await?;
        if mode == LoadMode::Replace {
            return match loads::swap(database, &run, table, &digest).await? {
                Swapped::Ended => Ok(()),
                Swapped::Restarted => Err(LoadError::Restarted),
            };
        }
        if loads::end(database, &run, Ending::Completed(&digest)).await? {
            return Ok(());
        }
        match loads::standing(database, &run.id).await? {
            Some(Begun { status: LoadStatus::Running, .. }) => Err(LoadError::Restarted),
            _ => Err(LoadError::Ended),
        }
    }

    /// Reads the object and commits its chunks; gives back the digest of its content.
    async fn load(
        &self,
        run: &Run,
        plan: &Arc<Plan>,
        committed: BTreeMap<u32, CommittedChunk>,
    ) -> Result<String, LoadError> {
        let Self { loader, database, object, .. } = *self;
        let opening = self.opening();
        let rejected = committed.values().map(|chunk| chunk.rows_rejected).sum();
        let resume = match position_after(&committed) {
            Some(position) if self.may_resume() => self.layout().await?.map(|layout| (layout, position)),
            _ => None,
        };
        let from = resume.as_ref().map_or(0, |(_, position)| position.byte);
        let reading = Reading {
            plan: Arc::clone(plan),
            opening,
            committed,
            resume,
        };
        let (pieces, content) = Pieces::channel();
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let reading = spawn_blocking(move || reading.run(Box::new(content), &sender));
        let references = References::default();
        let committer = &Committer {
            loader,
            database,
            run,
            plan,
            references: &references,
            deadline: self.deadline,
            token: self.token,
        };
        let tally = &Tally::new(self.max_rejects(), rejected);
        let lanes = Lanes {
            count: loader.options.lanes,
            deadline: self.deadline,
            out_of_time: || LoadError::OutOfTime,
        };
        let lanes = lanes.commit_all(chunks, |prepared| async move {
            let committed = committer.commit(prepared).await?;
            self.progress.fetch_add(u64::from(committed.is_ours), Ordering::Relaxed);
            tally.add(committed.rows_rejected)
        });
        let (done, parent) = {
            let (mut lanes, mut feeding) =
                (std::pin::pin!(lanes), std::pin::pin!(feed(&loader.store, object, from, pieces)));
            let mut parent = None;
            let mut is_fed = false;
            loop {
                // What ends the committing also ends the reading, whose chunks nobody takes any more.
                tokio::select! {
                    done = &mut lanes => break (done, parent),
                    found = &mut feeding, if !is_fed => (is_fed, parent) = (true, found),
                }
            }
        };
        let read = reading.await?;
        done?;
        let digest = read?;
        if let Some(parent) = parent {
            loads::adopt(database, run, &parent).await?;
        }
        Ok(digest)
    }

    /// What is to be read.
    fn opening(&self) -> Opening<'static> {
        let Incoming { table, format, .. } = self.incoming;
        Opening { format, table, object_bytes: self.object.size, chunk_bytes: self.chunk_bytes }
    }

    /// Returns true if the middle of such a file can be read. What is packed, and a workbook, can only be read from its
    /// start.
    fn may_resume(&self) -> bool {
        let format = self.incoming.format;
        format.packing == Packing::None && format.content != Content::Xlsx
    }

    /// How a file is written that is not read from its start; `None` for one that has to be.
    async fn layout(&self) -> Result<Option<Layout>, LoadError> {
        let Self { loader, object, .. } = *self;
        let opening = self.opening();
        let (pieces, content) = Pieces::channel();
        let reading = spawn_blocking(move || {
            Ok::<_, LoadError>(files::open(opening, Box::new(content))?.layout().cloned())
        });
        feed(&loader.store, object, 0, pieces).await;
        reading.await?
    }

    fn max_rejects(&self) -> Option<RejectLimit> {
        self.incoming.table.max_rejects().or(self.loader.options.max_rejects)
    }

    /// Holds the rejected records of the whole load against the limit, and a replace to having something to replace the
    /// table with: an empty table is what an export that failed would leave.
    async fn check_figures(&self, run: &Run) -> Result<(), LoadError> {
        let limit = self.max_rejects();
        let is_replace = self.incoming.mode == LoadMode::Replace;
        if limit.is_none() && !is_replace {
            return Ok(());
        }
        let Some(record) = loads::get(self.database, &run.id).await? else { return Ok(()) };
        match limit {
            Some(limit) if limit.is_exceeded(record.rows_rejected, record.rows_read) => {
                Err(LoadError::TooManyRejects { limit })
            }
            _ if is_replace && record.rows_loaded == 0 => Err(LoadError::Empty),
            _ => Ok(()),
        }
    }

    /// An earlier load that brought the same content, if one is found in time.
    async fn find_same(&self) -> Result<Option<Candidate>, LoadError> {
        let Self { loader, database, object, .. } = *self;
        tokio::select! {
            found = find_same(loader, database, object, self.opening()) => found,
            () = self.deadline.passed() => Err(LoadError::OutOfTime),
        }
    }
}

/// Where a load resumes that has these chunks: after those that follow each other from the start.
fn position_after(committed: &BTreeMap<u32, CommittedChunk>) -> Option<Position> {
    let in_a_row = committed.values().zip(0..).take_while(|(chunk, number)| {
        // Chunks of an older release have no digest to go on with.
        chunk.number == *number && chunk.digest.is_some()
    });
    let (last, _) = in_a_row.last()?;
    Some(Position { number: last.number + 1, byte: last.end_byte, line: last.end_line })
}
