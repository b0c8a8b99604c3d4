//! The write fences of tables: who holds them, and the transactions that raise and lift them.
//!
//! Each of these transactions locks the fences, in the order of their tables, and then the job
//! before it looks, and does nothing if they no longer stand as the caller saw them. So each may
//! run twice, and late ([S5](super)).

use domain::backup::RestoreStatus;
use serde::Deserialize;

use super::names::CommitMarker;
use super::state::{self, SwapState};
use crate::jobs::{JobId, Run, complete_load, end_restore, send_others_back};
use crate::ledger::{Only, settled, truth};
use crate::{Database, Error, Statement, Tx};

/// Makes fences for tables that have none; they are not raised.
pub(crate) async fn ensure(database: &Database, tables: &[&str]) -> Result<(), Error> {
    for table in tables {
        let sql = "INSERT IGNORE INTO rowgate_table_fences (table_name) VALUES (:table)";
        database.execute(Statement::new(sql).bind("table", *table).idempotent()).await?;
    }
    Ok(())
}

/// The fences of a job's tables and the job, locked until the transaction ends.
struct Locked {
    /// The job, if it runs.
    job: Option<SwapState>,
    /// The fenced tables, if any: who fenced them, and with which marker.
    holders: Vec<(JobId, Option<CommitMarker>)>,
}

impl Locked {
    fn are_held(&self, job: &JobId, marker: &CommitMarker) -> bool {
        self.holders.iter().any(|(holder, of)| holder == job && of.as_ref() == Some(marker))
    }
}

async fn lock(tx: &Tx, job: &JobId) -> Result<Locked, Error> {
    #[derive(Deserialize)]
    struct Row {
        job_id: Option<JobId>,
        commit_marker: Option<String>,
    }
    // The tables of a job never change.
    let sql = "SELECT table_name FROM rowgate_job_tables WHERE job_id = :job ORDER BY table_name";
    let tables: Vec<Only<String>> = tx.query(Statement::new(sql).bind("job", job.as_str())).await?;
    let mut holders = Vec::new();
    for Only(table) in tables {
        // One after the other, so that all who lock several do so in the same order.
        let sql =
            "SELECT job_id, commit_marker FROM rowgate_table_fences WHERE table_name = :table FOR UPDATE";
        let rows: Vec<Row> = tx.query(Statement::new(sql).bind("table", table)).await?;
        let holder =
            |row: Row| Some((row.job_id?, row.commit_marker.and_then(|it| CommitMarker::parse(&it))));
        holders.extend(rows.into_iter().filter_map(holder));
    }
    Ok(Locked { job: state::lock(tx, job).await?, holders })
}

/// Raises the fences of all tables of a filled job, and records the marker of its swap. Then no
/// chunk of a load is in flight. Returns false, and raises none, if another job holds one of them,
/// or if the job's state has changed.
pub(super) async fn raise<R>(
    database: &Database,
    job: &JobId,
    marker: &CommitMarker,
    refusal: &impl Fn() -> R,
) -> Result<bool, Error>
where
    R: Future<Output = Result<Option<String>, Error>>,
{
    settled(database, |tx| async move {
        let locked = lock(&tx, job).await?;
        if locked.are_held(job, marker) {
            return Ok(true);
        }
        let Some(pairs) = locked.job.as_ref().and_then(SwapState::pairs) else { return Ok(false) };
        // Asked outside of the transaction, which sees the ledger as of before it had the fences.
        // While it has them, nothing else of these tables is completed.
        if !locked.holders.is_empty() || refusal().await?.is_some() {
            return Ok(false);
        }
        let sql = "UPDATE rowgate_table_fences SET job_id = :job, commit_marker = :marker, \
                   fenced_since = UTC_TIMESTAMP(3) WHERE table_name = :table";
        for (table, _) in pairs {
            let raise = Statement::new(sql)
                .bind("job", job.as_str())
                .bind("marker", marker.name())
                .bind("table", table);
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
    settled(database, |tx| async move {
        let locked = lock(&tx, job).await?;
        let is_held = locked.are_held(job, marker);
        if let Some(state) = locked.job.filter(|_| is_held) {
            note_swapped(&tx, job, &state).await?;
            // The others went before: its finished_at is the last of all whose rows are gone.
            match job {
                JobId::Load(id) => {
                    let run = Run { id: id.clone(), restarts: state.restarts };
                    tx.execute(complete_load(&run)).await?;
                }
                JobId::Restore(id) => end_restore(&tx, id, RestoreStatus::Completed, None).await?,
            }
        }
        lift_all(&tx, job, marker).await
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
    settled(database, |tx| async move { lift_all(&tx, job, marker).await }).await
}

async fn lift_all(tx: &Tx, job: &JobId, marker: &CommitMarker) -> Result<(), Error> {
    // By the fences, not by the job: the ledger may have lost it.
    let sql = "SELECT table_name FROM rowgate_table_fences WHERE job_id = :job ORDER BY table_name";
    let fenced: Vec<Only<String>> = tx.query(Statement::new(sql).bind("job", job.as_str())).await?;
    let sql = "UPDATE rowgate_table_fences SET job_id = NULL, commit_marker = NULL, fenced_since = NULL \
               WHERE table_name = :table AND job_id = :job AND commit_marker = :marker";
    for Only(table) in fenced {
        let lift =
            Statement::new(sql).bind("table", table).bind("job", job.as_str()).bind("marker", marker.name());
        tx.execute(lift).await?;
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
