//! Half an hour of files of mixed sizes and modes on a local cloud, with writers and readers beside
//! them: nothing may be lost, and small requests must not wait for files.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures_util::future::join_all;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio::task::spawn_blocking;
use tokio::time::{interval, sleep, timeout};

use crate::cloud::{Cloud, run};
use crate::settings::Settings;
use crate::stats::{Times, grouped, milliseconds, ratio, seconds};
use crate::table::{Line, Table};

/// The folder of the tables.
const SQL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sql");
/// What issue 18 asks for.
const FILES: usize = 200;
const LENGTH: Duration = Duration::from_secs(30 * 60);
const BAR: f64 = 3.0;
/// How long requests are measured before the first file.
const IDLE: Duration = Duration::from_secs(60);
/// The rows of the files, in turns.
const SIZES: [u64; 5] = [1, 100, 2_000, 20_000, 100_000];
/// The pause of each client between two requests.
const PAUSE: Duration = Duration::from_millis(250);
const WRITERS: u64 = 2;
/// How long the last files may take.
const LIMIT: Duration = Duration::from_secs(600);
/// The first key of what clients write; those of files are below.
const CLIENT_KEYS: u64 = 1_000_000_000;

/// A file to drop.
struct Dropped {
    table: &'static str,
    mode: &'static str,
    /// The number of the file whose keys it has.
    keys: u64,
    rows: u64,
}

/// What clients have seen.
#[derive(Debug, Default)]
struct Seen {
    posts: Times,
    pages: Times,
    accepted: u64,
    refused: u64,
}

/// Drops the files, and asks at the end where every row is.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let files = settings.rounds(FILES, 10);
    let scale = if settings.quick { 30 } else { 1 };
    let cloud = Cloud::start(settings, Some(SQL))?;
    let next = AtomicU64::new(CLIENT_KEYS);
    let idle = with_clients(&cloud, &next, sleep(IDLE / scale)).await?.1;
    let folder = tempfile::tempdir()?;
    let drop_all = async {
        let mut rows = 0;
        let mut ticks = interval(LENGTH / scale / u32::try_from(files)?);
        for number in 0..files as u64 {
            ticks.tick().await;
            let file = file(number);
            rows += file.rows;
            let path = folder.path().join(format!("{}-{number}.csv", file.table));
            fs::write(&path, file.content(number))?;
            let mut upload = cloud.upload_command(file.table, &path);
            upload.args(["--mode", file.mode]);
            spawn_blocking(move || run(&mut upload)).await??;
        }
        let mut conn = cloud.connect().await?;
        let slowest = timeout(LIMIT, all_ended(&mut conn, files)).await.context("the loads do not end")??;
        anyhow::Ok((conn, rows, slowest))
    };
    let (dropped, busy) = with_clients(&cloud, &next, drop_all).await?;
    let (mut conn, rows, slowest) = dropped?;
    let lost = lost(&mut conn, files as u64, idle.accepted + busy.accepted).await?;
    conn.disconnect().await?;
    let refused = idle.refused + busy.refused;
    table.add(Line {
        measure: format!(
            "{files} files of {} rows in all, append, upsert and replace, over {} s: rows lost",
            grouped(rows),
            (LENGTH / scale).as_secs()
        ),
        ours: lost.to_string(),
        bar: Some(("0".to_owned(), lost == 0)),
        ..Line::default()
    });
    table.figure("  slowest load, from its message to its end", seconds(slowest));
    table.figure(
        format!("  inserts of one row beside them: accepted, refused ({WRITERS} writers)"),
        format!("{}, {refused}", grouped(busy.accepted)),
    );
    for (what, ours, reference, bar) in [
        ("an insert of one row", &busy.posts, &idle.posts, Some(BAR)),
        ("a page of 100 rows", &busy.pages, &idle.pages, None),
    ] {
        let figures = |times: &Times| {
            format!("{}, {}", milliseconds(times.median()), milliseconds(times.percentile(99)))
        };
        let measured = ratio(ours.median(), reference.median());
        table.add(Line {
            measure: format!("  {what}: beside the files / on an idle system: p50, p99 ({})", ours.len()),
            ours: figures(ours),
            reference: figures(reference),
            ratio: Some(measured),
            bar: bar.map(|bar| (format!("p50 ≤ {bar}×"), measured <= bar)),
        });
    }
    Ok(())
}

/// Lets writers and a reader call until `work` is done.
async fn with_clients<T>(
    cloud: &Cloud<'_>,
    next: &AtomicU64,
    work: impl Future<Output = T>,
) -> Result<(T, Seen)> {
    let (url, key) = (cloud.variable("ROWGATE_URL")?, cloud.variable("ROWGATE_API_KEY")?);
    let url = &format!("{url}/tables/order_lines/rows");
    let client = &Client::builder().no_proxy().build()?;
    let is_over = &AtomicBool::new(false);
    let write = |_| async move {
        let mut seen = Seen::default();
        while !is_over.load(Ordering::Relaxed) {
            let row = line(next.fetch_add(1, Ordering::Relaxed));
            let started = Instant::now();
            let answer = client.post(url).header("x-api-key", key).json(&row).send().await?;
            let status = answer.status();
            answer.bytes().await?;
            match status {
                StatusCode::CREATED => {
                    seen.posts.add(started.elapsed());
                    seen.accepted += 1;
                }
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => seen.refused += 1,
                status => bail!("an insert was answered {status}"),
            }
            sleep(PAUSE).await;
        }
        anyhow::Ok(seen)
    };
    let read = async {
        let mut pages = Times::default();
        while !is_over.load(Ordering::Relaxed) {
            let started = Instant::now();
            let answer = client.get(format!("{url}?limit=100")).header("x-api-key", key).send().await?;
            answer.error_for_status()?.bytes().await?;
            pages.add(started.elapsed());
            sleep(PAUSE).await;
        }
        anyhow::Ok(pages)
    };
    let work = async {
        let done = work.await;
        is_over.store(true, Ordering::Relaxed);
        done
    };
    let (done, written, pages) = tokio::join!(work, join_all((0..WRITERS).map(write)), read);
    let mut seen = Seen { pages: pages?, ..Seen::default() };
    for one in written {
        let one = one?;
        seen.accepted += one.accepted;
        seen.refused += one.refused;
        seen.posts.append(one.posts);
    }
    Ok((done, seen))
}

/// Returns the file of this number. Files of two modes fill `order_lines`, each with keys of its
/// own; every second upsert has the keys of the one before.
fn file(number: u64) -> Dropped {
    let rows = SIZES[usize::try_from(number).unwrap_or(0) % SIZES.len()];
    let (table, mode, keys) = match number % 8 {
        2 | 6 => ("order_lines", "upsert", number - number % 8 + 2),
        3 | 7 => ("articles", "replace", number),
        _ => ("order_lines", "append", number),
    };
    Dropped { table, mode, keys, rows }
}

impl Dropped {
    /// Returns the first key of its rows in `order_lines`.
    fn first(&self) -> u64 {
        self.keys * 1_000_000
    }

    fn content(&self, number: u64) -> String {
        let mut content = match self.table {
            "articles" => "sku,title,price,changed_at\n".to_owned(),
            _ => "order_id,line,label,quantity,price\n".to_owned(),
        };
        for row in 0..self.rows {
            let _ = if self.table == "articles" {
                writeln!(content, "ABC-{row:09},Article {row} of {number},{row}.50,2026-01-01T00:00:00Z")
            } else {
                let id = self.first() + row;
                writeln!(content, "{id},1,L{id:012},{},1.50", number + 1)
            };
        }
        content
    }
}

/// Returns a row that a client inserts.
fn line(id: u64) -> serde_json::Value {
    json!({"order_id": id, "line": 1, "label": format!("L{id:012}"), "quantity": 1, "price": "1.50"})
}

/// Waits until so many loads have ended, all of them completed without a reject; returns the time
/// of the slowest.
async fn all_ended(conn: &mut Conn, files: usize) -> Result<Duration> {
    loop {
        let sql = "SELECT COUNT(*), CAST(COALESCE(SUM(status <> 'completed' OR rows_rejected > 0), 0) AS UNSIGNED), \
                   COALESCE(MAX(TIMESTAMPDIFF(MICROSECOND, started_at, finished_at)), 0) \
                   FROM rowgate_loads WHERE status <> 'running'";
        let (ended, flawed, slowest): (usize, usize, u64) = conn.query_first(sql).await?.unwrap_or_default();
        ensure!(flawed == 0, "{flawed} of {ended} loads have failed, were skipped or have rejects");
        if ended >= files {
            return Ok(Duration::from_micros(slowest));
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// Returns how many rows are missing, of the files and of the clients.
async fn lost(conn: &mut Conn, files: u64, accepted: u64) -> Result<u64> {
    let mut lost = 0;
    // Of two files with the same keys, the longer one.
    let mut expected: BTreeMap<u64, u64> = BTreeMap::new();
    for file in (0..files).map(file).filter(|file| file.table == "order_lines") {
        let rows = expected.entry(file.first()).or_default();
        *rows = file.rows.max(*rows);
    }
    for (first, rows) in expected {
        let sql = "SELECT COUNT(*) FROM order_lines WHERE order_id BETWEEN ? AND ?";
        let there: u64 = conn.exec_first(sql, (first, first + rows - 1)).await?.unwrap_or_default();
        lost += rows - there;
    }
    let sql = format!("SELECT COUNT(*) FROM order_lines WHERE order_id >= {CLIENT_KEYS}");
    let there: u64 = conn.query_first(sql).await?.unwrap_or_default();
    lost += accepted.saturating_sub(there);
    // The last replacement is there as a whole, and nothing else.
    let sql = "SELECT rows_loaded FROM rowgate_loads WHERE table_name = 'articles' ORDER BY finished_at DESC LIMIT 1";
    let last: u64 = conn.query_first(sql).await?.unwrap_or_default();
    let there: u64 = conn.query_first("SELECT COUNT(*) FROM articles").await?.unwrap_or_default();
    Ok(lost + last.abs_diff(there))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appended_keys_are_of_one_file_alone() {
        let files: Vec<Dropped> = (0..64).map(file).collect();
        for (number, appended) in files.iter().enumerate().filter(|(_, file)| file.mode == "append") {
            let others = files
                .iter()
                .enumerate()
                .filter(|(other, file)| *other != number && file.table == appended.table);
            assert!(others.map(|(_, file)| file.first()).all(|first| first != appended.first()), "{number}");
            assert!(appended.first() + appended.rows < CLIENT_KEYS);
        }
        assert_eq!(files[2].first(), files[6].first());
        assert!(SIZES.iter().all(|rows| *rows <= 1_000_000));
    }
}
