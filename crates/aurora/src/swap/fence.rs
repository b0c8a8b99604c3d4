//! The write fences of tables: who holds them, and the transactions that raise and lift them.
//!
//! Each of these transactions locks the fences, in the order of their tables, and then the job
//! before it looks, and does nothing if they are no longer as the caller saw them. So each may
//! run twice, and late ([S5](super)).

use domain::backup::RestoreStatus;
use serde::Deserialize;

use super::names::{CommitMarker, Shadow};
use super::state::{self, SwapState};
use crate::jobs::{JobId, Run, complete_load, end_restore, send_others_back};
use crate::ledger::{Only, execute_settled, settled, truth};
use crate::{Database, Error, Statement, Tx};

/// Makes fences for tables that have none; they are not raised. Waits for a transaction that raises
/// one of them, which waits for chunks in flight.
pub(crate) async fn ensure(database: &Database, tables: &[&str]) -> Result<(), Error> {
    for table in tables {
        let sql = "INSERT IGNORE INTO rowgate_table_fences (table_name) VALUES (:table)";
        execute_settled(database, Statement::new(sql).bind("table", *table)).await?;
    }
    Ok(())
}

/// The fences of a job's tables and the job, locked until the transaction ends.
struct Locked {
    /// The job, if it runs.
    job: Option<SwapState>,
    /// The fenced tables, if any: who fenced them, and with which marker.
    fenced: Vec<(String, JobId, Option<CommitMarker>)>,
}

impl Locked {
    /// Returns the tables that the job has fenced with this marker.
    fn held_by(&self, job: &JobId, marker: &CommitMarker) -> Vec<&str> {
        let is_held = |(_, holder, of): &&(_, JobId, _)| holder == job && Option::as_ref(of) == Some(marker);
        self.fenced.iter().filter(is_held).map(|(table, ..)| table.as_str()).collect()
    }
}

/// Runs work that may be done twice in a transaction that has locked the fences of a job's tables
/// and then the job.
async fn with_locks<T, F>(
    database: &Database,
    job: &JobId,
    work: impl Fn(Tx, Locked) -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let (database, work) = (&database.with_deadline(database.deadline()), &work);
    loop {
        // Before the transaction, whose first statement must lock: where the database has snapshot
        // isolation, a row that has changed since an earlier read cannot be locked. The fences are
        // listed by themselves, too: the ledger may have lost the job.
        let sql = "SELECT table_name FROM rowgate_job_tables WHERE job_id = :job \
                   UNION SELECT table_name FROM rowgate_table_fences WHERE job_id = :job ORDER BY table_name";
        let select = Statement::new(sql).bind("job", job.as_str());
        let names =
            &database.query(select).await?.into_iter().map(|Only(name)| name).collect::<Vec<String>>();
        let done = settled(database, |tx| async move {
            match lock(&tx, job, names).await? {
                Some(locked) => work(tx, locked).await.map(Some),
                None => Ok(None),
            }
        });
        if let Some(done) = done.await? {
            return Ok(done);
        }
    }
}

/// Locks the fences of these tables and the job; `None` if the job has other tables.
async fn lock(tx: &Tx, job: &JobId, names: &[String]) -> Result<Option<Locked>, Error> {
    #[derive(Deserialize)]
    struct Row {
        job_id: Option<JobId>,
        commit_marker: Option<String>,
    }
    let mut fenced = Vec::new();
    for name in names {
        // One after the other, so that all who lock several do so in the same order.
        let sql =
            "SELECT job_id, commit_marker FROM rowgate_table_fences WHERE table_name = :table FOR UPDATE";
        let rows: Vec<Row> = tx.query(Statement::new(sql).bind("table", name)).await?;
        let holder = |row: Row| {
            let marker = row.commit_marker.and_then(|it| CommitMarker::parse(&it));
            Some((name.clone(), row.job_id?, marker))
        };
        fenced.extend(rows.into_iter().filter_map(holder));
    }
    let job = state::lock(tx, job).await?;
    let is_listed = |state: &SwapState| state.tables.iter().all(|table| names.contains(&table.name));
    Ok(job.as_ref().is_none_or(is_listed).then_some(Locked { job, fenced }))
}

/// Raises the fences of all tables of a filled job, and records the marker of its swap. Then no
/// chunk of a load is in flight. Returns false, and raises none, if another job holds one of them,
/// or if these are not the tables and shadows of the job any more ([S9](super)).
pub(super) async fn raise<R>(
    database: &Database,
    job: &JobId,
    pairs: &[(&str, &Shadow)],
    marker: &CommitMarker,
    refusal: &impl Fn() -> R,
) -> Result<bool, Error>
where
    R: Future<Output = Result<Option<String>, Error>>,
{
    with_locks(database, job, |tx, locked| async move {
        if !locked.held_by(job, marker).is_empty() {
            return Ok(true);
        }
        let is_same = locked.job.as_ref().and_then(SwapState::pairs).is_some_and(|now| now == pairs);
        // Asked outside of the transaction, which may see the ledger as of before it had the
        // fences. While it has them, nothing else of these tables is completed.
        if !is_same || !locked.fenced.is_empty() || refusal().await?.is_some() {
            return Ok(false);
        }
        let sql = "UPDATE rowgate_table_fences SET job_id = :job, commit_marker = :marker, \
                   fenced_since = UTC_TIMESTAMP(3) WHERE table_name = :table";
        for (table, _) in pairs {
            let raise = Statement::new(sql)
                .bind("job", job.as_str())
                .bind("marker", marker.name())
                .bind("table", *table);
            tx.execute(raise).await?;
        }
        Ok(true)
    })
    .await
}

/// Completes a job whose marker is renamed: its shadows have taken the places of its tables. Sends
/// every append and upsert that is not through back to its start, because what it had committed is
/// in the previous tables, and lifts the fences.
pub(super) async fn complete(database: &Database, job: &JobId, marker: &CommitMarker) -> Result<(), Error> {
    with_locks(database, job, |tx, locked| async move {
        let held = locked.held_by(job, marker);
        if let Some(state) = locked.job.as_ref().filter(|_| !held.is_empty()) {
            note_swapped(&tx, job, state).await?;
            // The others went before: its finished_at is the last of all whose rows are gone.
            match job {
                JobId::Load(id) => {
                    let run = Run { id: id.clone(), restarts: state.restarts };
                    tx.execute(complete_load(&run)).await?;
                }
                JobId::Restore(id) => end_restore(&tx, id, RestoreStatus::Completed, None).await?,
            }
        }
        lift_all(&tx, &held).await
    })
    .await
}

async fn note_swapped(tx: &Tx, job: &JobId, state: &SwapState) -> Result<(), Error> {
    for table in &state.tables {
        send_others_back(tx, &table.name, job).await?;
        // A load's previous table is dropped, that of a restore kept until the next one.
        let mut previous = None;
        if matches!(job, JobId::Restore(_)) {
            forget_previous(tx, job, &table.name).await?;
            previous = table.shadow.as_ref().map(|shadow| shadow.previous(job));
        }
        let sql = "UPDATE rowgate_job_tables SET previous_table = :previous, shadow_table = NULL \
                   WHERE job_id = :job AND table_name = :table";
        let note = Statement::new(sql)
            .bind("previous", previous)
            .bind("job", job.as_str())
            .bind("table", table.name.as_str());
        tx.execute(note).await?;
    }
    Ok(())
}

/// Forgets the previous tables of other restores: they are dropped, or have just been swapped in.
async fn forget_previous(tx: &Tx, job: &JobId, table: &str) -> Result<(), Error> {
    // Read without locks, which would wait for the chunks of other restores. Every function that
    // changes it holds the lock on the fence.
    let sql = "SELECT job_id FROM rowgate_job_tables \
               WHERE table_name = :table AND previous_table IS NOT NULL AND job_id <> :job";
    let others: Vec<Only<String>> =
        tx.query(Statement::new(sql).bind("table", table).bind("job", job.as_str())).await?;
    for Only(other) in others {
        let sql =
            "UPDATE rowgate_job_tables SET previous_table = NULL WHERE job_id = :job AND table_name = :table";
        tx.execute(Statement::new(sql).bind("job", other).bind("table", table)).await?;
    }
    Ok(())
}

/// Lifts the fences of a job whose marker is gone: its swap has not taken place, and never will.
pub(super) async fn lift(database: &Database, job: &JobId, marker: &CommitMarker) -> Result<(), Error> {
    with_locks(database, job, |tx, locked| async move { lift_all(&tx, &locked.held_by(job, marker)).await })
        .await
}

async fn lift_all(tx: &Tx, held: &[&str]) -> Result<(), Error> {
    let sql = "UPDATE rowgate_table_fences SET job_id = NULL, commit_marker = NULL, fenced_since = NULL \
               WHERE table_name = :table";
    for table in held {
        tx.execute(Statement::new(sql).bind("table", *table)).await?;
    }
    Ok(())
}

/// A fenced table.
#[derive(Debug, Deserialize)]
pub(super) struct Fenced {
    #[serde(rename = "table_name")]
    pub(super) table: String,
    #[serde(rename = "job_id")]
    pub(super) job: JobId,
    commit_marker: Option<String>,
    /// True if the function that fenced it has had enough time.
    #[serde(deserialize_with = "truth")]
    pub(super) is_stale: bool,
}

impl Fenced {
    pub(super) fn marker(&self) -> Option<CommitMarker> {
        CommitMarker::parse(self.commit_marker.as_deref()?)
    }
}

/// Returns the fenced tables: one if it is fenced, or all.
pub(super) async fn fenced(database: &Database, table: Option<&str>) -> Result<Vec<Fenced>, Error> {
    // The database's clock decides: those of functions may differ.
    let sql = "SELECT table_name, job_id, commit_marker, \
               CAST(fenced_since < UTC_TIMESTAMP(3) - INTERVAL 2 MINUTE AS SIGNED) AS is_stale \
               FROM rowgate_table_fences WHERE job_id IS NOT NULL AND (:table IS NULL OR table_name = :table) \
               ORDER BY table_name";
    database.query(Statement::new(sql).bind("table", table)).await
}
