//! The audit trail of people, in `rowgate_audit`.
//!
//! Entries of rows are written in the transaction of the change, so that a change is in if and only
//! if its entry is. Everything else is recorded before it begins. Scripts leave nothing here.

pub use domain::audit::Actor;
use domain::audit::{Action, AuditPage, AuditRecord, LOG_TARGET};
use domain::dictionary::{Column, Table};
use domain::json_row::write_json_row;
use domain::key_text::key_text;
use domain::sql::{audit_deleted, audit_replaced};
use domain::value::{Key, Value};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::ledger::{Only, iso};
use crate::{Database, Error, Statement, Tx};

/// Bytes of JSON that come with an entry's other columns; what has more is read piece by piece. A
/// hundred entries so stay below the service's 1 MiB, escaped into its JSON.
const INLINE_BYTES: usize = 4_000;

/// Characters of one piece. With four bytes each, and escaped, it stays below the 64 KB that the
/// service gives out as one row.
const PIECE_CHARS: usize = 8_000;

/// Bytes of JSON on a page, beyond which it ends early. An answer of a function has 6 MB, in which
/// each quote is escaped.
const PAGE_BYTES: usize = 1_500_000;

/// Bytes of keys and JSON of entries in one call at most. Escaped into the call's own JSON it at
/// most doubles, well below the service's 4 MiB.
const MAX_CALL_BYTES: usize = 1_500_000;

/// Entries of inserted rows in one call at most: the SQL text of each has some seventy characters,
/// and a statement 65,536.
const MAX_CALL_ENTRIES: usize = 500;

/// Entries of a page at most.
pub const MAX_ENTRIES: u32 = 100;

/// A filter of entries; `None` takes all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter<'a> {
    /// Entries of an account.
    pub username: Option<&'a str>,
    /// Entries of a table.
    pub table: Option<&'a str>,
    /// Entries of the rows with a key.
    pub row: Option<&'a str>,
    /// Entries older than the entry with this number.
    pub after: Option<i64>,
}

/// Records what a person is about to do, and logs it. Scripts, which have no `actor`, leave nothing
/// in the audit trail. If the database's answer was lost, the entry may stand there twice; after
/// success it is never missing.
///
/// # Errors
/// Any [`Error`]; then the action must not begin.
pub async fn record(
    database: &Database,
    actor: Option<Actor<'_>>,
    action: Action,
    table: Option<&str>,
    detail: &serde_json::Value,
) -> Result<(), Error> {
    let Some(actor) = actor else { return Ok(()) };
    let sql = "INSERT INTO rowgate_audit (at, username, action, table_name, detail_json, request_id) \
               VALUES (UTC_TIMESTAMP(3), :username, :action, :table, :detail, :request)";
    let statement = bound(sql.to_owned(), actor, action)
        .bind("table", table)
        .bind("detail", detail.to_string())
        .idempotent();
    database.execute(statement).await?;
    log(actor, action, table, None);
    Ok(())
}

/// Writes an entry for each of these rows, which the transaction has inserted. A row whose number
/// the database has given itself has none.
pub(crate) async fn inserted<'v>(
    tx: &Tx,
    actor: Actor<'_>,
    action: Action,
    table: &Table,
    rows: impl Iterator<Item = &'v [Value<'v>]>,
) -> Result<(), Error> {
    let mut entries = Entries::default();
    for values in rows {
        let Some(key) = table.key_of(values) else { continue };
        let mut row = String::new();
        write_json_row(table, values, &mut row);
        let key = key_text(&key);
        let bytes = key.len() + row.len();
        let is_full = entries.bytes + bytes > MAX_CALL_BYTES || entries.keys.len() == MAX_CALL_ENTRIES;
        if is_full && !entries.keys.is_empty() {
            tx.execute(std::mem::take(&mut entries).into_statement(actor, action, table)).await?;
        }
        entries.bytes += bytes;
        entries.keys.push(key);
        entries.rows.push(row);
    }
    if !entries.keys.is_empty() {
        tx.execute(entries.into_statement(actor, action, table)).await?;
    }
    Ok(())
}

/// Entries of inserted rows that go into one call.
#[derive(Default)]
struct Entries {
    keys: Vec<String>,
    rows: Vec<String>,
    bytes: usize,
}

impl Entries {
    fn into_statement(self, actor: Actor<'_>, action: Action, table: &Table) -> Statement {
        let values: Vec<String> = (0..self.keys.len())
            .map(|number| {
                format!("(UTC_TIMESTAMP(3),:username,:action,:request,:table,:key{number},:row{number})")
            })
            .collect();
        let sql = format!(
            "INSERT INTO `rowgate_audit` (`at`,`username`,`action`,`request_id`,`table_name`,`row_key`,`after_json`) VALUES {}",
            values.join(",")
        );
        bound(sql, actor, action)
            .bind("table", table.name())
            .bind_each("key", self.keys)
            .bind_each("row", self.rows)
    }
}

/// Writes an entry for a row that the transaction has locked and is about to replace with these
/// values.
pub(crate) async fn replaced(
    tx: &Tx,
    actor: Actor<'_>,
    table: &Table,
    key: &Key,
    values: &[Value<'_>],
) -> Result<(), Error> {
    let mut after = String::new();
    write_json_row(table, values, &mut after);
    let statement = bound(audit_replaced(table, key), actor, Action::PutRow);
    tx.execute(statement.bind("key", key_text(key)).bind("after", after)).await.map(|_| ())
}

/// Locks a row and writes an entry for it, before the transaction deletes it. Returns false where
/// there is no such row.
pub(crate) async fn deleted(tx: &Tx, actor: Actor<'_>, table: &Table, key: &Key) -> Result<bool, Error> {
    let statement = bound(audit_deleted(table, key), actor, Action::DeleteRow);
    Ok(tx.execute(statement.bind("key", key_text(key))).await?.updated > 0)
}

/// Writes the log line of something that a person did: who and what, and no values.
pub(crate) fn log(actor: Actor<'_>, action: Action, table: Option<&str>, rows: Option<usize>) {
    log_line(actor, action, table, None, rows);
}

/// Writes the log line of what a person did with a row, by its key; without the key where that is
/// personal data.
pub(crate) fn log_row(actor: Actor<'_>, action: Action, table: &Table, key: Option<&Key>) {
    let row = key.filter(|_| !table.key_columns().any(Column::personal)).map(key_text);
    log_line(actor, action, Some(table.name()), row.as_deref(), None);
}

fn log_line(actor: Actor<'_>, action: Action, table: Option<&str>, row: Option<&str>, rows: Option<usize>) {
    tracing::info!(
        target: LOG_TARGET,
        {
            audit.action = action.as_str(),
            audit.username = actor.username,
            table,
            row,
            rows,
        },
        "a person changed something"
    );
}

fn bound(sql: String, actor: Actor<'_>, action: Action) -> Statement {
    Statement::new(sql)
        .bind("username", actor.username)
        .bind("action", action.as_str())
        .bind("request", actor.request_id)
}

/// An entry as it is read first.
#[derive(Deserialize)]
struct Row {
    id: i64,
    at: String,
    username: String,
    action: String,
    table_name: Option<String>,
    row_key: Option<String>,
    before_json: Option<String>,
    after_json: Option<String>,
    detail_json: Option<String>,
    request_id: String,
    json_bytes: usize,
}

/// Reads entries, newest first: at most `limit` (1 to [`MAX_ENTRIES`]), and fewer where they are
/// large.
///
/// # Errors
/// As [`Database::query`].
pub async fn page(database: &Database, filter: &Filter<'_>, limit: u32) -> Result<AuditPage, Error> {
    let database = &database.with_deadline(database.deadline());
    let limit = limit.clamp(1, MAX_ENTRIES);
    // These columns hold ASCII alone, and the database refuses to compare them with anything else.
    if [filter.table, filter.row].into_iter().flatten().any(|text| !text.is_ascii()) {
        return Ok(AuditPage::default());
    }
    let rows: Vec<Row> = database.query(select(filter, limit)).await?;
    let found = rows.len();
    let mut page = AuditPage::default();
    let mut bytes = 0;
    for row in rows.into_iter().take(limit as usize) {
        bytes += row.json_bytes;
        if bytes > PAGE_BYTES && !page.entries.is_empty() {
            break;
        }
        page.entries.push(complete(database, row).await?);
    }
    // One row more than asked for tells whether there is a next page.
    page.next = page.entries.last().map(|last| last.id).filter(|_| page.entries.len() < found);
    Ok(page)
}

fn select(filter: &Filter<'_>, limit: u32) -> Statement {
    let bytes = "COALESCE(LENGTH(before_json), 0) + COALESCE(LENGTH(after_json), 0) + COALESCE(LENGTH(detail_json), 0)";
    let inline = ["before_json", "after_json", "detail_json"]
        .map(|column| format!("IF({bytes} <= {INLINE_BYTES}, {column}, NULL) AS {column}"))
        .join(", ");
    let mut conditions = Vec::new();
    let texts = [
        ("username", "username", filter.username),
        ("table_name", "table", filter.table),
        ("row_key", "row", filter.row),
    ];
    for (column, name, value) in texts {
        conditions.extend(value.map(|_| format!("{column} = :{name}")));
    }
    conditions.extend(filter.after.map(|_| "id < :after".to_owned()));
    let conditions =
        if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    let select = Statement::new(format!(
        "SELECT id, {} AS at, username, action, table_name, row_key, {inline}, request_id, {bytes} AS json_bytes \
         FROM rowgate_audit{conditions} ORDER BY id DESC LIMIT {}",
        iso("at"),
        limit + 1
    ));
    texts
        .into_iter()
        .fold(select, |select, (_, name, value)| select.bind_some(name, value))
        .bind_some("after", filter.after)
}

/// Returns the entry with its JSON, which is read piece by piece if it is long.
async fn complete(database: &Database, row: Row) -> Result<AuditRecord, Error> {
    let (before, after, detail) = if row.json_bytes <= INLINE_BYTES {
        (row.before_json, row.after_json, row.detail_json)
    } else {
        (
            pieces(database, row.id, "before_json").await?,
            pieces(database, row.id, "after_json").await?,
            pieces(database, row.id, "detail_json").await?,
        )
    };
    Ok(AuditRecord {
        id: row.id,
        at: row.at,
        username: row.username,
        action: row.action,
        table: row.table_name,
        row: row.row_key,
        before: json(before)?,
        after: json(after)?,
        detail: json(detail)?,
        request_id: row.request_id,
    })
}

async fn pieces(database: &Database, id: i64, column: &'static str) -> Result<Option<String>, Error> {
    let mut text = String::new();
    let mut chars = 0;
    loop {
        let sql = format!(
            "SELECT SUBSTRING({column}, {}, {PIECE_CHARS}) AS piece FROM rowgate_audit WHERE id = :id",
            chars + 1
        );
        let found: Vec<Only<Option<String>>> = database.query(Statement::new(sql).bind("id", id)).await?;
        let Some(piece) = found.into_iter().next().and_then(|row| row.0) else { return Ok(None) };
        let length = piece.chars().count();
        text.push_str(&piece);
        if length < PIECE_CHARS {
            return Ok(Some(text));
        }
        chars += length;
    }
}

/// Returns a stored text as JSON; as a JSON string if it is not JSON.
fn json(text: Option<String>) -> Result<Option<Box<RawValue>>, Error> {
    let Some(text) = text else { return Ok(None) };
    Ok(Some(match serde_json::from_str::<&RawValue>(&text) {
        Ok(json) => json.to_owned(),
        Err(_) => to_raw_value(&text)?,
    }))
}
