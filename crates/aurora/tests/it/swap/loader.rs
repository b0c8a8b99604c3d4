//! Does what the loader does with the ledger, without reading and judging: a file here is a list of
//! rows that are all good.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

use aurora::loads::{
    self, ChunkCounts, Claim, Ending, NewLoad, Run, Swapped, claim_chunk, committed_chunks, prepare, swap,
};
use aurora::swap::recover;
use aurora::{Database, Error, Statement};
use domain::dictionary::{LoadMode, Table};
use domain::load::{Chunk, Chunker, Dialect, LoadId, LoadStatus, Start};
use domain::sql::InsertWriter;
use domain::value::Value;

use crate::Unfilled;

pub(crate) const TABLE: &str = "collections";

/// Small, so that a few rows are several chunks.
const CHUNK_BYTES: u64 = 16;

/// The digest of a completed load's content.
pub(crate) const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) id: LoadId,
    pub(crate) mode: LoadMode,
    pub(crate) rows: Vec<(i64, String)>,
    key: String,
    version: String,
}

pub(crate) fn named(ids: RangeInclusive<i64>, name: &str) -> Vec<(i64, String)> {
    ids.map(|id| (id, name.to_owned())).collect()
}

pub(crate) fn table() -> &'static Table {
    testkit::dictionary().table(TABLE).unwrap()
}

impl File {
    pub(crate) fn new(mode: LoadMode, version: &str, rows: Vec<(i64, String)>) -> Self {
        let key = format!("incoming/{TABLE}/{}/file.csv", mode.as_str());
        let id = LoadId::of_object("data", &key, version);
        Self { id, mode, rows, key, version: version.to_owned() }
    }

    pub(crate) fn replace(version: &str, rows: Vec<(i64, String)>) -> Self {
        Self::new(LoadMode::Replace, version, rows)
    }

    pub(crate) fn append(version: &str, rows: Vec<(i64, String)>) -> Self {
        Self::new(LoadMode::Append, version, rows)
    }

    pub(crate) fn chunks(&self) -> Vec<Chunk> {
        let text: String = self.rows.iter().map(|(id, name)| format!("{id},{name}\n")).collect();
        let (mut chunks, mut chunker, mut rest) =
            (Vec::new(), Chunker::new(Dialect::CSV, Start::default(), CHUNK_BYTES), text.as_bytes());
        while let (Some(chunk), left) = chunker.feed(rest).unwrap() {
            chunks.push(chunk);
            rest = left;
        }
        chunks.extend(chunker.finish().unwrap());
        chunks
    }

    pub(crate) fn new_load(&self) -> NewLoad<'_> {
        NewLoad {
            id: &self.id,
            bucket: "data",
            key: &self.key,
            version: &self.version,
            etag: None,
            table: TABLE,
            mode: self.mode,
            format: Some("csv"),
            bytes: 7,
            chunk_bytes: CHUNK_BYTES,
            parent: None,
        }
    }
}

/// Takes a load up; `None` where it has ended. Of a replace, also the table to fill.
pub(crate) async fn begin(db: &Database, file: &File) -> Result<Option<(Run, String)>, Error> {
    let begun = loads::begin(db, file.new_load()).await?;
    if begun.status != LoadStatus::Running {
        return Ok(None);
    }
    recover(db, TABLE).await?;
    if file.mode != LoadMode::Replace {
        return Ok(Some((begun.run, TABLE.to_owned())));
    }
    let prepared = prepare(db, &begun.run, table()).await?;
    Ok(prepared.map(|(run, shadow)| (run, shadow.name().to_owned())))
}

/// Commits the chunks that are not committed yet. False where the load was sent back to its start
/// or has ended.
pub(crate) async fn fill(db: &Database, file: &File, run: &Run, target: &str) -> Result<bool, Error> {
    let committed = committed_chunks(db, &run.id).await?;
    for chunk in file.chunks() {
        if !committed.contains_key(&chunk.number)
            && !matches!(commit(db, file, run, target, &chunk).await?, Claim::Ours | Claim::Committed)
        {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(crate) async fn commit(
    db: &Database,
    file: &File,
    run: &Run,
    target: &str,
    chunk: &Chunk,
) -> Result<Claim, Error> {
    loop {
        let claimed = db
            .transaction(|tx| async move {
                let counts = ChunkCounts {
                    rows_read: chunk.records().len() as u64,
                    rows_loaded: chunk.records().len() as u64,
                    ..ChunkCounts::default()
                };
                let claim = claim_chunk(&tx, run, chunk, counts, None).await?;
                if claim != Claim::Ours {
                    return Err(Unfilled::Claim(claim));
                }
                tx.execute(insert(file, target, chunk)).await?;
                Ok(claim)
            })
            .await;
        match claimed.or_else(Unfilled::claim) {
            Ok(Claim::Fenced) => {
                recover(db, TABLE).await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            // Claimed again, it says what became of it.
            Err(error) if error.is_unknown_outcome() => {}
            claimed => return claimed,
        }
    }
}

pub(crate) fn insert(file: &File, target: &str, chunk: &Chunk) -> Statement {
    let mut writer = InsertWriter::new(table()).into_table(target);
    if file.mode == LoadMode::Upsert {
        writer = writer.upserting();
    }
    for record in chunk.records() {
        let text = |field| std::str::from_utf8(record.field(field)).unwrap();
        let id = Value::Integer(text(0).parse().unwrap());
        assert_eq!(writer.push(&[id, Value::Text(Cow::Borrowed(text(1)))]), None);
    }
    Statement::new(writer.finish().unwrap().sql)
}

/// Everything from a delivery to the load's end.
pub(crate) async fn load(db: &Database, file: &File) -> Result<(), Error> {
    while let Some((run, target)) = begin(db, file).await? {
        if !fill(db, file, &run, &target).await? {
            continue;
        }
        if file.mode == LoadMode::Replace {
            if swap(db, &run, table(), DIGEST).await? == Swapped::Ended {
                return Ok(());
            }
        } else {
            loads::end(db, &run, Ending::Completed(DIGEST)).await?;
        }
    }
    Ok(())
}
