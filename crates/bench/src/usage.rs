//! Counts what AWS bills of a million employees: calls of the Data API in requests of 32 KiB, and
//! the database's I/O. `docs/costs.md` and `rowgate cost` take their figures from it.
//!
//! Aurora's storage is not InnoDB's files. Its I/O is estimated from what InnoDB counts: a page
//! that is not in memory is a read, and 4 KiB of redo log are a write, as Aurora meters them.

use std::ops::Sub;

use anyhow::{Context, Result};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use serde_json::Value;

use crate::stage::Stage;
use crate::stats::{grouped, megabytes};
use crate::table::Table;

/// The rows that figures are given for.
const MILLION: u64 = 1_000_000;
/// The redo log that Aurora meters as one write.
const WRITE_BYTES: u64 = 4096;

/// The counters of a stage, or their growth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    calls: u64,
    metered: u64,
    bytes: u64,
    reads: u64,
    redo: u64,
}

impl Usage {
    /// Reads the counters of the Data API and the database.
    pub(crate) async fn read(stage: &Stage, conn: &mut Conn) -> Result<Self> {
        let page = reqwest::get(format!("{}/_/usage", stage.data_api_url())).await?.text().await?;
        let page: Value = serde_json::from_str(&page)?;
        let count = |name: &str| page[name].as_u64().with_context(|| format!("no {name} in {page}"));
        Ok(Self {
            calls: count("calls")?,
            metered: count("metered_requests")?,
            bytes: count("request_bytes")? + count("response_bytes")?,
            reads: status(conn, "Innodb_pages_read").await?,
            redo: status(conn, "Innodb_os_log_written").await?,
        })
    }

    /// Returns the calls of the Data API.
    pub(crate) fn calls(&self) -> u64 {
        self.calls
    }

    /// Adds lines to the table: what was used by so many rows, for a million of them.
    pub(crate) fn report(&self, what: &str, rows: u64, table: &mut Table) {
        let scaled = |count: u64| (count * MILLION).div_ceil(rows);
        table.figure(format!("{what}: calls of the Data API"), grouped(scaled(self.calls)));
        table.figure("  requests that AWS bills for them", grouped(scaled(self.metered)));
        table.figure("  bytes of their bodies, both ways", megabytes(scaled(self.bytes)));
        table.figure("  pages read by the database", grouped(scaled(self.reads)));
        table.figure("  writes of 4 KiB of redo log", grouped(scaled(self.redo.div_ceil(WRITE_BYTES))));
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            calls: self.calls - before.calls,
            metered: self.metered - before.metered,
            bytes: self.bytes - before.bytes,
            reads: self.reads - before.reads,
            redo: self.redo - before.redo,
        }
    }
}

async fn status(conn: &mut Conn, name: &str) -> Result<u64> {
    let row: Option<(String, u64)> = conn.query_first(format!("SHOW GLOBAL STATUS LIKE '{name}'")).await?;
    Ok(row.with_context(|| format!("the database has no {name}"))?.1)
}
