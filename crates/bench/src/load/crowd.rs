//! Many loaders at once on one database, and what a call of one load needs.

use std::time::Instant;

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use mysql_async::prelude::Queryable;

use super::{Loader, event, generate, key};
use crate::people::EMPLOYEES;
use crate::settings::Settings;
use crate::stats::{grouped, mebibytes, per_second, seconds};
use crate::table::{Line, Table};
use crate::usage::Usage;

const FILE: &str = "employees.csv";
/// The rows of all files together.
const ROWS: u64 = 1_024_000;
/// The loaders at once.
const LOADERS: [u64; 4] = [1, 4, 16, 64];

/// What one call of a load needs, in seconds of a processor, and the rows that it brings.
#[derive(Debug)]
pub(crate) struct Needs {
    pub(crate) loader: f64,
    pub(crate) database: f64,
    pub(crate) rows: f64,
}

/// Measures one load of a million employees.
pub(crate) async fn needs(settings: &Settings) -> Result<Needs> {
    let rows = settings.rows(super::ROWS);
    let mut loader = Loader::start(settings).await?;
    generate::valid(&loader.path(FILE), rows)?;
    loader.put(FILE)?;
    let runner = &mut loader.runner;
    let before = Usage::read(&runner.stage, &mut runner.conn).await?;
    let done = loader.load(FILE, "completed", rows, 0).await?;
    let runner = &mut loader.runner;
    let calls = (Usage::read(&runner.stage, &mut runner.conn).await? - before).calls();
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let (calls, rows) = (calls as f64, rows as f64);
    let [own, _, database, _] = done.processor;
    let each = |time: std::time::Duration| time.as_secs_f64() / calls;
    Ok(Needs { loader: each(own), database: each(database), rows: rows / calls })
}

/// Lets so many loaders share the same rows, in files of their own.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let all = settings.rows(ROWS);
    let mut loader = Loader::start(settings).await?;
    for count in LOADERS {
        let rows = all / count;
        let names: Vec<String> = (0..count).map(|number| format!("{number}-{FILE}")).collect();
        for (number, name) in (0..).zip(&names) {
            let path = loader.path(name);
            generate::from(&path, number * rows + 1, rows)?;
            loader.put(name)?;
        }
        loader.empty().await?;
        let started = Instant::now();
        let runs = names.iter().map(|name| {
            let key = key(EMPLOYEES, name);
            let bytes = loader.runner.stage.bucket.get(&key).map_or(0, |content| content.len());
            loader.start_one(event(&key, bytes))
        });
        let done = try_join_all(runs).await?;
        let time = started.elapsed();
        let peak = done.iter().map(|one| one.peak).max().unwrap_or_default();
        let sql = "SELECT COUNT(*) FROM rowgate_loads WHERE status = 'completed' AND rows_rejected = 0";
        let completed: Option<u64> = loader.runner.conn.query_first(sql).await?;
        ensure!(completed == Some(count), "{completed:?} of {count} loads have completed");
        loader.expect(rows * count).await?;
        let many = if count == 1 { "" } else { "s" };
        table.add(Line {
            measure: format!(
                "{} employees in {count} file{many}, as many loaders at once: {}; most memory of one {}",
                grouped(rows * count),
                seconds(time),
                mebibytes(peak)
            ),
            ours: per_second(rows * count, time),
            ..Line::default()
        });
    }
    Ok(())
}
