//! A writer that is at work while tables are backed up and restored: each of its transactions
//! inserts one row with the same id into every table.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::dictionary::{Column, ColumnType};
use e2e::lock;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use testkit::TestDatabase;
use testkit::hr::tables;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::tables::columns;
use crate::rows::Cells;

/// The first id of the first writer; far from all others.
pub(super) const FIRST: i64 = 1_000_000;

/// The outcome of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Committed,
    /// The database crashed before it answered COMMIT.
    Unknown,
}

/// Ids in the order of their transactions; without those that failed.
pub(super) type Written = Vec<(i64, Fate)>;

pub(super) struct Writer {
    written: Arc<Mutex<Written>>,
    over: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Writer {
    /// Writes with ids from `first` on until [`end`](Self::end).
    pub(super) fn start(database: Arc<TestDatabase>, first: i64, rests: Duration) -> Self {
        let (written, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let task = tokio::spawn(write(database, first, rests, Arc::clone(&written), Arc::clone(&over)));
        Self { written, over, task }
    }

    /// Returns what it has written so far.
    pub(super) fn so_far(&self) -> Written {
        lock(&self.written).clone()
    }

    /// Lets it end its transaction; returns all that it has written.
    pub(super) async fn end(self) -> Written {
        self.over.store(true, Ordering::SeqCst);
        let _ = self.task.await;
        lock(&self.written).clone()
    }
}

/// Returns the row that a transaction inserts into a table.
pub(super) fn cells(table: &str, id: i64) -> Cells {
    let columns = &columns(table)[1..];
    let cell = |(index, column): (usize, &Column)| match column.column_type() {
        // The last column shows that NULLs are kept, where it may be NULL.
        _ if index + 1 == columns.len() && !column.required() => None,
        ColumnType::SmallInt => Some((id % 1000).to_string()),
        ColumnType::Integer | ColumnType::Bigint => Some(id.to_string()),
        ColumnType::Double => Some("0.5".to_owned()),
        ColumnType::Decimal { scale: 0, .. } | ColumnType::Boolean => Some("1".to_owned()),
        ColumnType::Decimal { scale, .. } => Some(format!("0.{:0<1$}", 5, usize::from(scale))),
        ColumnType::String { max } | ColumnType::Binary { max } => {
            Some(format!("written beside, {id}").chars().take(max as usize).collect())
        }
        ColumnType::Text => Some(format!("written beside, {id}")),
        ColumnType::Date => Some("2021-11-07".to_owned()),
        ColumnType::Time => Some("02:48:42".to_owned()),
        ColumnType::Timestamp { digits: 0 } => Some("2021-11-07 02:48:42".to_owned()),
        ColumnType::Timestamp { digits } => {
            Some(format!("2021-11-07 02:48:42.{:0<1$}", 5, usize::from(digits)))
        }
        ColumnType::Uuid => Some(format!("00000000-0000-4000-8000-{id:012}")),
        ColumnType::Json => Some(format!("{{\"id\": {id}}}")),
    };
    columns.iter().enumerate().map(cell).collect()
}

/// Returns the statement that inserts that row.
pub(super) fn insert(table: &str, id: i64) -> String {
    let cells = cells(table, id).into_iter();
    let cells: String =
        cells.map(|cell| cell.map_or(", NULL".to_owned(), |text| format!(", '{text}'"))).collect();
    format!("INSERT INTO {table} VALUES ({id}{cells})")
}

async fn write(
    database: Arc<TestDatabase>,
    first: i64,
    rests: Duration,
    written: Arc<Mutex<Written>>,
    over: Arc<AtomicBool>,
) {
    let (mut conn, mut id) = (None, first);
    while !over.load(Ordering::SeqCst) {
        if conn.is_none() {
            conn = database.connect().await.ok();
        }
        let Some(open) = conn.as_mut() else {
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        match transaction(open, id).await {
            Some(fate) => lock(&written).push((id, fate)),
            None => conn = None,
        }
        id += 1;
        sleep(rests).await;
    }
}

/// Returns `None` if it was certainly not committed; the connection is of no use then.
async fn transaction(conn: &mut Conn, id: i64) -> Option<Fate> {
    conn.query_drop("START TRANSACTION").await.ok()?;
    for table in tables() {
        conn.query_drop(insert(table, id)).await.ok()?;
    }
    Some(if conn.query_drop("COMMIT").await.is_ok() { Fate::Committed } else { Fate::Unknown })
}
