//! One load, from the event to its ending in the ledger.

mod ending;
mod orphans;
mod run;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aurora::loads::{self, Begun, Ending, NewLoad};
use aurora::{Database, Deadline};
use bucket::Store;
use deadline::Pauses;
use domain::dictionary::{LoadMode, Table};
use domain::load::{
    Incoming, KeyError, LoadId, LoadRecord, LoadStatus, no_data, no_data_below, parent_in_name,
};

pub(crate) use self::ending::end_run;
use self::ending::failure;
use self::orphans::remove_orphans;
use self::run::Work;
use crate::error::LoadError;
use crate::loader::Loader;
use crate::queue::event::{ObjectCreated, is_folder};
use crate::{metrics, outbox};

/// Reserved of the function's time for ending a load in the ledger; of a short time, a fifth.
const TIME_TO_END: Duration = Duration::from_secs(10);

/// The outcome of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// The load has ended.
    Ended,
    /// Time is up, and the load has made progress: it continues in another invocation.
    Unfinished,
}

/// Loads an object, or continues its load, and ends it in the ledger unless it may succeed later.
///
/// # Errors
/// A [`LoadError`] that may pass: the event must be delivered again. On the last try such a load is
/// abandoned in the ledger, so that it is not `running` for ever, and its message goes to the
/// dead-letter queue; a redrive continues it.
pub async fn load<S: Store, Q: Sync>(
    loader: &Loader<S, Q>,
    object: &ObjectCreated,
    deadline: Deadline,
    is_last_try: bool,
) -> Result<Delivered, LoadError> {
    if let Some(what) = what_is_no_data(object) {
        tracing::info!(object.is = what, "the object is no data; there is nothing to load");
        return Ok(Delivered::Ended);
    }
    let job = Job {
        loader,
        object,
        id: &LoadId::of_object(&object.bucket, &object.key, &object.identity),
        database: &loader.database.with_deadline(deadline),
        started: Instant::now(),
    };
    job.deliver(deadline.reserve(TIME_TO_END, 5), is_last_try).await
}

/// A load that an event was delivered for.
struct Job<'l, S, Q> {
    loader: &'l Loader<S, Q>,
    object: &'l ObjectCreated,
    id: &'l LoadId,
    /// With the time that is reserved for ending the load.
    database: &'l Database,
    started: Instant,
}

impl<S: Store, Q: Sync> Job<'_, S, Q> {
    async fn deliver(&self, deadline: Deadline, is_last_try: bool) -> Result<Delivered, LoadError> {
        let incoming = self.incoming();
        let begun = self.begin(&incoming).await?;
        if begun.status != LoadStatus::Running {
            return self.clean_up(&incoming).await;
        }
        let chunks = AtomicU64::new(0);
        let tries = match self.work(incoming, &begun, deadline, &chunks).await {
            Ok(tries) => tries,
            Err(LoadError::Ended) => {
                // A concurrent delivery ended it, and wrote logs and metrics.
                tracing::info!(load.id = self.id.as_str(), "the load has been ended elsewhere");
                self.remove_orphans().await?;
                self.send_event().await?;
                return Ok(Delivered::Ended);
            }
            Err(error) if error.is_final() => {
                let record = loads::get(self.database, self.id).await?;
                let reason = failure(self.database, self.id, &error, record.as_ref()).await?;
                self.end(Ending::Failed(&reason)).await?;
                1
            }
            Err(error) if error.is_out_of_time() && chunks.load(Ordering::Relaxed) > 0 => {
                tracing::info!(
                    load.id = self.id.as_str(),
                    load.chunks = chunks.load(Ordering::Relaxed),
                    duration_ms = milliseconds(self.started.elapsed()),
                    "the time is up; the load continues in another invocation"
                );
                return Ok(Delivered::Unfinished);
            }
            Err(error) => {
                self.interrupt(&error, is_last_try).await?;
                return Err(error);
            }
        };
        let record = self.report().await?;
        // A load that one function completed in one try has no orphans.
        let is_clean = |record: &LoadRecord| record.status != LoadStatus::Failed && record.attempts <= 1;
        if tries > 1 || !record.as_ref().is_some_and(is_clean) {
            self.remove_orphans().await?;
        }
        self.send_event().await?;
        Ok(Delivered::Ended)
    }

    /// Reads table, mode and format from the key, or from what overrides it.
    fn incoming(&self) -> Result<Incoming<'static>, KeyError> {
        let (dictionary, key) = (self.loader.dictionary, &self.object.key);
        match &self.object.target {
            Some(target) => Incoming::for_table(dictionary, key, &target.table, target.mode.as_deref()),
            None => Incoming::from_key(dictionary, key),
        }
    }

    /// Begins the load in the ledger, or finds it there.
    async fn begin(&self, incoming: &Result<Incoming<'static>, KeyError>) -> Result<Begun, LoadError> {
        let Self { loader, object, id, database, .. } = *self;
        let incoming = incoming.as_ref().ok();
        let parent = parent_in_name(&object.key);
        let new = NewLoad {
            id,
            bucket: &object.bucket,
            key: &object.key,
            version: &object.identity,
            etag: object.etag.as_deref(),
            table: incoming.map_or_else(|| named_table(object), |incoming| incoming.table.name()),
            mode: incoming.map_or(LoadMode::Append, |incoming| incoming.mode),
            format: incoming.map(|incoming| incoming.format.as_str()),
            bytes: object.size,
            chunk_bytes: loader.options.chunk_bytes,
            parent: parent.as_ref(),
        };
        let begun = loads::begin(database, new).await?;
        if begun.status == LoadStatus::Running {
            tracing::info!(
                load.id = id.as_str(),
                load.table = new.table,
                load.mode = new.mode.as_str(),
                load.format = new.format,
                load.bytes = new.bytes,
                load.attempts = begun.attempts,
                "load begins"
            );
        }
        Ok(begun)
    }

    /// Does what is left of a load that has ended before: its function may have been killed right
    /// after.
    async fn clean_up(&self, incoming: &Result<Incoming<'static>, KeyError>) -> Result<Delivered, LoadError> {
        tracing::info!(
            load.id = self.id.as_str(),
            "the load has ended before; the event is a duplicate delivery"
        );
        if incoming.as_ref().is_ok_and(|incoming| incoming.mode == LoadMode::Replace) {
            aurora::swap::reap(self.database).await?;
        }
        self.remove_orphans().await?;
        self.send_event().await?;
        Ok(Delivered::Ended)
    }

    /// Works on the load until it has ended, and counts the `chunks` that are committed. Gives the
    /// tries that it took.
    async fn work(
        &self,
        incoming: Result<Incoming<'static>, KeyError>,
        begun: &Begun,
        deadline: Deadline,
        chunks: &AtomicU64,
    ) -> Result<u32, LoadError> {
        let incoming = incoming?;
        if incoming.mode == LoadMode::Replace && parent_in_name(&self.object.key).is_some() {
            return Err(LoadError::RejectsReplace);
        }
        let work = Work {
            loader: self.loader,
            database: &self.database.with_deadline(deadline),
            to_end: self.database,
            object: self.object,
            incoming,
            chunk_bytes: begun.chunk_bytes,
            deadline,
            progress: chunks,
            // A function that finds itself to be the first is the only one to do so: each counts
            // itself before it looks.
            token: (begun.attempts > 1).then(|| fastrand::u32(..)),
        };
        self.retry(&work, begun).await
    }

    /// Runs the load, again after a pause when it stops for a reason that may pass, and at once
    /// when it was sent back to its start. Gives the tries that it took.
    async fn retry(&self, work: &Work<'_, S, Q>, begun: &Begun) -> Result<u32, LoadError> {
        let id = self.id;
        let mut run = begun.run.clone();
        let mut pauses = Pauses::default();
        for tries in 1.. {
            let error = match work.run(&run).await {
                Ok(()) => return Ok(tries),
                Err(LoadError::Restarted) if !work.deadline.is_over() => {
                    tracing::info!(load.id = id.as_str(), "the load was sent back to its start");
                    run = match loads::state(work.database, id).await? {
                        Some(begun) if begun.status == LoadStatus::Running => begun.run,
                        _ => return Err(LoadError::Ended),
                    };
                    continue;
                }
                Err(error) => error,
            };
            let may_pass =
                error.may_pass_soon() && !error.is_out_of_time() && !matches!(error, LoadError::Ended);
            let Some(pause) = pauses.next_before(work.deadline).filter(|_| may_pass) else {
                return Err(error);
            };
            tracing::warn!(
                load.id = id.as_str(),
                error.class = error.class(),
                error.causes = error.causes(),
                pause_ms = milliseconds(pause),
                "the load was disturbed and is tried again"
            );
            tokio::time::sleep(pause).await;
        }
        Err(LoadError::OutOfTime)
    }

    /// Logs why the load stopped before its end; on the last try, abandons it in the ledger.
    async fn interrupt(&self, error: &LoadError, is_last_try: bool) -> Result<(), LoadError> {
        tracing::warn!(
            load.id = self.id.as_str(),
            error.class = error.class(),
            error.causes = error.causes(),
            load.last_try = is_last_try,
            "the load has not ended; it continues with the next delivery, or from the dead-letter queue"
        );
        if is_last_try {
            self.end(Ending::Abandoned(&error.reason())).await?;
            self.report().await?;
            self.send_event().await?;
        }
        Ok(())
    }

    /// Ends the load, whichever run of it there is.
    async fn end(&self, ending: Ending<'_>) -> Result<(), LoadError> {
        let Some(record) = loads::get(self.database, self.id).await? else { return Ok(()) };
        if let Some(begun) = loads::state(self.database, self.id).await? {
            end_run(self.database, &begun.run, record.mode, ending).await?;
        }
        Ok(())
    }

    /// Writes logs and metrics of a load that has ended; gives its record in the ledger.
    async fn report(&self) -> Result<Option<LoadRecord>, LoadError> {
        let Self { loader, id, database, started, .. } = *self;
        let Some(record) = loads::get(database, id).await? else { return Ok(None) };
        let LoadRecord { table, status, rows_read, rows_loaded, rows_rejected, bytes, .. } = &record;
        tracing::info!(
            load.id = id.as_str(),
            load.table = table,
            load.status = status.as_str(),
            load.rows_read = rows_read,
            load.rows_loaded = rows_loaded,
            load.rows_rejected = rows_rejected,
            load.unknown_references = record.unknown_references,
            load.bytes = bytes,
            load.attempts = record.attempts,
            load.error = record.error,
            load.warnings = record.warnings.len(),
            duration_ms = milliseconds(started.elapsed()),
            load.duration_ms = record.milliseconds,
            "load ended"
        );
        if let Some(metrics) = metrics::ended(&record, loader.dictionary.table(table).map(Table::name)) {
            metrics.write();
        }
        Ok(Some(record))
    }

    /// Tells other programs that the load has ended, unless that is done.
    async fn send_event(&self) -> Result<(), LoadError> {
        let Loader { events, dictionary, .. } = self.loader;
        outbox::send(events, self.database, dictionary, self.id).await.inspect_err(|error| {
            tracing::warn!(
                load.id = self.id.as_str(),
                error.class = error.class(),
                error.causes = error.causes(),
                "the event of the load could not be sent; the next delivery or the next audit sends it"
            );
        })
    }

    async fn remove_orphans(&self) -> Result<(), LoadError> {
        let incoming = self.incoming();
        let table =
            incoming.as_ref().map_or_else(|_| named_table(self.object), |incoming| incoming.table.name());
        remove_orphans(&self.loader.store, self.database, self.id, table).await
    }
}

/// Returns the kind of an object that is no file to load, if its key shows that. If the target is
/// overridden, only the name counts: the folders were checked when the message was made.
fn what_is_no_data(object: &ObjectCreated) -> Option<&'static str> {
    match &object.target {
        _ if is_folder(&object.key, object.size) => Some("a folder"),
        Some(_) => no_data_below(object.key.rsplit('/').next().unwrap_or_default()),
        None => no_data(&object.key),
    }
}

/// Returns the name in the table's place, as far as it could be one, for the ledger.
fn named_table(object: &ObjectCreated) -> &str {
    let name = match &object.target {
        Some(target) => &target.table,
        None => object.key.split('/').nth(1).unwrap_or_default(),
    };
    let is_name = name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if is_name { name } else { "" }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
