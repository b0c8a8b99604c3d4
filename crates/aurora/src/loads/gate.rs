//! The ledger's part of a swap: transactions that close and open a table's gate and move loads on or back.
//!
//! Each locks the table's gate and the load before it looks, and does nothing where the load no longer stands as the
//! caller saw it; so each may be done twice, and late.

use domain::backup::RestoreId;
use domain::load::{LoadId, LoadStatus};
use serde::Deserialize;

use super::Run;
use super::end::{self, Ending};
use super::shadow::Shadow;
use crate::ledger::{settled, truth};
use crate::{Database, Error, Statement, Tx};

/// A replace that is about to be swapped in.
#[derive(Debug, Clone)]
pub(super) struct Swap {
    /// The load.
    pub(super) run: Run,
    /// Its table's name.
    pub(super) table: String,
    /// What it has filled.
    pub(super) shadow: Shadow,
}

/// How a load and its table's gate stand.
#[derive(Debug, Deserialize)]
pub(super) struct Standing {
    pub(super) status: LoadStatus,
    pub(super) restarts: u32,
    shadow_table: Option<String>,
    content_digest: Option<String>,
    /// The load that has closed the gate.
    swapping_load_id: Option<String>,
    /// Or the restore.
    swapping_restore_id: Option<String>,
}

impl Standing {
    /// What the load fills, if that is made.
    pub(super) fn shadow(&self) -> Option<Shadow> {
        self.shadow_table.as_deref().and_then(Shadow::parse)
    }

    fn is_at(&self, run: &Run, shadow: Option<&Shadow>) -> bool {
        self.status == LoadStatus::Running
            && self.restarts == run.restarts
            && self.shadow().as_ref() == shadow
    }
}

const STANDING: &str = "SELECT l.status, l.restarts, l.shadow_table, l.content_digest, g.swapping_load_id, \
                        g.swapping_restore_id FROM rowgate_loads l LEFT JOIN rowgate_table_gates g ON g.table_name = l.table_name \
                        WHERE l.load_id = :load";

/// How a load stands at this moment; `None` where the ledger does not have it.
pub(super) async fn standing(database: &Database, id: &LoadId) -> Result<Option<Standing>, Error> {
    let rows: Vec<Standing> = database.query(Statement::new(STANDING).bind("load", id.as_str())).await?;
    Ok(rows.into_iter().next())
}

/// The same, locked until the transaction ends. The gate goes first, as in every transaction here.
async fn lock(tx: &Tx, table: &str, id: &LoadId) -> Result<Option<Standing>, Error> {
    let gate = "SELECT table_name FROM rowgate_table_gates WHERE table_name = :table FOR UPDATE";
    let _: Vec<serde::de::IgnoredAny> = tx.query(Statement::new(gate).bind("table", table)).await?;
    let load = Statement::new(format!("{STANDING} FOR UPDATE")).bind("load", id.as_str());
    Ok(tx.query(load).await?.into_iter().next())
}

/// Notes the shadow of a run that has none; says whether it is the one that is noted now.
pub(super) async fn note_shadow(database: &Database, run: &Run, shadow: &Shadow) -> Result<bool, Error> {
    let sql = "UPDATE rowgate_loads SET shadow_table = :shadow \
               WHERE load_id = :load AND restarts = :restarts AND status = 'running' AND shadow_table IS NULL";
    let note = Statement::new(sql)
        .bind("shadow", shadow.name())
        .bind("load", run.id.as_str())
        .bind("restarts", i64::from(run.restarts))
        .idempotent();
    database.execute(note).await?;
    let now = standing(database, &run.id).await?;
    Ok(now.is_some_and(|now| now.is_at(run, Some(shadow))))
}

/// What became of closing a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// It is closed for this load, and no chunk of another is under way.
    Closed,
    /// Another load or a restore has closed it.
    Busy,
    /// The load no longer stands as the caller saw it.
    Moved,
}

/// Closes the gate of a table for a load that has filled its shadow, and notes the digest of its content.
pub(super) async fn close(database: &Database, swap: &Swap, digest: &str) -> Result<Closing, Error> {
    let Swap { run, table, shadow } = swap;
    settled(database, |tx| async move {
        let Some(standing) = lock(&tx, table, &run.id).await? else { return Ok(Closing::Moved) };
        if !standing.is_at(run, Some(shadow)) {
            return Ok(Closing::Moved);
        }
        if standing.swapping_load_id.is_some_and(|other| other != run.id.as_str())
            || standing.swapping_restore_id.is_some()
        {
            return Ok(Closing::Busy);
        }
        let sql = "UPDATE rowgate_table_gates SET swapping_load_id = :load, swapping_since = UTC_TIMESTAMP(3) \
                   WHERE table_name = :table";
        tx.execute(Statement::new(sql).bind("load", run.id.as_str()).bind("table", table.as_str())).await?;
        let sql = "UPDATE rowgate_loads SET content_digest = :digest WHERE load_id = :load";
        tx.execute(Statement::new(sql).bind("load", run.id.as_str()).bind("digest", digest)).await?;
        Ok(Closing::Closed)
    })
    .await
}

/// Completes a load whose shadow has taken its table's place, sends every other load that adds to the table back to its
/// start, because what it had committed is in the old table, and opens the gate.
pub(super) async fn complete(database: &Database, swap: &Swap) -> Result<(), Error> {
    let Swap { run, table, shadow } = swap;
    settled(database, |tx| async move {
        let Some(standing) = lock(&tx, table, &run.id).await? else { return Ok(()) };
        if !standing.is_at(run, Some(shadow)) {
            return Ok(());
        }
        // Before the load itself: its finished_at is to be the last of all whose rows are gone.
        send_back_others(&tx, table, Some(&run.id)).await?;
        let digest = standing.content_digest.unwrap_or_default();
        tx.execute(end::statement(run, Ending::Completed(&digest))).await?;
        open(&tx, table, &run.id).await
    })
    .await
}

/// Sends the appends and upserts that are not through back to their start, but for one, in the transaction that has locked
/// the table's closed gate.
pub(crate) async fn send_back_others(tx: &Tx, table: &str, but: Option<&LoadId>) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Row {
        load_id: String,
    }
    // Read without locks, which would wait for the chunks of other replaces. While the gate is closed no load gets its first
    // chunk in; one that begins only now has nothing to be sent back for.
    let sql = "SELECT l.load_id FROM rowgate_loads l WHERE l.table_name = :table AND l.load_id <> :but \
               AND l.mode <> 'replace' AND (l.status = 'running' OR l.given_up AND EXISTS \
               (SELECT 1 FROM rowgate_load_chunks c WHERE c.load_id = l.load_id)) ORDER BY l.load_id";
    let but = but.map_or("", LoadId::as_str);
    let others: Vec<Row> = tx.query(Statement::new(sql).bind("table", table).bind("but", but)).await?;
    for other in others {
        send_back(tx, &other.load_id).await?;
    }
    Ok(())
}

/// Sends a load that has not ended for good back to its start.
async fn send_back(tx: &Tx, load: &str) -> Result<(), Error> {
    let sql = "UPDATE rowgate_loads SET restarts = restarts + 1, shadow_table = NULL, content_digest = NULL, \
               rows_read = 0, rows_loaded = 0, rows_rejected = 0, unknown_references = 0, rows_skipped = 0 \
               WHERE load_id = :load AND (status = 'running' OR given_up)";
    if tx.execute(Statement::new(sql).bind("load", load)).await?.updated > 0 {
        forget_chunks(tx, load).await?;
    }
    Ok(())
}

async fn forget_chunks(tx: &Tx, load: &str) -> Result<(), Error> {
    let sql = "DELETE FROM rowgate_load_chunks WHERE load_id = :load";
    tx.execute(Statement::new(sql).bind("load", load)).await.map(|_| ())
}

async fn open(tx: &Tx, table: &str, id: &LoadId) -> Result<(), Error> {
    let sql = "UPDATE rowgate_table_gates SET swapping_load_id = NULL, swapping_since = NULL \
               WHERE table_name = :table AND swapping_load_id = :load";
    tx.execute(Statement::new(sql).bind("table", table).bind("load", id.as_str())).await.map(|_| ())
}

/// Sends a load whose shadow is gone back to its start, and opens the gate if the load had closed it.
pub(super) async fn restart(database: &Database, swap: &Swap) -> Result<(), Error> {
    let Swap { run, table, shadow } = swap;
    settled(database, |tx| async move {
        let standing = lock(&tx, table, &run.id).await?;
        if standing.is_some_and(|standing| standing.is_at(run, Some(shadow))) {
            send_back(&tx, run.id.as_str()).await?;
            open(&tx, table, &run.id).await?;
        }
        Ok(())
    })
    .await
}

/// Notes the new name of a load's shadow and opens the gate; says whether it did.
pub(super) async fn reopen(database: &Database, swap: &Swap, moved: &Shadow) -> Result<bool, Error> {
    let Swap { run, table, shadow } = swap;
    settled(database, |tx| async move {
        let Some(standing) = lock(&tx, table, &run.id).await? else { return Ok(false) };
        if !standing.is_at(run, Some(shadow)) {
            // Done already, by a COMMIT whose answer was lost.
            return Ok(standing.is_at(run, Some(moved)));
        }
        let sql = "UPDATE rowgate_loads SET shadow_table = :shadow WHERE load_id = :load";
        tx.execute(Statement::new(sql).bind("shadow", moved.name()).bind("load", run.id.as_str())).await?;
        open(&tx, table, &run.id).await?;
        Ok(true)
    })
    .await
}

/// Opens a gate that a load had closed which cannot swap: it has ended, or has no shadow.
pub(super) async fn open_idle(database: &Database, table: &str, id: &LoadId) -> Result<(), Error> {
    settled(database, |tx| async move {
        let standing = lock(&tx, table, id).await?;
        if standing
            .is_none_or(|standing| standing.status != LoadStatus::Running || standing.shadow().is_none())
        {
            open(&tx, table, id).await?;
        }
        Ok(())
    })
    .await
}

/// Ends a replace without its rows, which are gone with `shadow`, and opens the gate if the load had closed it; says
/// whether it did, or there was nothing to end.
pub(super) async fn end_undone(
    database: &Database,
    run: &Run,
    table: &str,
    shadow: Option<&Shadow>,
    ending: &Ending<'_>,
) -> Result<bool, Error> {
    settled(database, |tx| async move {
        let Some(standing) = lock(&tx, table, &run.id).await? else { return Ok(true) };
        if standing.status != LoadStatus::Running || standing.restarts != run.restarts {
            return Ok(true);
        }
        if standing.shadow().as_ref() != shadow {
            return Ok(false);
        }
        let load = run.id.as_str();
        if matches!(ending, Ending::GivenUp(_)) {
            forget_chunks(&tx, load).await?;
        } else {
            // The load never begins again, and its rejects files are what its people want to see.
            let sql = "UPDATE rowgate_load_chunks SET rows_read = rows_rejected, rows_loaded = 0, unknown_references = 0 \
                       WHERE load_id = :load";
            tx.execute(Statement::new(sql).bind("load", load)).await?;
        }
        tx.execute(end::statement(run, *ending)).await?;
        let sql = "UPDATE rowgate_loads SET restarts = restarts + 1, shadow_table = NULL WHERE load_id = :load";
        tx.execute(Statement::new(sql).bind("load", load)).await?;
        open(&tx, table, &run.id).await?;
        Ok(true)
    })
    .await
}

/// Who has closed a gate.
#[derive(Debug, Clone)]
pub(crate) enum Holder {
    /// A load that replaces the table.
    Load(LoadId),
    /// A restore of this id, of this table and perhaps of others.
    Restore(RestoreId),
}

/// A closed gate.
#[derive(Debug)]
pub(crate) struct ClosedGate {
    /// The table's name.
    pub(crate) table: String,
    /// Who closed it.
    pub(crate) holder: Holder,
    /// Whether that one has had time enough.
    pub(crate) stale: bool,
}

/// The gates that are closed: that of one table, or all.
pub(crate) async fn closed(database: &Database, table: Option<&str>) -> Result<Vec<ClosedGate>, Error> {
    #[derive(Deserialize)]
    struct Row {
        table_name: String,
        swapping_load_id: Option<LoadId>,
        swapping_restore_id: Option<RestoreId>,
        #[serde(deserialize_with = "truth")]
        stale: bool,
    }
    // The database's clock decides: those of functions may differ.
    let sql = "SELECT table_name, swapping_load_id, swapping_restore_id, \
               CAST(swapping_since IS NULL OR swapping_since < UTC_TIMESTAMP(3) - INTERVAL 2 MINUTE AS SIGNED) AS stale \
               FROM rowgate_table_gates WHERE (swapping_load_id IS NOT NULL OR swapping_restore_id IS NOT NULL) \
               AND (:table IS NULL OR table_name = :table) ORDER BY table_name";
    let rows: Vec<Row> = database.query(Statement::new(sql).bind("table", table)).await?;
    let closed = rows.into_iter().filter_map(|row| {
        let restore = row.swapping_restore_id.map(Holder::Restore);
        let holder = row.swapping_load_id.map(Holder::Load).or(restore)?;
        Some(ClosedGate { table: row.table_name, holder, stale: row.stale })
    });
    Ok(closed.collect())
}
