//! Audits the ledger: do the loads that have ended add up, and which ones does nobody work on any
//! more.

use std::time::Duration;

use domain::dictionary::LoadMode;
use domain::load::{LoadId, LoadStatus};
use serde::Deserialize;

use super::Run;
use crate::{Database, Error, Statement};

/// Loads in one query at most; each comes with its chunks, a thousand of them for a large file.
const LOADS_PER_QUESTION: usize = 500;

/// Stalled loads that are returned at most; the rest is returned next time.
const MAX_STALLED: usize = 100;

/// The longest time that an audit looks back over.
const LONGEST_WINDOW: &str = "INTERVAL 24 HOUR";

/// How far before the last audit the next one begins: a load's end is visible only once its
/// transaction has committed.
const OVERLAP: &str = "INTERVAL 5 MINUTE";

/// A load whose figures contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The load.
    pub load: LoadId,
    /// What contradicts what.
    pub what: &'static str,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The database's time when the check began, to be handed to the next one.
    pub until: String,
    /// Loads that were looked at.
    pub loads: u64,
    /// Those that do not add up.
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
        checked.faults.extend(ended.iter().filter_map(|load| {
            let what = load.fault()?;
            Some(Fault { load: load.load_id.clone(), what })
        }));
        match ended.last() {
            Some(last) if ended.len() == LOADS_PER_QUESTION => {
                after = (last.finished.clone(), last.load_id.as_str().to_owned());
            }
            _ => return Ok(checked),
        }
    }
}

/// A load that has ended, and what its chunks say.
#[derive(Debug, Clone, Deserialize)]
struct Ended {
    load_id: LoadId,
    finished: String,
    status: LoadStatus,
    rows_read: i64,
    rows_loaded: i64,
    rows_rejected: i64,
    unknown_references: i64,
    rows_skipped: i64,
    chunks: i64,
    /// One more than the highest number of a chunk.
    next_chunk: i64,
    chunks_read: i64,
    chunks_loaded: i64,
    chunks_rejected: i64,
    chunks_unknown: i64,
    chunks_skipped: i64,
    /// Chunks that do not add up by themselves.
    chunks_odd: i64,
}

impl Ended {
    fn fault(&self) -> Option<&'static str> {
        let figures = [
            self.rows_read,
            self.rows_loaded,
            self.rows_rejected,
            self.unknown_references,
            self.rows_skipped,
        ];
        let of_chunks = [
            self.chunks_read,
            self.chunks_loaded,
            self.chunks_rejected,
            self.chunks_unknown,
            self.chunks_skipped,
        ];
        if self.rows_read != self.rows_loaded + self.rows_rejected {
            Some("rows_read is not rows_loaded + rows_rejected")
        } else if self.chunks_odd > 0 {
            Some("rows_read of a chunk is not its rows_loaded + rows_rejected")
        } else if self.status != LoadStatus::Completed {
            // The chunks of a load that was given up are forgotten when its table is replaced.
            None
        } else if self.chunks != self.next_chunk {
            Some("a chunk is missing")
        } else if figures != of_chunks {
            Some("its figures are not the sums of its chunks")
        } else {
            None
        }
    }
}

/// Reads some of the loads that ended after a time, and at that very time after a load, in this
/// order.
async fn ended(database: &Database, (time, load): &(String, String)) -> Result<Vec<Ended>, Error> {
    let sum = |figure: &str| format!("CAST(COALESCE(SUM({figure}), 0) AS SIGNED)");
    let sql = format!(
        "SELECT l.load_id, {finished} AS finished, l.status, l.rows_read, l.rows_loaded, l.rows_rejected, \
         l.unknown_references, l.rows_skipped, COUNT(c.chunk_no) AS chunks, \
         COALESCE(MAX(c.chunk_no) + 1, 0) AS next_chunk, \
         {read} AS chunks_read, {loaded} AS chunks_loaded, {rejected} AS chunks_rejected, {unknown} AS chunks_unknown, \
         {skipped} AS chunks_skipped, {odd} AS chunks_odd \
         FROM (SELECT load_id, finished_at, status, rows_read, rows_loaded, rows_rejected, unknown_references, rows_skipped \
               FROM rowgate_loads WHERE finished_at >= CAST(:time AS DATETIME(3)) \
               AND (finished_at > CAST(:time AS DATETIME(3)) OR load_id > :load) \
               ORDER BY finished_at, load_id LIMIT {LOADS_PER_QUESTION}) l \
         LEFT JOIN rowgate_load_chunks c ON c.load_id = l.load_id \
         GROUP BY l.load_id, l.finished_at, l.status, l.rows_read, l.rows_loaded, l.rows_rejected, \
         l.unknown_references, l.rows_skipped ORDER BY l.finished_at, l.load_id",
        finished = text("l.finished_at"),
        read = sum("c.rows_read"),
        loaded = sum("c.rows_loaded"),
        rejected = sum("c.rows_rejected"),
        unknown = sum("c.unknown_references"),
        skipped = sum("c.rows_skipped"),
        odd = sum("c.rows_read <> c.rows_loaded + c.rows_rejected"),
    );
    database.query(Statement::new(sql).bind("time", &**time).bind("load", &**load)).await
}

/// A load that runs, by the ledger, and that nobody has taken up for long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stalled {
    /// Its run.
    pub run: Run,
    /// Its table's name.
    pub table: String,
    /// Its mode.
    pub mode: LoadMode,
}

/// Finds running loads that no function has taken up for longer than `idle`, oldest first, at most
/// 100.
///
/// # Errors
/// As [`Database::query`].
pub async fn stalled(database: &Database, idle: Duration) -> Result<Vec<Stalled>, Error> {
    #[derive(Deserialize)]
    struct Row {
        load_id: LoadId,
        restarts: u32,
        table_name: String,
        mode: LoadMode,
    }
    let sql = format!(
        "SELECT load_id, restarts, table_name, mode FROM rowgate_loads WHERE status = 'running' \
         AND active_at < UTC_TIMESTAMP(3) - INTERVAL {} SECOND \
         ORDER BY seq LIMIT {MAX_STALLED}",
        idle.as_secs()
    );
    let rows: Vec<Row> = database.query(Statement::new(sql)).await?;
    let stalled = |row: Row| Stalled {
        run: Run { id: row.load_id, restarts: row.restarts },
        table: row.table_name,
        mode: row.mode,
    };
    Ok(rows.into_iter().map(stalled).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn completed() -> Ended {
        Ended {
            load_id: LoadId::of_object("data", "k", "v"),
            finished: "2026-11-21 09:00:00.000".to_owned(),
            status: LoadStatus::Completed,
            rows_read: 12,
            rows_loaded: 10,
            rows_rejected: 2,
            unknown_references: 1,
            rows_skipped: 4,
            chunks: 3,
            next_chunk: 3,
            chunks_read: 12,
            chunks_loaded: 10,
            chunks_rejected: 2,
            chunks_unknown: 1,
            chunks_skipped: 4,
            chunks_odd: 0,
        }
    }

    #[test]
    fn finds_every_contradiction_of_a_completed_load() {
        assert_eq!(completed().fault(), None);
        let lost = Ended { rows_read: 13, ..completed() };
        assert_eq!(lost.fault(), Some("rows_read is not rows_loaded + rows_rejected"));
        let odd = Ended { chunks_odd: 1, ..completed() };
        assert_eq!(odd.fault(), Some("rows_read of a chunk is not its rows_loaded + rows_rejected"));
        let gap = Ended { chunks: 2, ..completed() };
        assert_eq!(gap.fault(), Some("a chunk is missing"));
        for other in [
            Ended { chunks_read: 13, chunks_loaded: 11, ..completed() },
            Ended { chunks_unknown: 0, ..completed() },
            Ended { chunks_skipped: 3, ..completed() },
        ] {
            assert_eq!(other.fault(), Some("its figures are not the sums of its chunks"));
        }
    }

    #[test]
    fn a_load_that_failed_need_not_have_kept_its_chunks() {
        let forgotten =
            Ended { status: LoadStatus::Failed, chunks: 0, next_chunk: 0, chunks_read: 0, ..completed() };
        assert_eq!(forgotten.fault(), None);
        assert!(Ended { rows_loaded: 11, ..forgotten }.fault().is_some());
    }
}
