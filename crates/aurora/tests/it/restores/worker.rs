//! Does what the restore function does with the ledger, without files: a restore here is a list of
//! rows that are all good.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use aurora::restores::{
    self, ChunkFigures, Claim, Filled, Kind, Mode, NewRestore, Prepared, Restore, Shadow, Status, Swapped,
    TableFigures, claim_chunk, committed_chunks, prepare, record_filled,
};
use aurora::{Database, Error, Statement};
use domain::backup::RestoreId;
use domain::dictionary::Table;
use domain::sql::InsertWriter;
use domain::value::{CivilDate, CivilTime, Timestamp, Value};

use crate::Unfilled;

/// Rows of a chunk: a few rows are several chunks.
const CHUNK_ROWS: usize = 2;

/// The checksum of a filled table.
pub(crate) const CHECKSUM: &str = "0123456789abcdef";

/// Ids and names.
pub(crate) type Rows = Vec<(i64, String)>;

#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) id: RestoreId,
    pub(crate) kind: Kind,
    pub(crate) mode: Mode,
    pub(crate) source: String,
    pub(crate) tables: Vec<(&'static str, Rows)>,
}

pub(crate) fn named(ids: RangeInclusive<i64>, name: &str) -> Rows {
    ids.map(|id| (id, name.to_owned())).collect()
}

pub(crate) fn table(name: &str) -> &'static Table {
    testkit::dictionary().table(name).unwrap()
}

impl Work {
    /// A restore of these tables, to rows of the same ids and this name.
    pub(crate) fn of(tables: &[&'static str], name: &str) -> Self {
        Self {
            id: RestoreId::new(1_795_226_400, fastrand::u32(..)),
            kind: Kind::Backup,
            mode: Mode::Replace,
            source: "20261121-010000-00000001".to_owned(),
            tables: tables.iter().map(|table| (*table, named(1..=5, name))).collect(),
        }
    }

    pub(crate) fn verify(mut self) -> Self {
        self.mode = Mode::Verify;
        self
    }

    /// A restore that puts back what this one took the place of.
    pub(crate) fn undone(&self) -> Self {
        let tables = self.tables.iter().map(|(table, _)| (*table, Vec::new())).collect();
        Self { kind: Kind::Undo, source: self.id.to_string(), tables, ..Self::of(&[], "") }
    }

    pub(crate) fn rows(&self, name: &str) -> &[(i64, String)] {
        &self.tables.iter().find(|(table, _)| *table == name).unwrap().1
    }

    pub(crate) fn chunks(&self, name: &str) -> Vec<&[(i64, String)]> {
        self.rows(name).chunks(CHUNK_ROWS).collect()
    }
}

pub(crate) async fn begin(db: &Database, work: &Work) -> Result<Restore, Error> {
    let tables: Vec<&Table> = work.tables.iter().map(|(name, _)| table(name)).collect();
    let new = NewRestore {
        id: &work.id,
        kind: work.kind,
        source: &work.source,
        mode: work.mode,
        strict: false,
        tables: &tables,
    };
    restores::begin(db, new).await
}

/// Makes and fills the shadows of all tables. False where the restore has ended.
pub(crate) async fn fill(db: &Database, work: &Work) -> Result<bool, Error> {
    for (name, rows) in &work.tables {
        loop {
            let shadow = match prepare(db, &work.id, table(name)).await? {
                Prepared::Fill { shadow } => shadow,
                Prepared::Filled => break,
                Prepared::Missing | Prepared::Ended => return Ok(false),
            };
            let committed = committed_chunks(db, &work.id, name).await?;
            for number in 0..work.chunks(name).len() as u32 {
                if !committed.contains_key(&number) {
                    commit(db, work, name, &shadow, number).await?;
                }
            }
            let figures = TableFigures {
                rows_read: rows.len() as u64,
                rows_restored: rows.len() as u64,
                rows_rejected: 0,
                checksum: CHECKSUM.to_owned(),
            };
            match record_filled(db, &work.id, name, &shadow, &figures).await? {
                Filled::Recorded => break,
                Filled::Differs | Filled::Restarted => {}
                Filled::Ended => return Ok(false),
            }
        }
    }
    Ok(true)
}

pub(crate) fn figures(work: &Work, name: &str, number: u32) -> ChunkFigures {
    let rows = work.chunks(name)[number as usize].len() as u64;
    ChunkFigures { rows_read: rows, rows_restored: rows, ..ChunkFigures::default() }
}

pub(crate) async fn commit(
    db: &Database,
    work: &Work,
    name: &str,
    shadow: &Shadow,
    number: u32,
) -> Result<Claim, Error> {
    let figures = &figures(work, name, number);
    loop {
        let claimed = db
            .transaction(|tx| async move {
                let claim = claim_chunk(&tx, &work.id, name, shadow, number, figures).await?;
                if claim != Claim::Ours {
                    return Err(Unfilled::Claim(claim));
                }
                tx.execute(insert(name, shadow.name(), work.chunks(name)[number as usize])).await?;
                Ok(claim)
            })
            .await;
        match claimed.or_else(Unfilled::claim) {
            // Claimed again, it says what became of it.
            Err(error) if error.is_unknown_outcome() => {}
            claimed => return claimed,
        }
    }
}

/// Returns an insert of rows into a table, or into a table of the same form.
pub(crate) fn insert(name: &str, target: &str, rows: &[(i64, String)]) -> Statement {
    let mut writer = InsertWriter::new(table(name)).into_table(target);
    let day = CivilDate::new(2021, 7, 27).zip(CivilTime::new(16, 2, 8)).unwrap();
    let filed = Value::Timestamp(Timestamp::of_second(day.0, day.1));
    for (id, text) in rows {
        let (id, text) = (Value::Integer(*id), Value::Text(Cow::Borrowed(text.as_str())));
        let pushed = match table(name).columns().len() {
            2 => writer.push(&[id, text]),
            _ => writer.push(&[id, text, filed.clone(), Value::Integer(1), Value::Integer(1)]),
        };
        assert_eq!(pushed, None);
    }
    Statement::new(writer.finish().unwrap().sql)
}

/// Everything from the first invocation to the restore's end.
pub(crate) async fn restore(db: &Database, work: &Work) -> Result<(), Error> {
    while begin(db, work).await?.status == Status::Running {
        let swapped = if work.kind == Kind::Undo {
            restores::undo(db, &work.id).await?
        } else if !fill(db, work).await? {
            continue;
        } else if work.mode == Mode::Verify {
            restores::finish_verify(db, &work.id).await?
        } else {
            restores::swap(db, &work.id).await?
        };
        if swapped == Swapped::Ended {
            return Ok(());
        }
    }
    Ok(())
}
