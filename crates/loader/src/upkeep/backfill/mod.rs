//! Backfills: finds files in a bucket that no message was ever sent for, and queues them.
//!
//! Nothing is loaded twice: files that are in the ledger are skipped, and the id of a load is that
//! of the object's version, whatever its message came from. So a backfill may be repeated, even at
//! the same time. Loads that were abandoned are queued once more, and continue where they stopped.
//!
//! A backfill sends the messages that S3 would have sent, and loads nothing itself: there is one
//! way of loading, with its retries, limits and alarms. It refuses to replace tables, because of
//! many files the last one loaded would win, and nobody can say which that is.

mod file;
mod request;

#[cfg(test)]
mod tests;

use std::time::Duration;

use aurora::{Database, Deadline, loads};
use bucket::{BucketError, Versions};
use domain::dictionary::{Dictionary, LoadMode};
use domain::load::{INCOMING, Incoming, KeyError, LoadId};
use serde::Serialize;

use self::file::File;
pub use self::request::Backfill;
use crate::queue::event::is_folder;
use crate::queue::{Queue, QueueError};

/// The time of one call: the AWS CLI stops waiting for an answer after 60 seconds, and a page that
/// was begun is finished.
const WORK_TIME: Duration = Duration::from_secs(30);

/// Ignored files that an answer names at most, with keys of up to a kilobyte and a reason each.
const MAX_IGNORED: usize = 100;

/// The result of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Backfilled {
    /// Files queued; of a dry run, those that would be.
    pub queued: u64,
    /// Files skipped because they are in the ledger, whether their loads completed or failed.
    pub known: u64,
    /// Files that cannot be loaded, each with the reason; at most [`MAX_IGNORED`].
    pub ignored: Vec<String>,
    /// The number of ignored files in all.
    pub ignored_count: u64,
    /// The key after which the next call continues; `None` when all is done.
    pub next: Option<String>,
}

/// Why a backfill stops. Files that were queued before stay queued.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    /// The table or mode asked for does not exist.
    #[error(transparent)]
    Target(#[from] KeyError),
    /// Files that replace a table, in no order.
    #[error("a backfill cannot replace a table: of several files only the one loaded last would stay")]
    Replace,
    /// A part of the data bucket that has no files to load.
    #[error("the data bucket holds files to load under {INCOMING} alone; the prefix must begin with that")]
    Prefix,
    /// S3.
    #[error("the bucket {bucket} cannot be listed (is it one of readBuckets?)")]
    Store {
        /// The bucket.
        bucket: String,
        /// The error of S3.
        source: BucketError,
    },
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The database.
    #[error(transparent)]
    Database(#[from] aurora::Error),
}

/// Finds and queues files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backfiller<'a, S, Q> {
    /// The database of the ledger.
    pub(crate) database: &'a Database,
    /// The tables that keys and requests name.
    pub(crate) dictionary: &'a Dictionary,
    /// The data bucket.
    pub(crate) store: &'a S,
    /// The queue that messages go to.
    pub(crate) queue: &'a Q,
}

impl<S: Versions, Q: Queue> Backfiller<'_, S, Q> {
    /// Queues the files under a prefix that were never loaded, for half a minute or until shortly
    /// before `deadline`.
    ///
    /// # Errors
    /// [`BackfillError`]; called again with the same request, it continues.
    pub(crate) async fn run(
        &self,
        request: &Backfill,
        deadline: Deadline,
    ) -> Result<Backfilled, BackfillError> {
        self.check(request)?;
        let bucket = match &request.bucket {
            Some(name) => self.store.sibling(name),
            None => self.store.clone(),
        };
        // A page takes a few seconds, and some more while the database resumes.
        let until = Deadline::after(WORK_TIME.min(deadline.remaining() / 2));
        let mut done = Backfilled { next: request.after.clone(), ..Backfilled::default() };
        loop {
            self.backfill_page(request, &bucket, &mut done).await?;
            if done.next.is_none() || until.is_over() {
                tracing::info!(
                    backfill.queued = done.queued,
                    backfill.known = done.known,
                    backfill.ignored = done.ignored_count,
                    backfill.dry_run = request.dry_run,
                    backfill.ended = done.next.is_none(),
                    "backfill looked"
                );
                return Ok(done);
            }
        }
    }

    /// Refuses a request that no file could be loaded by, before anything is listed.
    fn check(&self, request: &Backfill) -> Result<(), BackfillError> {
        let is_data_bucket = request.bucket.as_deref().is_none_or(|bucket| bucket == self.store.name());
        if is_data_bucket && !request.prefix.starts_with(INCOMING) {
            return Err(BackfillError::Prefix);
        }
        if let Some(mode) = &request.mode {
            match LoadMode::from_name(mode) {
                None => return Err(KeyError::UnknownMode(mode.clone()).into()),
                Some(LoadMode::Replace) => return Err(BackfillError::Replace),
                Some(_) => {}
            }
        }
        if let Some(table) = &request.table {
            Incoming::for_table(self.dictionary, "any.csv", table, request.mode.as_deref())?;
        }
        Ok(())
    }

    /// Queues the files of the next page, and adds them to `done`.
    async fn backfill_page(
        &self,
        request: &Backfill,
        bucket: &S,
        done: &mut Backfilled,
    ) -> Result<(), BackfillError> {
        let page = bucket.list_versions(&request.prefix, done.next.as_deref()).await;
        let page =
            page.map_err(|source| BackfillError::Store { bucket: bucket.name().to_owned(), source })?;
        let mut files = Vec::with_capacity(page.objects.len());
        let mut ignored = Vec::new();
        for object in page.objects.into_iter().filter(|object| !is_folder(&object.key, object.bytes)) {
            match File::read(self.dictionary, request, bucket.name(), object) {
                Ok(file) => files.push(file),
                Err(reason) => ignored.push(reason),
            }
        }
        let listed = files.len();
        self.skip_known(bucket.name(), &mut files).await?;
        done.known += (listed - files.len()) as u64;
        self.refuse_replaces(&mut files, &mut ignored).await?;
        done.ignored_count += ignored.len() as u64;
        ignored.sort_unstable();
        ignored.truncate(MAX_IGNORED - done.ignored.len());
        done.ignored.append(&mut ignored);
        if !request.dry_run {
            let messages: Vec<String> = files.iter().map(|file| file.object.message()).collect();
            self.queue.send_all(&messages).await?;
        }
        done.queued += files.len() as u64;
        done.next = page.next;
        Ok(())
    }

    /// Leaves the files that are not in the ledger.
    async fn skip_known(&self, bucket: &str, files: &mut Vec<File>) -> Result<(), BackfillError> {
        let ids: Vec<LoadId> = files.iter().map(|file| file.id.clone()).collect();
        let known = loads::known_loads(self.database, &ids).await?;
        files.retain(|file| !known.contains(&file.id));
        // Without versions, S3's events and its listings have only the ETag in common.
        let unversioned: Vec<(&str, &str)> = files.iter().filter_map(File::unversioned).collect();
        let known = loads::known_contents(self.database, bucket, &unversioned).await?;
        files.retain(|file| {
            let content = file.unversioned().map(|(key, etag)| (key.to_owned(), etag.to_owned()));
            content.is_none_or(|content| !known.contains(&content))
        });
        Ok(())
    }

    /// Leaves of the replaces only those that were begun and abandoned: of several files only the
    /// one loaded last would stay.
    async fn refuse_replaces(
        &self,
        files: &mut Vec<File>,
        refused: &mut Vec<String>,
    ) -> Result<(), BackfillError> {
        let replaces = files.iter().filter(|file| file.mode == LoadMode::Replace);
        let ids: Vec<LoadId> = replaces.map(|file| file.id.clone()).collect();
        let begun = loads::abandoned_loads(self.database, &ids).await?;
        files.retain(|file| {
            let is_allowed = file.mode != LoadMode::Replace || begun.contains(&file.id);
            if !is_allowed {
                let key = &file.object.key;
                refused.push(format!("{key}: it would replace the table; drop it again if that is meant"));
            }
            is_allowed
        });
        Ok(())
    }
}
