//! Reads the state of a job that swaps tables in from the ledger.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::names::{CommitMarker, Shadow};
use crate::jobs::{JobId, start_over};
use crate::ledger::{execute_settled, settled, truth};
use crate::{Database, Error, Statement, Tx};

/// The state of a running job.
#[derive(Debug, Clone)]
pub(crate) struct SwapState {
    /// The number of times that it was sent back to its start; 0 for restores.
    pub(crate) restarts: u32,
    /// The commit marker of the swap that is under way.
    pub(crate) marker: Option<CommitMarker>,
    /// Its tables, by name.
    pub(crate) tables: Vec<TableState>,
}

/// The state of one of its tables.
#[derive(Debug, Clone)]
pub(crate) struct TableState {
    pub(crate) name: String,
    pub(crate) shadow: Option<Shadow>,
    /// True if the shadow has all rows.
    pub(crate) is_filled: bool,
}

impl SwapState {
    /// Returns the tables with their shadows; `None` if one is not filled.
    pub(crate) fn pairs(&self) -> Option<Vec<(&str, &Shadow)>> {
        let pairs = self.tables.iter().map(|table| {
            let shadow = table.shadow.as_ref().filter(|_| table.is_filled)?;
            Some((table.name.as_str(), shadow))
        });
        pairs.collect::<Option<Vec<_>>>().filter(|pairs| !pairs.is_empty())
    }

    pub(crate) fn table(&self, name: &str) -> Option<&TableState> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// Returns true if this shadow of the table is the one to fill.
    pub(crate) fn has(&self, table: &str, shadow: &Shadow) -> bool {
        self.table(table).is_some_and(|table| table.shadow.as_ref() == Some(shadow))
    }
}

#[derive(Deserialize)]
struct Row {
    restarts: u32,
    table_name: Option<String>,
    shadow_table: Option<String>,
    #[serde(deserialize_with = "truth")]
    is_filled: bool,
    commit_marker: Option<String>,
}

fn select(job: &JobId, marker: &str, fences: &str, lock: &str) -> Statement {
    let (ledger, id) = job.ledger();
    let restarts = job.restarts();
    let sql = format!(
        "SELECT {restarts} AS restarts, t.table_name, t.shadow_table, \
         CAST(COALESCE(t.is_filled, FALSE) AS SIGNED) AS is_filled, {marker} AS commit_marker FROM {ledger} j \
         LEFT JOIN rowgate_job_tables t ON t.job_id = j.{id} {fences} \
         WHERE j.{id} = :job AND j.status = 'running' ORDER BY t.table_name {lock}"
    );
    Statement::new(sql).bind("job", job.as_str())
}

fn gather(rows: Vec<Row>) -> Option<SwapState> {
    let first = rows.first()?;
    let marker = rows.iter().find_map(|row| CommitMarker::parse(row.commit_marker.as_deref()?));
    let restarts = first.restarts;
    let table = |row: Row| {
        let shadow = row.shadow_table.as_deref().and_then(Shadow::parse);
        Some(TableState { name: row.table_name?, shadow, is_filled: row.is_filled })
    };
    Some(SwapState { restarts, marker, tables: rows.into_iter().filter_map(table).collect() })
}

/// Returns the state of a job; `None` if it does not run.
pub(crate) async fn running(database: &Database, job: &JobId) -> Result<Option<SwapState>, Error> {
    let fences = "LEFT JOIN rowgate_table_fences f ON f.table_name = t.table_name AND f.job_id = t.job_id";
    Ok(gather(database.query(select(job, "f.commit_marker", fences, "")).await?))
}

/// Reads the same without the marker, locked until the transaction ends. Waits for the chunks in
/// flight.
pub(crate) async fn lock(tx: &Tx, job: &JobId) -> Result<Option<SwapState>, Error> {
    Ok(gather(tx.query(select(job, "NULL", "", "FOR UPDATE")).await?))
}

/// Reads the same if no swap of the job is under way. Must be the first read of its transaction.
///
/// Does not lock the fences, which would wait for other jobs' chunks: a function that fences a
/// table for the job holds the lock on the job.
pub(crate) async fn lock_unfenced(tx: &Tx, job: &JobId) -> Result<Locked, Error> {
    let Some(state) = lock(tx, job).await? else { return Ok(Locked::Ended) };
    let sql = "SELECT 1 AS found FROM rowgate_table_fences WHERE job_id = :job LIMIT 1";
    let fences: Vec<IgnoredAny> = tx.query(Statement::new(sql).bind("job", job.as_str())).await?;
    Ok(if fences.is_empty() { Locked::Unfenced(state) } else { Locked::Swapping })
}

/// The outcome of locking a job whose tables must not be fenced.
#[derive(Debug)]
pub(crate) enum Locked {
    /// The job has ended.
    Ended,
    /// A swap of it is under way.
    Swapping,
    /// Neither, and neither can happen before the transaction has ended.
    Unfenced(SwapState),
}

/// Records the shadow of a table that has none, unless the job has started over or ended since it
/// was made ([S5](super)).
pub(super) async fn note_shadow(
    database: &Database,
    job: &JobId,
    restarts: u32,
    table: &str,
    shadow: &Shadow,
) -> Result<(), Error> {
    let (ledger, id) = job.ledger();
    let sql = format!(
        "UPDATE rowgate_job_tables t JOIN {ledger} j ON j.{id} = t.job_id SET t.shadow_table = :shadow \
         WHERE t.job_id = :job AND t.table_name = :table AND t.shadow_table IS NULL AND j.status = 'running' \
         AND {} = :restarts",
        job.restarts()
    );
    let note = Statement::new(sql)
        .bind("shadow", shadow.name())
        .bind("job", job.as_str())
        .bind("restarts", restarts)
        .bind("table", table);
    execute_settled(database, note).await.map(|_| ())
}

/// Forgets a lost shadow and all chunks that were put into it: the table is filled again.
pub(super) async fn forget_shadow(
    database: &Database,
    job: &JobId,
    table: &str,
    shadow: &Shadow,
) -> Result<(), Error> {
    settled(database, |tx| async move {
        match lock_unfenced(&tx, job).await? {
            Locked::Unfenced(state) if state.has(table, shadow) => start_over(&tx, job, table).await,
            _ => Ok(()),
        }
    })
    .await
}
