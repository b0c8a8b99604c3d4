//! One load, from the event to its ending in the ledger.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aurora::loads::{self, CommittedChunk, Ending, NewLoad, Run};
use aurora::{Database, Deadline};
use domain::dictionary::{LoadMode, Table};
use domain::load::{CheckedChunk, Chunk, ChunkError, Chunker, Columns, Incoming, LoadId, LoadStatus};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::Loader;
use crate::chunk::{Work, commit};
use crate::error::LoadError;
use crate::event::ObjectCreated;
use crate::references::References;
use crate::store::{Content, Store};

/// Time kept back from the function's own for ending a load in the ledger; of a short time, a fifth.
const TIME_TO_END: Duration = Duration::from_secs(10);

/// How long to wait before a disturbed load is tried again within one invocation.
const PAUSES: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5)];

/// Chunks that are read ahead of the one that is being committed.
const CHUNKS_AHEAD: usize = 2;

/// Loads an object, or goes on with it; ends it in the ledger unless it may pass later.
///
/// # Errors
/// A [`LoadError`] that may pass: the event must be delivered again. On the last try such a load is given up in the
/// ledger, so that it is not `running` for ever, and its message goes to the dead-letter queue; a redrive resumes it.
pub async fn load<S: Store>(
    loader: &Loader<S>,
    object: &ObjectCreated,
    deadline: Deadline,
    is_last_try: bool,
) -> Result<(), LoadError> {
    let started = Instant::now();
    let id = LoadId::of_object(&object.bucket, &object.key, &object.identity);
    let database = loader.database.with_deadline(deadline);
    let incoming = Incoming::from_key(loader.dictionary, &object.key);
    let new = NewLoad {
        id: &id,
        bucket: &object.bucket,
        key: &object.key,
        version: &object.identity,
        table: incoming.as_ref().map_or_else(|_| named_table(&object.key), |incoming| incoming.table.name()),
        mode: incoming.as_ref().map_or(LoadMode::Append, |incoming| incoming.mode),
        bytes: object.size,
        etag: None,
        format: None,
        chunk_bytes: domain::load::CHUNK_BYTES,
        parent: None,
    };
    let begun = loads::begin(&database, new).await?;
    if begun.status != LoadStatus::Running {
        tracing::info!(load.id = id.as_str(), "the load has ended before; this event was a repetition");
        return Ok(());
    }
    tracing::info!(load.id = id.as_str(), load.table = new.table, load.bytes = new.bytes, "load begins");
    let ended = match incoming {
        Err(error) => Err(LoadError::from(error)),
        Ok(incoming) => {
            let left = deadline.remaining();
            let work_until = Deadline::after(left.saturating_sub(TIME_TO_END.min(left / 5)));
            let database = database.with_deadline(work_until);
            let run = || run(loader, &database, object, &begun.run, incoming.table, work_until);
            try_again(run, work_until, &id).await
        }
    };
    match ended {
        Ok(()) => {}
        Err(error) if error.is_final() => {
            loads::end(&database, &begun.run, Ending::Failed(&error.reason())).await?;
        }
        Err(error) => {
            tracing::warn!(
                load.id = id.as_str(),
                error.class = error.class(),
                error.causes = error.reason(),
                load.last_try = is_last_try,
                "the load has not ended; it goes on with the next delivery, or from the dead-letter queue"
            );
            if is_last_try {
                loads::end(&database, &begun.run, Ending::GivenUp(&error.reason())).await?;
            }
            return Err(error);
        }
    }
    if let Some(record) = loads::get(&database, &id).await? {
        tracing::info!(
            load.id = id.as_str(),
            load.table = record.table,
            load.status = record.status.as_str(),
            load.rows_read = record.rows_read,
            load.rows_loaded = record.rows_loaded,
            load.rows_rejected = record.rows_rejected,
            load.unknown_references = record.unknown_references,
            load.bytes = record.bytes,
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "load ended"
        );
    }
    Ok(())
}

/// Runs a load again when it stops for a reason that may pass: the queue would bring its message back only after the
/// visibility timeout, which is longer than most disturbances. Committed chunks are not done twice.
async fn try_again<F>(run: impl Fn() -> F, until: Deadline, id: &LoadId) -> Result<(), LoadError>
where
    F: Future<Output = Result<(), LoadError>>,
{
    for pause in PAUSES {
        match run().await {
            Err(error) if !error.is_final() && until.remaining() > 2 * pause => {
                tracing::warn!(
                    load.id = id.as_str(),
                    error.class = error.class(),
                    error.causes = error.reason(),
                    pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                    "the load was disturbed and is tried again"
                );
                tokio::time::sleep(pause).await;
            }
            ended => return ended,
        }
    }
    run().await
}

/// What stands in a table's place in a key, as far as it could be a name; the ledger keeps it for whoever looks.
fn named_table(key: &str) -> &str {
    let name = key.split('/').nth(1).unwrap_or_default();
    let is_name = name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if is_name { name } else { "" }
}

/// Brings the object's rows in and completes the load, or skips it.
async fn run<S: Store>(
    loader: &Loader<S>,
    database: &Database,
    object: &ObjectCreated,
    current: &Run,
    table: &Table,
    deadline: Deadline,
) -> Result<(), LoadError> {
    let committed = loads::committed_chunks(database, &current.id).await?;
    if committed.is_empty()
        && let Some((same_as, sha256)) = find_same(loader, database, object, table).await?
    {
        return Ok(loads::end(database, current, Ending::Skipped { same_as: &same_as, digest: &sha256 }).await?);
    }
    let content = open(loader, object).await?;
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    let reading = async {
        let result = read(content, &sender).await;
        drop(sender);
        result
    };
    let committing = commit_all(loader, database, current, table, &committed, receiver, deadline);
    // What ends the committing also ends the reading, whose chunks nobody takes any more.
    let (read, done) = tokio::join!(reading, committing);
    done?;
    let sha256 = read?;
    Ok(loads::end(database, current, Ending::Completed(&sha256)).await?)
}

/// The completed load that brought the very same bytes into the table, if there is one, and their SHA-256. Content is
/// read for it only when a completed load had the same size.
async fn find_same<S: Store>(
    loader: &Loader<S>,
    database: &Database,
    object: &ObjectCreated,
    table: &Table,
) -> Result<Option<(String, String)>, LoadError> {
    let candidates = loads::completed_of_size(database, table, object.size).await?;
    if object.size == 0 || candidates.is_empty() {
        return Ok(None);
    }
    let mut content = open(loader, object).await?;
    let mut hash = Sha256::new();
    while let Some(piece) = content.next().await? {
        hash.update(&piece);
    }
    let sha256 = hex(hash);
    let found = candidates.into_iter().find(|candidate| candidate.content_digest == sha256);
    Ok(found.map(|candidate| (candidate.load_id, sha256)))
}

async fn open<S: Store>(loader: &Loader<S>, object: &ObjectCreated) -> Result<S::Content, LoadError> {
    Ok(loader.store.open(&object.bucket, &object.key, object.version.as_deref()).await?)
}

/// Reads content to its end and sends its chunks; gives back its SHA-256 in hexadecimal.
async fn read(mut content: impl Content, chunks: &mpsc::Sender<Chunk>) -> Result<String, LoadError> {
    let mut hash = Sha256::new();
    let mut chunker = Chunker::new(domain::load::CHUNK_BYTES);
    while let Some(piece) = content.next().await? {
        hash.update(&piece);
        let mut rest = &piece[..];
        loop {
            match chunker.feed(rest) {
                Ok((Some(chunk), left)) => {
                    if chunks.send(chunk).await.is_err() {
                        return Ok(String::new());
                    }
                    rest = left;
                }
                Ok((None, _)) => break,
                Err(error) => return Err(salvage(&mut chunker, chunks, error).await),
            }
        }
    }
    match chunker.finish() {
        Ok(last) => {
            if let Some(last) = last {
                // Nobody takes it when committing has stopped; its error is the one that counts.
                chunks.send(last).await.ok();
            }
            Ok(hex(hash))
        }
        Err(error) => Err(salvage(&mut chunker, chunks, error).await),
    }
}

/// Sends the records before the one that cannot be read: they are not to be lost with it.
async fn salvage(chunker: &mut Chunker, chunks: &mpsc::Sender<Chunk>, error: ChunkError) -> LoadError {
    if let Some(last) = chunker.salvage() {
        chunks.send(last).await.ok();
    }
    error.into()
}

/// Checks and commits chunks as they come, but for those that are committed already.
async fn commit_all<S: Store>(
    loader: &Loader<S>,
    database: &Database,
    run: &Run,
    table: &Table,
    committed: &BTreeMap<u32, CommittedChunk>,
    mut chunks: mpsc::Receiver<Chunk>,
    deadline: Deadline,
) -> Result<(), LoadError> {
    let mut columns = None;
    let mut references = References::default();
    while let Some(chunk) = chunks.recv().await {
        let columns = match &columns {
            Some(columns) => columns,
            None => columns.insert(Columns::of_first_chunk(table, &chunk)?),
        };
        if committed.contains_key(&chunk.number) {
            continue;
        }
        if deadline.is_over() {
            return Err(LoadError::OutOfTime);
        }
        let checked = CheckedChunk::check(table, columns, &chunk);
        let missing = references.missing(database, loader.dictionary, &checked).await?;
        let work = Work { run, chunk: &chunk, columns, checked: &checked, missing: &missing };
        commit(loader, database, &work).await?;
    }
    Ok(())
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
