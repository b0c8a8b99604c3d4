//! The effect of the loader's settings: concurrent chunks, and their size.

use anyhow::Result;

use super::{Loader, ROUNDS, ROWS, generate};
use crate::settings::Settings;
use crate::stats::{Series, grouped, mebibytes, seconds};
use crate::table::Table;

const FILE: &str = "employees.csv";
const LANES: [usize; 6] = [1, 2, 3, 4, 6, 8];
const CHUNK_KIB: [u64; 5] = [256, 512, 1024, 2048, 4096];

/// Loads the file with every setting in turns: each number of lanes with the chunk size of the
/// command line, each chunk size with its lanes.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let mut loader = Loader::start(settings).await?;
    generate::valid(&loader.path(FILE), rows)?;
    loader.put(FILE)?;
    let lanes = LANES.map(|lanes| (format!("{lanes} lanes"), Some(lanes), settings.chunk_bytes));
    let chunks = CHUNK_KIB.map(|kib| (format!("chunks of {kib} KiB"), settings.lanes, Some(kib * 1024)));
    let mut measured: Vec<_> =
        lanes.into_iter().chain(chunks).map(|setting| (setting, Series::default())).collect();
    for _ in 0..rounds {
        for ((_, lanes, chunk_bytes), series) in &mut measured {
            (loader.runner.lanes, loader.chunk_bytes) = (*lanes, *chunk_bytes);
            series.add(&loader.fill(FILE, rows).await?);
        }
    }
    for ((name, _, _), series) in measured {
        let [own, data_api, database, _] = series.processor();
        table.figure(
            format!(
                "{} employees, {name}: {} at most; processor: loader and Data API {}, database {}",
                grouped(rows),
                mebibytes(series.peak),
                seconds(own + data_api),
                seconds(database)
            ),
            seconds(series.median()),
        );
    }
    Ok(())
}
