//! What restores have left behind.

use domain::backup::RestoreId;
use serde::Deserialize;

use super::ending::fail;
use super::names::{Role, parse};
use super::record::Status;
use crate::loads::gate::{Holder, closed};
use crate::loads::recover;
use crate::{Database, Error, Statement, tables};

/// After how long without a sign of work a restore is given up: two invocations' time, and more than Lambda waits
/// before it tries an event again.
const ABANDONED: &str = "INTERVAL 30 MINUTE";

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Restores that nobody worked on any more.
    pub failed: Vec<RestoreId>,
    /// Tables that were left behind.
    pub dropped: Vec<String>,
}

/// Finishes the swaps that nobody works on any more, fails the restores that nobody has worked on for half an hour, and drops
/// the tables that no restore needs. Safe at any time, beside restores that begin, swap or end.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn sweep(database: &Database) -> Result<Swept, Error> {
    let database = &database.with_deadline(database.deadline());
    for gate in closed(database, None).await? {
        if gate.stale && matches!(gate.holder, Holder::Restore(_)) {
            // One swap that cannot be finished now must not be in the way of the others.
            if let Err(error) = recover(database, &gate).await {
                tracing::warn!(table = gate.table, error.class = error.class(), "the swap is left half done");
            }
        }
    }
    let mut failed = Vec::new();
    for id in abandoned(database).await? {
        match fail(database, &id, "nobody has worked on it for 30 minutes").await {
            Ok(()) => failed.push(id),
            Err(error) => {
                tracing::warn!(restore.id = %id, error.class = error.class(), "the restore cannot be ended now");
            }
        }
    }
    let dropped = drop_unneeded(database).await?;
    forget_chunks(database).await?;
    Ok(Swept { failed, dropped })
}

async fn abandoned(database: &Database) -> Result<Vec<RestoreId>, Error> {
    #[derive(Deserialize)]
    struct Row {
        restore_id: RestoreId,
    }
    let sql = format!(
        "SELECT r.restore_id FROM rowgate_restores r WHERE r.status = 'running' \
         AND r.active_at < UTC_TIMESTAMP(3) - {ABANDONED} AND NOT EXISTS (SELECT 1 FROM rowgate_restore_chunks c \
         WHERE c.restore_id = r.restore_id AND c.committed_at >= UTC_TIMESTAMP(3) - {ABANDONED}) ORDER BY r.restore_id"
    );
    let rows: Vec<Row> = database.query(Statement::new(sql)).await?;
    Ok(rows.into_iter().map(|row| row.restore_id).collect())
}

/// Drops the tables of restores that no restore needs; gives their names.
pub(super) async fn drop_unneeded(database: &Database) -> Result<Vec<String>, Error> {
    let mut dropped = Vec::new();
    // The tables first, then the ledger: a table that is made after this list is not on it, and one on it that the ledger
    // has no need of will not be noted any more.
    for name in tables::with_prefix(database, &Role::ALL.map(Role::prefix)).await? {
        let Some((role, id)) = parse(&name) else { continue };
        let Some(needs) = needs(database, &id, &name).await? else {
            // Whoever made it did so without this ledger, and may know what it is for.
            tracing::warn!(table = name, "no restore of the ledger has made this table");
            continue;
        };
        if !needs.are_of(role) {
            tables::drop_table(database, &name).await?;
            dropped.push(name);
        }
    }
    Ok(dropped)
}

/// What a restore notes of a table that it has made.
#[derive(Debug, Deserialize)]
struct Needs {
    status: Status,
    /// The ticket that is noted is another one.
    has_other_ticket: i64,
    /// As many tables of the restore have this one for a shadow, or none yet.
    may_be_shadow: i64,
    /// As many have set this one aside.
    kept: i64,
}

impl Needs {
    fn are_of(&self, role: Role) -> bool {
        let is_running = self.status == Status::Running;
        match role {
            // Of a table that has none yet, it may be about to be noted.
            Role::Shadow => is_running && self.may_be_shadow > 0,
            Role::Ticket => is_running && self.has_other_ticket == 0,
            // Until the ledger has seen the swap, it is what tells of it.
            Role::Spent => is_running,
            // Until then, it is the former table. Afterwards it is noted, until the next restore of the table is completed.
            Role::Kept => self.status != Status::Completed || self.kept > 0,
        }
    }
}

async fn needs(database: &Database, id: &RestoreId, name: &str) -> Result<Option<Needs>, Error> {
    let count = |condition: &str| {
        format!(
            "(SELECT COUNT(*) FROM rowgate_restore_tables t WHERE t.restore_id = r.restore_id AND ({condition}))"
        )
    };
    let sql = format!(
        "SELECT r.status, CAST(r.swap_ticket IS NOT NULL AND r.swap_ticket <> :name AS SIGNED) AS has_other_ticket, \
         {} AS may_be_shadow, {} AS kept FROM rowgate_restores r WHERE r.restore_id = :restore",
        count("t.shadow_table IS NULL OR t.shadow_table = :name"),
        count("t.kept_table = :name"),
    );
    let rows: Vec<Needs> =
        database.query(Statement::new(sql).bind("restore", id.as_str()).bind("name", name)).await?;
    Ok(rows.into_iter().next())
}

/// Forgets the chunks of restores that have ended, but for those that tell where rejected rows are.
pub(super) async fn forget_chunks(database: &Database) -> Result<(), Error> {
    let sql = "DELETE c FROM rowgate_restore_chunks c JOIN rowgate_restores r ON r.restore_id = c.restore_id \
               WHERE r.status <> 'running' AND c.rejects_key IS NULL";
    database.execute(Statement::new(sql).idempotent()).await.map(|_| ())
}
