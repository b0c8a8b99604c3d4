//! Audits the ledger: checks that ended loads add up, and finds loads that nobody works on any
//! more.

use std::time::Duration;

use domain::dictionary::LoadMode;
use domain::load::LoadId;
use serde::Deserialize;

use super::Run;
use crate::{Database, Error, Statement};

/// Loads in one query at most; each comes with its chunks, a thousand of them for a large file.
const LOADS_PER_QUERY: usize = 500;

/// Stalled loads that are returned at most; the rest is returned next time.
const MAX_STALLED: usize = 100;

/// The longest time that an audit looks back over.
const LONGEST_WINDOW: &str = "INTERVAL 24 HOUR";

/// The overlap of an audit with the one before: a load's end is visible only once its transaction
/// has committed.
const OVERLAP: &str = "INTERVAL 5 MINUTE";

/// A load whose figures contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The load.
    pub load: LoadId,
    /// The contradiction.
    pub what: String,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The database's time when the check began, to be handed to the next one.
    pub until: String,
    /// The number of checked loads.
    pub loads: u64,
    /// The loads that do not add up.
    pub faults: Vec<Fault>,
}

/// Checks the loads that ended since an earlier check began (`until` of its result), or in the last
/// 24 hours.
///
/// # Errors
/// As [`Database::query`].
pub async fn check_ended(database: &Database, since: Option<&str>) -> Result<Checked, Error> {
    #[derive(Deserialize)]
    struct Window {
        since: String,
        until: String,
    }
    let longest = format!("UTC_TIMESTAMP(3) - {LONGEST_WINDOW}");
    let sql = format!(
        "SELECT {} AS until, {} AS since",
        text("UTC_TIMESTAMP(3)"),
        text(&format!("GREATEST(COALESCE(CAST(:since AS DATETIME(3)) - {OVERLAP}, {longest}), {longest})")),
    );
    let windows: Vec<Window> = database.query(Statement::new(sql).bind("since", since)).await?;
    // A SELECT without a table has one row.
    let Some(Window { since, until }) = windows.into_iter().next() else { return Err(Error::OutOfTime) };
    let mut checked = Checked { until, loads: 0, faults: Vec::new() };
    let mut after = (since, String::new());
    loop {
        let ended = ended(database, &after).await?;
        checked.loads += ended.len() as u64;
        checked.faults.extend(
            ended
                .iter()
                .filter_map(|load| Some(Fault { load: load.load_id.clone(), what: load.fault.clone()? })),
        );
        match ended.last() {
            Some(last) if ended.len() == LOADS_PER_QUERY => {
                after = (last.finished.clone(), last.load_id.as_str().to_owned());
            }
            _ => return Ok(checked),
        }
    }
}

/// A load that has ended.
#[derive(Deserialize)]
struct Ended {
    load_id: LoadId,
    finished: String,
    fault: Option<String>,
}

/// Reads some of the loads that ended after a time, and at that very time after a load, in this
/// order, with what contradicts what.
async fn ended(database: &Database, (time, load): &(String, String)) -> Result<Vec<Ended>, Error> {
    const FIGURES: [&str; 5] =
        ["rows_read", "rows_loaded", "rows_rejected", "unknown_references", "rows_skipped"];
    let differ = FIGURES.map(|figure| format!("l.{figure} <> COALESCE(SUM(c.{figure}), 0)")).join(" OR ");
    let (figures, grouped) = (FIGURES.join(", "), FIGURES.join(", l."));
    // The chunks of an abandoned load are deleted when its table is replaced.
    let sql = format!(
        "SELECT l.load_id, {} AS finished, CASE \
         WHEN l.rows_read <> l.rows_loaded + l.rows_rejected \
         THEN 'rows_read is not rows_loaded + rows_rejected' \
         WHEN SUM(c.rows_read <> c.rows_loaded + c.rows_rejected) > 0 \
         THEN 'rows_read of a chunk is not its rows_loaded + rows_rejected' \
         WHEN l.status <> 'completed' THEN NULL \
         WHEN COUNT(c.chunk_no) <> COALESCE(MAX(c.chunk_no) + 1, 0) THEN 'a chunk is missing' \
         WHEN {differ} THEN 'its figures are not the sums of its chunks' END AS fault \
         FROM (SELECT load_id, finished_at, status, {figures} \
               FROM rowgate_loads WHERE finished_at >= CAST(:time AS DATETIME(3)) \
               AND (finished_at > CAST(:time AS DATETIME(3)) OR load_id > :load) \
               ORDER BY finished_at, load_id LIMIT {LOADS_PER_QUERY}) l \
         LEFT JOIN rowgate_load_chunks c ON c.load_id = l.load_id \
         GROUP BY l.load_id, l.finished_at, l.status, l.{grouped} ORDER BY l.finished_at, l.load_id",
        text("l.finished_at"),
    );
    database.query(Statement::new(sql).bind("time", &**time).bind("load", &**load)).await
}

/// A load that is running in the ledger, but no function has begun to work on it for long.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stalled {
    /// Its run.
    #[serde(flatten)]
    pub run: Run,
    /// Its mode.
    pub mode: LoadMode,
}

/// Finds running loads that no function has begun to work on for longer than `idle`, oldest first,
/// at most 100.
///
/// # Errors
/// As [`Database::query`].
pub async fn stalled(database: &Database, idle: Duration) -> Result<Vec<Stalled>, Error> {
    let sql = format!(
        "SELECT load_id, restarts, mode FROM rowgate_loads WHERE status = 'running' \
         AND active_at < UTC_TIMESTAMP(3) - INTERVAL {} SECOND \
         ORDER BY seq LIMIT {MAX_STALLED}",
        idle.as_secs()
    );
    database.query(Statement::new(sql)).await
}

/// Returns true if a load runs or a table is fenced: something may still change by itself.
///
/// # Errors
/// As [`Database::query`].
pub async fn is_under_way(database: &Database) -> Result<bool, Error> {
    let sql = "SELECT 1 AS found FROM rowgate_loads WHERE status = 'running' UNION ALL \
               SELECT 1 FROM rowgate_table_fences WHERE job_id IS NOT NULL LIMIT 1";
    let rows: Vec<serde::de::IgnoredAny> = database.query(Statement::new(sql)).await?;
    Ok(!rows.is_empty())
}

/// Writes a time as text that reads back as the same time.
fn text(time: &str) -> String {
    format!("SUBSTRING(DATE_FORMAT({time}, '%Y-%m-%d %H:%i:%s.%f'), 1, 23)")
}
