//! The ledger's part of a swap: transactions that close and open the gates of a restore's tables, and end the restore.
//!
//! Each locks the gates, in the order of their tables, and then the restore before it looks, and does nothing where the
//! restore no longer stands as the caller saw it; so each may be done twice, and late. A restore has a ticket noted
//! while it keeps gates closed, and only then: both change in the same transaction.

use domain::backup::RestoreId;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::names::Ticket;
use super::record::{Kind, Status};
use super::standing::{Standing, lock};
use crate::ledger::settled;
use crate::loads::gate::send_back_others;
use crate::{Database, Error, Statement, Tx};

/// Locks the gates of a restore's tables, and then the restore. Says who else keeps gates closed.
async fn lock_gates(tx: &Tx, id: &RestoreId) -> Result<(Option<Standing>, Vec<String>), Error> {
    #[derive(Deserialize)]
    struct Name {
        table_name: String,
    }
    #[derive(Deserialize)]
    struct Gate {
        swapping_load_id: Option<String>,
        swapping_restore_id: Option<String>,
    }
    // The tables of a restore never change.
    let sql = "SELECT table_name FROM rowgate_restore_tables WHERE restore_id = :restore ORDER BY table_name";
    let names: Vec<Name> = tx.query(Statement::new(sql).bind("restore", id.as_str())).await?;
    let mut busy = Vec::new();
    for Name { table_name } in names {
        // One after the other, so that all who lock several do so in the same order.
        let sql = "SELECT swapping_load_id, swapping_restore_id FROM rowgate_table_gates \
                   WHERE table_name = :table FOR UPDATE";
        let gates: Vec<Gate> = tx.query(Statement::new(sql).bind("table", table_name.as_str())).await?;
        let is_other = |gate: &Gate| {
            gate.swapping_load_id.is_some()
                || gate.swapping_restore_id.as_deref().is_some_and(|other| other != id.as_str())
        };
        if gates.iter().any(is_other) {
            busy.push(table_name);
        }
    }
    Ok((lock(tx, id).await?, busy))
}

/// What became of closing gates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// They are closed for this restore, and no chunk of a load is under way.
    Closed,
    /// Somebody else has closed one of them. None is closed for this restore.
    Busy,
    /// The restore no longer stands as the caller saw it.
    Moved,
}

/// Closes the gates of all tables of a restore that is filled, and notes the ticket of its swap.
pub(super) async fn close(database: &Database, id: &RestoreId, ticket: &Ticket) -> Result<Closing, Error> {
    settled(database, |tx| async move {
        let (standing, busy) = lock_gates(&tx, id).await?;
        let Some(standing) = standing else { return Ok(Closing::Moved) };
        if standing.holds(ticket) {
            return Ok(Closing::Closed);
        }
        if standing.status != Status::Running || standing.ticket.is_some() || standing.pairs().is_none() {
            return Ok(Closing::Moved);
        }
        if !busy.is_empty() {
            return Ok(Closing::Busy);
        }
        // Asked outside of the transaction, whose view is of before it had the gates. While it has them, nothing else of these
        // tables is completed.
        if refusal(database, id, &standing).await?.is_some() {
            return Ok(Closing::Moved);
        }
        let sql = "UPDATE rowgate_table_gates SET swapping_restore_id = :restore, swapping_since = UTC_TIMESTAMP(3) \
                   WHERE table_name = :table";
        for table in &standing.tables {
            let close =
                Statement::new(sql).bind("restore", id.as_str()).bind("table", table.name.as_str());
            tx.execute(close).await?;
        }
        note_ticket(&tx, id, Some(ticket)).await?;
        Ok(Closing::Closed)
    })
    .await
}

async fn note_ticket(tx: &Tx, id: &RestoreId, ticket: Option<&Ticket>) -> Result<(), Error> {
    let sql = "UPDATE rowgate_restores SET swap_ticket = :ticket WHERE restore_id = :restore";
    let note = Statement::new(sql).bind("restore", id.as_str()).bind("ticket", ticket.map(Ticket::name));
    tx.execute(note).await.map(|_| ())
}

/// Why a restore must not take the places of its tables, if so, by the ledger of this moment: what it is to put back is kept no
/// longer; or another one has been completed since it began, and what that one kept would be lost. The latter is what becomes
/// of a request that was sent twice: its twin would set aside the first one's rows in place of the tables as they were.
pub(super) async fn refusal(
    database: &Database,
    id: &RestoreId,
    standing: &Standing,
) -> Result<Option<String>, Error> {
    #[derive(Deserialize)]
    struct Row {
        table_name: String,
        other: Option<String>,
    }
    let source = &standing.source;
    let sql = match standing.kind {
        Kind::Undo => {
            "SELECT p.table_name, NULL AS other FROM rowgate_restore_tables p LEFT JOIN rowgate_restore_tables k \
             ON k.restore_id = :source AND k.table_name = p.table_name AND k.kept_table = p.shadow_table \
             WHERE p.restore_id = :restore AND k.restore_id IS NULL ORDER BY p.table_name LIMIT 1"
        }
        Kind::Backup | Kind::Files => {
            "SELECT t.table_name, o.restore_id AS other FROM rowgate_restores r \
             JOIN rowgate_restore_tables t ON t.restore_id = r.restore_id \
             JOIN rowgate_restore_tables x ON x.table_name = t.table_name AND x.restore_id <> t.restore_id \
             JOIN rowgate_restores o ON o.restore_id = x.restore_id AND o.mode = 'replace' \
             AND o.status = 'completed' AND o.finished_at >= r.started_at \
             WHERE r.restore_id = :restore ORDER BY o.finished_at DESC, t.table_name LIMIT 1"
        }
    };
    let mut select = Statement::new(sql).bind("restore", id.as_str());
    if standing.kind == Kind::Undo {
        select = select.bind("source", source.as_str());
    }
    let rows: Vec<Row> = database.query(select).await?;
    Ok(rows.into_iter().next().map(|Row { table_name, other }| match other {
        Some(other) => format!(
            "the table {table_name} was restored by {other} since this restore began, and its former state would be lost: \
             start it again if that is meant"
        ),
        None => format!(
            "the restore {source} keeps no former {table_name} any more: the table has been restored since"
        ),
    }))
}

/// Completes a restore whose ticket is spent: its shadows have taken the places of its tables. Sends every append and upsert
/// that is not through back to its start, because what it had committed is in the former tables, and opens the gates.
pub(super) async fn complete(database: &Database, id: &RestoreId, ticket: &Ticket) -> Result<(), Error> {
    settled(database, |tx| async move {
        let (Some(standing), _) = lock_gates(&tx, id).await? else { return Ok(()) };
        if !standing.holds(ticket) {
            return Ok(());
        }
        for table in &standing.tables {
            // Before the restore itself: its finished_at is to be the last of all whose rows are gone.
            send_back_others(&tx, &table.name, None).await?;
            forget_kept(&tx, id, &table.name).await?;
            let sql = "UPDATE rowgate_restore_tables SET kept_table = :kept, shadow_table = NULL \
                       WHERE restore_id = :restore AND table_name = :table";
            let kept = table.shadow.as_ref().map(|shadow| shadow.kept(id));
            let note = Statement::new(sql)
                .bind("restore", id.as_str())
                .bind("table", table.name.as_str())
                .bind("kept", kept.as_deref());
            tx.execute(note).await?;
        }
        end(&tx, id, Status::Completed, None).await?;
        open(&tx, id).await
    })
    .await
}

/// Forgets what other restores keep of a table: it is dropped, or has just been put back.
async fn forget_kept(tx: &Tx, id: &RestoreId, table: &str) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Row {
        restore_id: String,
    }
    // Read without locks, which would wait for the chunks of other restores. Whoever changes it has the gate locked.
    let sql = "SELECT restore_id FROM rowgate_restore_tables \
               WHERE table_name = :table AND kept_table IS NOT NULL AND restore_id <> :restore";
    let others: Vec<Row> =
        tx.query(Statement::new(sql).bind("table", table).bind("restore", id.as_str())).await?;
    for other in others {
        let sql = "UPDATE rowgate_restore_tables SET kept_table = NULL \
                   WHERE restore_id = :restore AND table_name = :table";
        let forget = Statement::new(sql).bind("restore", other.restore_id).bind("table", table);
        tx.execute(forget).await?;
    }
    Ok(())
}

async fn end(tx: &Tx, id: &RestoreId, status: Status, reason: Option<&str>) -> Result<(), Error> {
    let sql = "UPDATE rowgate_restores SET status = :status, error = :reason, finished_at = UTC_TIMESTAMP(3), \
               swap_ticket = NULL WHERE restore_id = :restore";
    let end = Statement::new(sql)
        .bind("restore", id.as_str())
        .bind("status", status.as_str())
        .bind("reason", reason);
    tx.execute(end).await.map(|_| ())
}

async fn open(tx: &Tx, id: &RestoreId) -> Result<(), Error> {
    let sql = "SELECT table_name FROM rowgate_restore_tables WHERE restore_id = :restore";
    let sql = format!(
        "UPDATE rowgate_table_gates SET swapping_restore_id = NULL, swapping_since = NULL \
         WHERE swapping_restore_id = :restore AND table_name IN ({sql})"
    );
    tx.execute(Statement::new(sql).bind("restore", id.as_str())).await.map(|_| ())
}

/// Opens the gates of a restore whose ticket is gone: its swap has not taken place, and cannot any more.
pub(super) async fn reopen(database: &Database, id: &RestoreId, ticket: &Ticket) -> Result<(), Error> {
    settled(database, |tx| async move {
        let (standing, _) = lock_gates(&tx, id).await?;
        if standing.is_some_and(|standing| standing.holds(ticket)) {
            note_ticket(&tx, id, None).await?;
            open(&tx, id).await?;
        }
        Ok(())
    })
    .await
}

/// Opens a gate that a restore without a ticket has closed: by this ledger there is none such.
pub(super) async fn open_idle(database: &Database, table: &str, id: &RestoreId) -> Result<(), Error> {
    settled(database, |tx| async move {
        let gate = "SELECT table_name FROM rowgate_table_gates WHERE table_name = :table FOR UPDATE";
        let _: Vec<IgnoredAny> = tx.query(Statement::new(gate).bind("table", table)).await?;
        if lock(&tx, id).await?.is_none_or(|standing| standing.ticket.is_none()) {
            let sql = "UPDATE rowgate_table_gates SET swapping_restore_id = NULL, swapping_since = NULL \
                       WHERE table_name = :table AND swapping_restore_id = :restore";
            tx.execute(Statement::new(sql).bind("table", table).bind("restore", id.as_str())).await?;
        }
        Ok(())
    })
    .await
}

/// Ends a restore without a swap; its shadows are not needed any more. False where a swap of it is under way, or, to be
/// completed, where a table of it is not filled.
pub(super) async fn end_unswapped(
    database: &Database,
    id: &RestoreId,
    failure: Option<&str>,
) -> Result<bool, Error> {
    settled(database, |tx| async move {
        let Some(standing) = lock(&tx, id).await? else { return Ok(true) };
        if standing.status != Status::Running {
            return Ok(true);
        }
        if standing.ticket.is_some() || failure.is_none() && standing.pairs().is_none() {
            return Ok(false);
        }
        if failure.is_some() {
            // What it rejected is what its people want to see; what it brought is gone.
            let sum = |figure: &str| {
                format!(
                    "(SELECT COALESCE(SUM(c.{figure}), 0) FROM rowgate_restore_chunks c \
                     WHERE c.restore_id = t.restore_id AND c.table_name = t.table_name)"
                )
            };
            let sql = format!(
                "UPDATE rowgate_restore_tables t SET t.rows_read = {}, t.rows_rejected = {}, t.rows_restored = 0, \
                 t.checksum = NULL WHERE t.restore_id = :restore",
                sum("rows_read"),
                sum("rows_rejected")
            );
            tx.execute(Statement::new(sql).bind("restore", id.as_str())).await?;
        }
        let sql = "UPDATE rowgate_restore_tables SET shadow_table = NULL WHERE restore_id = :restore";
        tx.execute(Statement::new(sql).bind("restore", id.as_str())).await?;
        let status = if failure.is_some() { Status::Failed } else { Status::Completed };
        end(&tx, id, status, failure).await?;
        Ok(true)
    })
    .await
}
