//! Reads the ledger.

use domain::load::{LoadId, LoadPage, LoadRecord, LoadStatus, RejectsFile, RejectsPage};

use crate::ledger::{Only, iso};
use crate::{Database, Error, Statement};

/// A filter of loads by their tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFilter<'a> {
    /// Loads of one table, by its name in the ledger.
    Table(&'a str),
    /// Loads of all tables but these: names of the dictionary, which are safe in SQL text.
    AllBut(&'a [&'a str]),
    /// Loads of these tables alone: names of the dictionary, too.
    Among(&'a [&'a str]),
}

impl<'a> TableFilter<'a> {
    /// Returns the table if it is one.
    pub(super) fn table(self) -> Option<&'a str> {
        if let Self::Table(table) = self { Some(table) } else { None }
    }

    /// Writes the SQL condition for a column with a table's name; `None` if every name meets it. If
    /// it is one table, the statement binds it as `:table`.
    pub(super) fn condition(self, column: &str) -> Option<String> {
        match self {
            Self::Table(_) => Some(format!("{column} = :table")),
            Self::AllBut([]) => None,
            Self::AllBut(others) => Some(format!("{column} NOT IN ('{}')", others.join("', '"))),
            Self::Among([]) => Some("FALSE".to_owned()),
            Self::Among(tables) => Some(format!("{column} IN ('{}')", tables.join("', '"))),
        }
    }
}

/// A filter of loads: those that meet all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadFilter<'a> {
    /// Their tables.
    pub tables: TableFilter<'a>,
    /// Loads with a status.
    pub status: Option<LoadStatus>,
    /// Loads of an object, by its key: one for each of its versions.
    pub key: Option<&'a str>,
}

/// Lists loads, newest first: those that meet the filter, those older than the load `after` if
/// given, at most `limit` (1 to 1000). A load that does not exist has nothing older.
///
/// # Errors
/// As [`Database::query`].
pub async fn find(
    database: &Database,
    filter: LoadFilter<'_>,
    limit: u32,
    after: Option<&LoadId>,
) -> Result<LoadPage, Error> {
    let LoadFilter { tables, status, key } = filter;
    let older = "l.seq < (SELECT a.seq FROM rowgate_loads a WHERE a.load_id = :after)";
    let conditions = [
        tables.condition("l.table_name"),
        status.map(|_| "l.status = :status".to_owned()),
        key.map(|_| "l.object_key = :key".to_owned()),
        after.map(|_| older.to_owned()),
    ];
    let conditions: Vec<String> = conditions.into_iter().flatten().collect();
    let mut sql = select();
    if !conditions.is_empty() {
        sql.push_str(" WHERE ");
        sql.push_str(&conditions.join(" AND "));
    }
    // One more than asked for shows that there is a next page.
    sql.push_str(&format!(" ORDER BY l.seq DESC LIMIT {}", limit + 1));
    let statement = Statement::new(sql)
        .bind_some("table", tables.table())
        .bind_some("status", status.map(LoadStatus::as_str))
        .bind_some("key", key)
        .bind_some("after", after.map(LoadId::as_str));
    let loads: Vec<LoadRecord> = database.query(statement).await?;
    let more = loads.len() > limit as usize;
    let loads: Vec<LoadRecord> =
        loads.into_iter().take(limit as usize).map(LoadRecord::with_warnings_of_figures).collect();
    let next = loads.last().filter(|_| more).map(|last| last.load.clone());
    Ok(LoadPage { loads, next })
}

/// Returns a load; `None` if there is no such load.
///
/// # Errors
/// As [`Database::query`].
pub async fn get(database: &Database, id: &LoadId) -> Result<Option<LoadRecord>, Error> {
    let sql = format!("{} WHERE l.load_id = :load", select());
    let loads: Vec<LoadRecord> = database.query(Statement::new(sql).bind("load", id.as_str())).await?;
    Ok(loads.into_iter().next().map(LoadRecord::with_warnings_of_figures))
}

/// Lists the rejects files of a load, in the order of its content: those after the file `after` if
/// given, at most `limit` (1 to 1000). After a file that the load does not have there are none.
///
/// # Errors
/// As [`Database::query`].
pub async fn rejects(
    database: &Database,
    id: &LoadId,
    limit: u32,
    after: Option<&str>,
) -> Result<RejectsPage, Error> {
    let mut sql = "SELECT c.rejects_key AS `key`, c.rows_rejected AS `rows` FROM rowgate_load_chunks c \
                   WHERE c.load_id = :load AND c.rejects_key IS NOT NULL"
        .to_owned();
    if after.is_some() {
        sql.push_str(
            " AND c.chunk_no > (SELECT MAX(a.chunk_no) FROM rowgate_load_chunks a \
             WHERE a.load_id = :load AND a.rejects_key = :after)",
        );
    }
    // One more than asked for shows that there is a next page.
    sql.push_str(&format!(" ORDER BY c.chunk_no LIMIT {}", limit + 1));
    let select = Statement::new(sql).bind("load", id.as_str()).bind_some("after", after);
    let mut files: Vec<RejectsFile> = database.query(select).await?;
    let more = files.len() > limit as usize;
    files.truncate(limit as usize);
    let next = files.last().filter(|_| more).map(|last| last.key.clone());
    let total = if after.is_some() || more { count_rejects(database, id).await? } else { files.len() as u64 };
    Ok(RejectsPage { files, total, next })
}

async fn count_rejects(database: &Database, id: &LoadId) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) AS total FROM rowgate_load_chunks \
               WHERE load_id = :load AND rejects_key IS NOT NULL";
    let rows: Vec<Only<u64>> = database.query(Statement::new(sql).bind("load", id.as_str())).await?;
    Ok(rows.first().map_or(0, |row| row.0))
}

pub(super) fn select() -> String {
    // A statement sees loads that began after the time that it takes for now: those have taken no
    // time yet.
    let figures = ["rows_read", "rows_loaded", "rows_rejected", "unknown_references", "rows_skipped"];
    let figures = figures.map(figure).join(", ");
    format!(
        "SELECT l.load_id AS `load`, l.table_name AS `table`, l.object_key AS `key`, l.mode, l.format, l.status, {figures}, \
         l.bytes, {} AS started_at, {} AS finished_at, \
         GREATEST(TIMESTAMPDIFF(MICROSECOND, l.started_at, COALESCE(l.finished_at, UTC_TIMESTAMP(3))) DIV 1000, 0) \
         AS milliseconds, \
         l.attempts, l.error, l.warnings, l.parent_load_id AS parent, l.same_as_load_id AS same_as FROM rowgate_loads l",
        iso("l.started_at"),
        iso("l.finished_at")
    )
}

/// Writes the SQL for a figure of a load: while it runs, the sum over its committed chunks. Sums
/// are decimals to the database.
pub(super) fn figure(name: &str) -> String {
    format!(
        "CAST(CASE l.status WHEN 'running' THEN \
         (SELECT COALESCE(SUM(c.{name}), 0) FROM rowgate_load_chunks c WHERE c.load_id = l.load_id) \
         ELSE l.{name} END AS SIGNED) AS {name}"
    )
}
