//! One load, from the event to its ending in the ledger.

mod ending;
mod orphans;
mod run;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aurora::loads::{self, Begun, Ending, NewLoad};
use aurora::{Database, Deadline};
use domain::dictionary::{Dictionary, LoadMode, Table};
use domain::load::{Incoming, LoadId, LoadRecord, LoadStatus, no_data, no_data_below, parent_in_name};

use self::ending::failure;
use self::orphans::remove_leftovers;
use self::run::Work;
use crate::Loader;
use crate::error::LoadError;
use crate::metrics;
use crate::queue::event::ObjectCreated;
use crate::store::Store;

/// Time kept back from the function's own for ending a load in the ledger; of a short time, a fifth.
const TIME_TO_END: Duration = Duration::from_secs(10);

/// How long to wait before a disturbed load is tried again within one invocation; from then on as long as the last time.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(30),
];

/// What a delivery came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// The load has ended.
    Ended,
    /// Time is up, and the load has come further: another invocation goes on with it.
    Unfinished,
}

/// Loads an object, or goes on with it; ends it in the ledger unless it may pass later.
///
/// # Errors
/// A [`LoadError`] that may pass: the event must be delivered again. On the last try such a load is given up in the
/// ledger, so that it is not `running` for ever, and its message goes to the dead-letter queue; a redrive resumes it.
pub async fn load<S: Store, Q: Sync>(
    loader: &Loader<S, Q>,
    object: &ObjectCreated,
    deadline: Deadline,
    is_last_try: bool,
) -> Result<Delivered, LoadError> {
    if object.key.ends_with('/') && object.size == 0 {
        // What the console of S3 makes when somebody makes a folder.
        tracing::info!("a folder was made; there is nothing to load");
        return Ok(Delivered::Ended);
    }
    if let Some(what) = marker(object) {
        tracing::info!(object.is = what, "an object that is no data was made; there is nothing to load");
        return Ok(Delivered::Ended);
    }
    let started = Instant::now();
    let id = &LoadId::of_object(&object.bucket, &object.key, &object.identity);
    let database = &loader.database.with_deadline(deadline);
    let incoming = match &object.told {
        Some(told) => Incoming::for_table(loader.dictionary, &object.key, &told.table, told.mode.as_deref()),
        None => Incoming::from_key(loader.dictionary, &object.key),
    };
    let parent = parent_in_name(&object.key);
    let new = NewLoad {
        id,
        bucket: &object.bucket,
        key: &object.key,
        version: &object.identity,
        etag: object.etag.as_deref(),
        table: incoming.as_ref().map_or_else(|_| named_table(object), |incoming| incoming.table.name()),
        mode: incoming.as_ref().map_or(LoadMode::Append, |incoming| incoming.mode),
        format: incoming.as_ref().ok().map(|incoming| incoming.format.as_str()),
        bytes: object.size,
        chunk_bytes: loader.options.chunk_bytes,
        parent: parent.as_ref(),
    };
    let begun = loads::begin(database, new).await?;
    if begun.status != LoadStatus::Running {
        tracing::info!(load.id = id.as_str(), "the load has ended before; this event was a repetition");
        if new.mode == LoadMode::Replace {
            // Its function may have been killed before it dropped the table that was replaced.
            aurora::swap::reap(database).await?;
        }
        remove_leftovers(loader, database, id, new.table).await?;
        return Ok(Delivered::Ended);
    }
    tracing::info!(
        load.id = id.as_str(),
        load.table = new.table,
        load.mode = new.mode.as_str(),
        load.format = new.format,
        load.bytes = new.bytes,
        load.attempts = begun.attempts,
        "load begins"
    );
    let progress = AtomicU64::new(0);
    let mut tries = 0;
    let ended = match incoming {
        Err(error) => Err(LoadError::from(error)),
        Ok(incoming) if incoming.mode == LoadMode::Replace && parent.is_some() => {
            Err(LoadError::RejectsReplace)
        }
        Ok(incoming) => {
            let deadline = deadline.reserve(TIME_TO_END, 5);
            let work = Work {
                loader,
                database: &database.with_deadline(deadline),
                to_end: database,
                object,
                incoming,
                chunk_bytes: begun.chunk_bytes,
                deadline,
                progress: &progress,
                // Whoever finds that it is the first is alone with that: each of several has
                // counted itself before it looks.
                token: (begun.attempts > 1).then(|| fastrand::u32(..)),
            };
            run_until_ended(&work, &begun, id, &mut tries).await
        }
    };
    match ended {
        Ok(()) => {}
        Err(LoadError::Ended) => {
            // A twin ended it, and has told logs and metrics.
            tracing::info!(load.id = id.as_str(), "the load has been ended elsewhere");
            remove_leftovers(loader, database, id, new.table).await?;
            return Ok(Delivered::Ended);
        }
        Err(error) if error.is_final() => {
            let reason = failure(database, id, &error, loads::get(database, id).await?.as_ref()).await?;
            end(database, id, Ending::Failed(&reason)).await?;
        }
        Err(error) => {
            let chunks = progress.load(Ordering::Relaxed);
            if error.is_out_of_time() && chunks > 0 {
                tracing::info!(
                    load.id = id.as_str(),
                    load.chunks = chunks,
                    duration_ms = milliseconds(started.elapsed()),
                    "the time is up; the load goes on in another invocation"
                );
                return Ok(Delivered::Unfinished);
            }
            tracing::warn!(
                load.id = id.as_str(),
                error.class = error.class(),
                error.causes = error.causes(),
                load.last_try = is_last_try,
                "the load has not ended; it goes on with the next delivery, or from the dead-letter queue"
            );
            if is_last_try {
                end(database, id, Ending::GivenUp(&error.reason())).await?;
                report(database, loader.dictionary, id, started).await?;
            }
            return Err(error);
        }
    }
    let record = report(database, loader.dictionary, id, started).await?;
    // One function that came straight to the end has left nothing.
    let is_clean = |record: &LoadRecord| record.status != LoadStatus::Failed && record.attempts <= 1;
    if tries > 1 || !record.as_ref().is_some_and(is_clean) {
        remove_leftovers(loader, database, id, new.table).await?;
    }
    Ok(Delivered::Ended)
}

/// What an object is that is no file to load, if its key says so. Of a key of which the table is told, nobody knows here
/// which folders are below the one that was named: whoever queued it has looked at them.
fn marker(object: &ObjectCreated) -> Option<&'static str> {
    match &object.told {
        Some(_) => no_data_below(object.key.rsplit('/').next().unwrap_or_default()),
        None => no_data(&object.key),
    }
}

/// Runs a load, again and again when it stops for a reason that may pass, or was sent back to its start.
async fn run_until_ended<S: Store, Q: Sync>(
    work: &Work<'_, S, Q>,
    begun: &Begun,
    id: &LoadId,
    tries: &mut u32,
) -> Result<(), LoadError> {
    let mut run = begun.run.clone();
    let mut pauses = PAUSES.into_iter();
    loop {
        *tries += 1;
        match work.run(&run).await {
            Err(LoadError::Restarted) if !work.deadline.is_over() => {
                tracing::info!(load.id = id.as_str(), "the load was sent back to its start");
                run = match loads::state(work.database, id).await? {
                    Some(begun) if begun.status == LoadStatus::Running => begun.run,
                    _ => return Err(LoadError::Ended),
                };
            }
            Err(error) => {
                if !error.may_pass_soon() || error.is_out_of_time() || matches!(error, LoadError::Ended) {
                    return Err(error);
                }
                let pause = pauses.next().unwrap_or(PAUSES[PAUSES.len() - 1]);
                if work.deadline.remaining() <= 2 * pause {
                    return Err(error);
                }
                tracing::warn!(
                    load.id = id.as_str(),
                    error.class = error.class(),
                    error.causes = error.causes(),
                    pause_ms = milliseconds(pause),
                    "the load was disturbed and is tried again"
                );
                tokio::time::sleep(pause).await;
            }
            Ok(()) => return Ok(()),
        }
    }
}

/// Ends whatever run of the load there is.
async fn end(database: &Database, id: &LoadId, ending: Ending<'_>) -> Result<(), LoadError> {
    let Some(record) = loads::get(database, id).await? else { return Ok(()) };
    if let Some(begun) = loads::state(database, id).await? {
        match record.mode {
            LoadMode::Append | LoadMode::Upsert => {
                loads::end(database, &begun.run, ending).await?;
            }
            LoadMode::Replace => loads::undo(database, &begun.run, ending).await?,
        }
    }
    Ok(())
}

/// Tells logs and metrics how the load ended; gives what the ledger has of it.
async fn report(
    database: &Database,
    dictionary: &Dictionary,
    id: &LoadId,
    started: Instant,
) -> Result<Option<LoadRecord>, LoadError> {
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
    if let Some(metrics) = metrics::ended(&record, dictionary.table(table).map(Table::name)) {
        metrics.write();
    }
    Ok(Some(record))
}

/// What stands in a table's place, as far as it could be a name; the ledger keeps it for whoever looks.
fn named_table(object: &ObjectCreated) -> &str {
    let name = match &object.told {
        Some(told) => &told.table,
        None => object.key.split('/').nth(1).unwrap_or_default(),
    };
    let is_name = name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if is_name { name } else { "" }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
