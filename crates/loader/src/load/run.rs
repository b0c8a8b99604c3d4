//! One run of a load, from its state in the ledger to the end of its content.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use aurora::lanes::Lanes;
use aurora::loads::{self, CommittedChunk, Ending, Run, Swapped};
use aurora::{Database, Deadline};
use bucket::{Metadata, Reader, Store};
use domain::dictionary::LoadMode;
use domain::load::{
    CHUNKS_METADATA, Content, Incoming, LoadId, LoadPath, Packing, Position, SETTINGS_METADATA, Settings,
    SettingsError,
};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::commit::{Committer, References, Tally};
use crate::error::LoadError;
use crate::loader::Loader;
use crate::queue::event::ObjectCreated;
use crate::read::{Contents, FilePlan, Plan, Read, Reading, find_same};

/// The user metadata of a rejects file that names its load; copies within S3 keep it.
const LOAD_METADATA: &str = "rowgate-load";

/// Chunks that are prepared ahead of those being committed.
const CHUNKS_AHEAD: usize = 2;

/// A load that a function works on.
#[derive(Debug)]
pub(crate) struct Work<'l, S, Q> {
    pub(crate) loader: &'l Loader<S, Q>,
    pub(crate) database: &'l Database,
    /// The same database, with the time that is reserved for ending the load.
    pub(crate) to_end: &'l Database,
    pub(crate) object: &'l ObjectCreated,
    pub(crate) incoming: Incoming<'static>,
    pub(crate) chunk_bytes: u64,
    /// The time until which chunks may be begun.
    pub(crate) deadline: Deadline,
    /// Chunks that this invocation committed.
    pub(crate) progress: &'l AtomicU64,
    /// Part of the names of the rejects files that it writes; `None` for the first function that
    /// works on the load.
    pub(crate) token: Option<u32>,
}

/// The outcome of a run that has read everything.
struct Filled {
    /// The digest of the content.
    digest: String,
    /// True if it has loaded rows itself.
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
                // It was running just before: its swap was found done, and has been completed now.
                None => return Ok(()),
            },
        };
        match self.fill(&run, target).await {
            Err(error) if error.is_final() => self.fail(&run, &error).await,
            result => result,
        }
    }

    /// Brings the rows into the table called `target`, and completes the load or skips it. The file
    /// is read by the settings in its metadata, which never change for a version.
    async fn fill(&self, run: &Run, target: String) -> Result<(), LoadError> {
        let Self { loader, database, object, .. } = *self;
        let Incoming { table, mode, .. } = self.incoming;
        let committed = loads::committed_chunks(database, &run.id).await?;
        let store = loader.store.sibling(&object.bucket);
        let (mut contents, metadata) = Contents::open(store, object.state(), self.deadline).await?;
        let settings = metadata.get(SETTINGS_METADATA).map(|text| Settings::from_metadata(text));
        let settings = settings.transpose()?.unwrap_or_default();
        let file = FilePlan {
            format: self.incoming.format,
            table: Arc::new(settings.apply(table)?),
            object_bytes: object.size,
            chunk_bytes: self.chunk_bytes,
            settings: settings.digest(),
        };
        if mode == LoadMode::Append
            && committed.is_empty()
            && let Some(same_as) = find_same(database, &mut contents, &file).await?
            && loads::skip(database, run, table, object.size, &same_as).await?
        {
            return Ok(());
        }
        // A damaged file may unpack to invented rows before its checksum shows that. Rows in a
        // replace's shadow are never seen if it fails.
        if mode != LoadMode::Replace && committed.is_empty() && file.format.packing != Packing::None {
            let file = file.clone();
            contents.read(move |content| Ok(files::verify(file.opening(), content)?)).await?;
        }
        let rejects_metadata = rejects_metadata(&run.id, &settings)?;
        let by_parts = AtomicBool::new(loader.options.path == LoadPath::S3);
        let plan =
            Arc::new(Plan { table: Arc::clone(&file.table), mode, target, by_parts, rejects_metadata });
        let pause_after = metadata.get(CHUNKS_METADATA).and_then(|count| count.parse::<NonZeroU64>().ok());
        let filling =
            self.load(run, &plan, file, committed, contents, pause_after.map_or(u64::MAX, NonZeroU64::get));
        let Filled { digest, has_loaded } = filling.await?;
        if let Some(parent) = metadata.get(LOAD_METADATA).and_then(|id| LoadId::parse(id)) {
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

    /// Reads the object and commits its chunks. After `pause_after` of them it stops as if time
    /// were up.
    async fn load(
        &self,
        run: &Run,
        plan: &Arc<Plan>,
        file: FilePlan,
        committed: BTreeMap<u32, CommittedChunk>,
        mut contents: Contents<S>,
        pause_after: u64,
    ) -> Result<Filled, LoadError> {
        let Self { loader, database, .. } = *self;
        let rejected = committed.values().map(|chunk| chunk.rows_rejected).sum();
        let mut warnings = Vec::new();
        let mut resume = None;
        if let Some(position) = position_after(&committed).filter(|_| self.may_resume()) {
            // The start of a file says how the rest is written.
            let file = file.clone();
            let opened = contents.read(move |content| {
                let source = files::open(file.opening(), content)?;
                Ok(source.layout().map(|layout| (layout.clone(), source.warnings().to_vec())))
            });
            if let Some((layout, skipped)) = opened.await? {
                (resume, warnings) = (Some((layout, position)), skipped);
            }
        }
        let from = resume.as_ref().map_or(0, |(_, position)| position.byte);
        let reading = Reading { plan: Arc::clone(plan), file, committed, resume };
        let (feed, content) = contents.reader(from);
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let reading = spawn_blocking(move || reading.run(Box::new(content), &sender));
        let references = References::default();
        let committer =
            &Committer { loader, database, run, plan, references: &references, token: self.token };
        let tally = &Tally::new(self.limit(), rejected);
        let lanes = Lanes {
            // A row that an upsert changes frees unique values, which only the table knows: a later
            // chunk may take them, an earlier one may not.
            count: if plan.asks_first() { 1 } else { loader.options.lanes },
            deadline: self.deadline,
            out_of_time: || LoadError::OutOfTime,
        };
        let lanes = lanes.commit_all(chunks, |prepared| async move {
            let committed = committer.commit(prepared).await?;
            let ours = u64::from(committed.is_ours);
            let progress = self.progress.fetch_add(ours, Ordering::Relaxed) + ours;
            tally.add(committed.rows_loaded, committed.rows_rejected)?;
            if progress < pause_after { Ok(()) } else { Err(LoadError::OutOfTime) }
        });
        // An error in committing also stops the reading, because no more chunks are taken.
        let done = Reader::feed_while(feed, lanes).await;
        let Read { digest, warnings: more } = reading.await?;
        let digest = done.and(digest);
        warnings.extend(more);
        if !warnings.is_empty() && digest.as_ref().err().is_none_or(LoadError::is_final) {
            loads::note_warnings(self.to_end, run, &warnings).await?;
        }
        Ok(Filled { digest: digest?, has_loaded: tally.has_loaded() })
    }

    /// Returns true if such a file can be read from its middle. Packed files and workbooks are read
    /// from their start.
    fn may_resume(&self) -> bool {
        let format = self.incoming.format;
        format.packing == Packing::None && format.content != Content::Xlsx
    }
}

/// Writes the metadata of rejects files: the load, and the settings that they are read by.
fn rejects_metadata(load: &LoadId, settings: &Settings) -> Result<Metadata, SettingsError> {
    let mut metadata = Metadata::from([(LOAD_METADATA.to_owned(), load.as_str().to_owned())]);
    let settings = settings.of_rejects();
    if !settings.is_empty() {
        metadata.insert(SETTINGS_METADATA.to_owned(), settings.to_metadata()?);
    }
    Ok(metadata)
}

/// Returns where a load resumes: after the committed chunks that follow each other from the start.
fn position_after(committed: &BTreeMap<u32, CommittedChunk>) -> Option<Position> {
    let in_a_row = committed.values().zip(0..).take_while(|(chunk, number)| chunk.number == *number);
    let (last, _) = in_a_row.last()?;
    Some(Position { number: last.number + 1, byte: last.end_byte, line: last.end_line })
}
