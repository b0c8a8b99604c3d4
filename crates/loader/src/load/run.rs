//! One run of a load: from where the ledger says it stands to the end of its content.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aurora::lanes::Lanes;
use aurora::loads::{self, Candidate, CommittedChunk, Ending, Run, Swapped};
use aurora::{Database, Deadline};
use domain::dictionary::LoadMode;
use domain::load::{Content, Incoming, Layout, LoadId, Packing, Position, Settings};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::Loader;
use crate::commit::Committer;
use crate::commit::References;
use crate::commit::Tally;
use crate::error::LoadError;
use crate::queue::event::ObjectCreated;
use crate::read::find_same;
use crate::read::{FilePlan, Plan};
use crate::read::{Pieces, Read, Reading, feed};
use crate::store::{About, Store};

/// Chunks that are prepared ahead of those being committed.
const CHUNKS_AHEAD: usize = 2;

/// A load that a function works on.
#[derive(Debug)]
pub(crate) struct Work<'l, S, Q> {
    pub(crate) loader: &'l Loader<S, Q>,
    pub(crate) database: &'l Database,
    /// The same, with the time that is kept for ending the load.
    pub(crate) to_end: &'l Database,
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

/// What a run that has read everything knows of it.
struct Brought {
    /// The digest of the content.
    digest: String,
    /// Whether it has loaded rows itself.
    has_loaded: bool,
}

impl<S: Store, Q: Sync> Work<'_, S, Q> {
    /// Brings the object's rows in and ends the load: completed, skipped or failed.
    ///
    /// # Errors
    /// Why it stopped before it ended; what is committed stays so.
    pub(crate) async fn run(&self, run: &Run) -> Result<(), LoadError> {
        let Incoming { table, mode, .. } = self.incoming;
        let (run, target) = match mode {
            LoadMode::Append | LoadMode::Upsert => (run.clone(), table.name().to_owned()),
            LoadMode::Replace => match loads::prepare(self.database, run, table).await? {
                Some((run, shadow)) => (run, shadow.name().to_owned()),
                // It was running a moment ago: its swap was found done, and has been completed just now.
                None => return Ok(()),
            },
        };
        match self.bring_in(&run, target).await {
            Err(error) if error.is_final() => self.fail(&run, &error).await,
            result => result,
        }
    }

    /// Brings the rows into the table called `target`, and completes the load or skips it. The file is read as its own
    /// settings say, which are those that it was put with: metadata of a version does not change.
    async fn bring_in(&self, run: &Run, target: String) -> Result<(), LoadError> {
        let Self { database, object, .. } = *self;
        let Incoming { table, mode, .. } = self.incoming;
        let committed = loads::committed_chunks(database, &run.id).await?;
        let About { parent, settings } = self.loader.store.about(object.version()).await?;
        let settings = settings.map(|text| Settings::from_metadata(&text)).transpose()?.unwrap_or_default();
        let file = FilePlan {
            format: self.incoming.format,
            table: Arc::new(settings.apply(table)?),
            object_bytes: object.size,
            chunk_bytes: self.chunk_bytes,
            settings: settings.digest(),
        };
        if mode == LoadMode::Append
            && committed.is_empty()
            && let Some(same_as) = self.find_same(&file).await?
            && loads::skip(database, run, table, object.size, &same_as).await?
        {
            return Ok(());
        }
        // Rows that a replace has filled in are never seen where it fails.
        if mode != LoadMode::Replace && committed.is_empty() {
            self.verify(&file).await?;
        }
        let of_rejects = settings.of_rejects();
        let about_rejects = About {
            parent: Some(run.id.as_str().to_owned()),
            settings: (!of_rejects.is_empty()).then(|| of_rejects.to_metadata()).transpose()?,
        };
        let plan = Arc::new(Plan { table: Arc::clone(&file.table), mode, target, about_rejects });
        let Brought { digest, has_loaded } = self.load(run, &plan, file, committed).await?;
        if let Some(parent) = parent.as_deref().and_then(LoadId::parse) {
            loads::adopt(database, run, &parent).await?;
        }
        self.check_figures(run, has_loaded).await?;
        if mode == LoadMode::Replace {
            return match loads::swap(database, run, table, &digest).await? {
                Swapped::Ended => Ok(()),
                Swapped::Unfilled => Err(LoadError::Restarted),
            };
        }
        if loads::end(database, run, Ending::Completed(&digest)).await? {
            return Ok(());
        }
        Err(self.why_not_ended(run).await?)
    }

    /// Reads the object and commits its chunks.
    async fn load(
        &self,
        run: &Run,
        plan: &Arc<Plan>,
        file: FilePlan,
        committed: BTreeMap<u32, CommittedChunk>,
    ) -> Result<Brought, LoadError> {
        let Self { loader, database, object, .. } = *self;
        let rejected = committed.values().map(|chunk| chunk.rows_rejected).sum();
        let (resume, mut warnings) = match position_after(&committed) {
            Some(position) if self.may_resume() => {
                let (layout, warnings) = self.layout(&file).await?;
                (layout.map(|layout| (layout, position)), warnings)
            }
            _ => (None, Vec::new()),
        };
        let from = resume.as_ref().map_or(0, |(_, position)| position.byte);
        let reading = Reading { plan: Arc::clone(plan), file, committed, resume };
        let (pieces, content) = Pieces::channel();
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let reading = spawn_blocking(move || reading.run(Box::new(content), &sender));
        let references = References::default();
        let committer =
            &Committer { loader, database, run, plan, references: &references, token: self.token };
        let tally = &Tally::new(self.limit(), rejected);
        let lanes = Lanes {
            count: loader.options.lanes,
            deadline: self.deadline,
            out_of_time: || LoadError::OutOfTime,
        };
        let lanes = lanes.commit_all(chunks, |prepared| async move {
            let committed = committer.commit(prepared).await?;
            self.progress.fetch_add(u64::from(committed.is_ours), Ordering::Relaxed);
            tally.add(committed.rows_loaded, committed.rows_rejected)
        });
        let done = {
            let (mut lanes, mut feeding) =
                (std::pin::pin!(lanes), std::pin::pin!(feed(&loader.store, object, from, pieces)));
            let mut is_fed = false;
            loop {
                // What ends the committing also ends the reading, whose chunks nobody takes any more.
                tokio::select! {
                    done = &mut lanes => break done,
                    () = &mut feeding, if !is_fed => is_fed = true,
                }
            }
        };
        let Read { digest, warnings: more } = reading.await?;
        let digest = done.and(digest);
        warnings.extend(more);
        if !warnings.is_empty() && digest.as_ref().err().is_none_or(LoadError::is_final) {
            loads::note_warnings(self.to_end, run, &warnings).await?;
        }
        Ok(Brought { digest: digest?, has_loaded: tally.has_loaded() })
    }

    /// Returns true if the middle of such a file can be read. What is packed, and a workbook, can only be read from its
    /// start.
    fn may_resume(&self) -> bool {
        let format = self.incoming.format;
        format.packing == Packing::None && format.content != Content::Xlsx
    }

    /// Reads a packed object to its end before a row of it is loaded: a damaged one may unpack to rows that nobody wrote
    /// before its checksum shows that.
    async fn verify(&self, file: &FilePlan) -> Result<(), LoadError> {
        if file.format.packing == Packing::None {
            return Ok(());
        }
        let (pieces, content) = Pieces::channel();
        let file = file.clone();
        let reading = spawn_blocking(move || files::verify(file.opening(), Box::new(content)));
        tokio::select! {
            () = feed(&self.loader.store, self.object, 0, pieces) => Ok(reading.await??),
            () = self.deadline.passed() => Err(LoadError::OutOfTime),
        }
    }

    /// How a file is written that is not read from its start, and what of its start is left out; `None` for one that has
    /// to be read from its start.
    async fn layout(&self, file: &FilePlan) -> Result<(Option<Layout>, Vec<String>), LoadError> {
        let Self { loader, object, .. } = *self;
        let (pieces, content) = Pieces::channel();
        let file = file.clone();
        let reading = spawn_blocking(move || {
            let source = files::open(file.opening(), Box::new(content))?;
            let layout = source.layout().cloned();
            // A source that reads from the start says it itself.
            let warnings = if layout.is_some() { source.warnings().to_vec() } else { Vec::new() };
            Ok::<_, LoadError>((layout, warnings))
        });
        feed(&loader.store, object, 0, pieces).await;
        reading.await?
    }

    /// An earlier load that brought the same content, if one is found in time.
    async fn find_same(&self, file: &FilePlan) -> Result<Option<Candidate>, LoadError> {
        let Self { loader, database, object, .. } = *self;
        tokio::select! {
            found = find_same(loader, database, object, file) => found,
            () = self.deadline.passed() => Err(LoadError::OutOfTime),
        }
    }
}

/// Where a load resumes that has these chunks: after those that follow each other from the start.
fn position_after(committed: &BTreeMap<u32, CommittedChunk>) -> Option<Position> {
    let in_a_row = committed.values().zip(0..).take_while(|(chunk, number)| chunk.number == *number);
    let (last, _) = in_a_row.last()?;
    Some(Position { number: last.number + 1, byte: last.end_byte, line: last.end_line })
}
