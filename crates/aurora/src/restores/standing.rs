//! How a restore stands in the ledger, and which shadows it notes there.

use domain::backup::RestoreId;
use serde::Deserialize;

use super::names::{Shadow, Ticket};
use super::record::{Kind, Mode, Status};
use crate::ledger::{settled, truth};
use crate::{Database, Error, Statement, Tx};

/// How a restore stands.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) kind: Kind,
    pub(super) source: String,
    pub(super) mode: Mode,
    pub(super) status: Status,
    /// That of the swap which is under way.
    pub(super) ticket: Option<Ticket>,
    /// Its tables, by name.
    pub(super) tables: Vec<TableStanding>,
}

/// How a table of it stands.
#[derive(Debug, Clone)]
pub(super) struct TableStanding {
    pub(super) name: String,
    pub(super) shadow: Option<Shadow>,
    /// Whether all rows are in the shadow.
    pub(super) filled: bool,
}

impl Standing {
    /// The tables and what takes their places; `None` where one has nothing yet.
    pub(super) fn pairs(&self) -> Option<Vec<(&str, &Shadow)>> {
        let is_ready = |row: &TableStanding| row.filled || self.kind == Kind::Undo;
        let pairs = self.tables.iter().map(|row| {
            let shadow = row.shadow.as_ref().filter(|_| is_ready(row))?;
            Some((row.name.as_str(), shadow))
        });
        pairs.collect()
    }

    /// Whether a swap of it with this ticket is under way.
    pub(super) fn holds(&self, ticket: &Ticket) -> bool {
        self.status == Status::Running && self.ticket.as_ref() == Some(ticket)
    }
}

const STANDING: &str = "SELECT r.kind, r.source, r.mode, r.status, r.swap_ticket, t.table_name, t.shadow_table, \
                        CAST(t.rows_restored IS NOT NULL AS SIGNED) AS filled FROM rowgate_restores r \
                        JOIN rowgate_restore_tables t ON t.restore_id = r.restore_id \
                        WHERE r.restore_id = :restore ORDER BY t.table_name";

#[derive(Deserialize)]
struct Row {
    kind: Kind,
    source: String,
    mode: Mode,
    status: Status,
    swap_ticket: Option<String>,
    table_name: String,
    shadow_table: Option<String>,
    #[serde(deserialize_with = "truth")]
    filled: bool,
}

fn gather(rows: Vec<Row>) -> Option<Standing> {
    let mut rows = rows.into_iter().peekable();
    let first = rows.peek()?;
    let mut standing = Standing {
        kind: first.kind,
        source: first.source.clone(),
        mode: first.mode,
        status: first.status,
        ticket: first.swap_ticket.as_deref().and_then(Ticket::parse),
        tables: Vec::new(),
    };
    standing.tables.extend(rows.map(|row| TableStanding {
        name: row.table_name,
        shadow: row.shadow_table.as_deref().and_then(Shadow::parse),
        filled: row.filled,
    }));
    Some(standing)
}

/// How a restore stands at this moment; `None` where the ledger does not have it.
pub(super) async fn standing(database: &Database, id: &RestoreId) -> Result<Option<Standing>, Error> {
    Ok(gather(database.query(Statement::new(STANDING).bind("restore", id.as_str())).await?))
}

/// The same, locked until the transaction ends. Waits for the chunks that are under way.
pub(super) async fn lock(tx: &Tx, id: &RestoreId) -> Result<Option<Standing>, Error> {
    let select = Statement::new(format!("{STANDING} FOR UPDATE")).bind("restore", id.as_str());
    Ok(gather(tx.query(select).await?))
}

/// Notes the shadow of a table that has none; says whether it is the one that is noted now.
pub(super) async fn note_shadow(
    database: &Database,
    id: &RestoreId,
    table: &str,
    shadow: &Shadow,
) -> Result<bool, Error> {
    let sql = "UPDATE rowgate_restore_tables t JOIN rowgate_restores r ON r.restore_id = t.restore_id \
               SET t.shadow_table = :shadow WHERE t.restore_id = :restore AND t.table_name = :table \
               AND t.shadow_table IS NULL AND r.status = 'running'";
    let note = Statement::new(sql)
        .bind("shadow", shadow.name())
        .bind("restore", id.as_str())
        .bind("table", table)
        .idempotent();
    database.execute(note).await?;
    let now = standing(database, id).await?;
    let is_noted = |row: &TableStanding| row.name == table && row.shadow.as_ref() == Some(shadow);
    Ok(now.is_some_and(|now| now.tables.iter().any(is_noted)))
}

/// Forgets a shadow that is lost, and all that was brought into it: the table is to be filled anew.
pub(super) async fn forget_shadow(
    database: &Database,
    id: &RestoreId,
    table: &str,
    shadow: &Shadow,
) -> Result<(), Error> {
    settled(database, |tx| async move {
        let Some(standing) = lock(&tx, id).await? else { return Ok(()) };
        let is_noted = |row: &TableStanding| row.name == table && row.shadow.as_ref() == Some(shadow);
        if standing.status != Status::Running
            || standing.ticket.is_some()
            || !standing.tables.iter().any(is_noted)
        {
            return Ok(());
        }
        let sql = "DELETE FROM rowgate_restore_chunks WHERE restore_id = :restore AND table_name = :table";
        tx.execute(Statement::new(sql).bind("restore", id.as_str()).bind("table", table)).await?;
        let sql = "UPDATE rowgate_restore_tables SET shadow_table = NULL, rows_read = NULL, rows_restored = NULL, \
                   rows_rejected = NULL, checksum = NULL WHERE restore_id = :restore AND table_name = :table";
        tx.execute(Statement::new(sql).bind("restore", id.as_str()).bind("table", table)).await.map(|_| ())
    })
    .await
}
