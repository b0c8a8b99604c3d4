//! What the loader's settings do: chunks side by side, and their size.

use std::time::Duration;

use anyhow::Result;

use super::{Loader, Loads, generate, grouped, mebibytes, seconds};
use crate::settings::Settings;
use crate::stats::Times;
use crate::table::{Line, Table};

const ROWS: u64 = 1_000_000;
const ROUNDS: usize = 3;
const FILE: &str = "employees.csv";
const LANES: [usize; 6] = [1, 2, 3, 4, 6, 8];
const CHUNK_KIB: [u64; 5] = [256, 512, 1024, 2048, 4096];

/// Loads the file with every setting in turns; lanes with the chunks that are set, chunks with the lanes that are set.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let mut loader = Loader::start(settings).await?;
    generate::valid(&loader.path(FILE)?, rows)?;
    let lanes = LANES.map(|lanes| (format!("{lanes} lanes"), Some(lanes), settings.chunk_bytes));
    let chunks = CHUNK_KIB.map(|kib| (format!("chunks of {kib} KiB"), settings.lanes, Some(kib * 1024)));
    let mut measured: Vec<_> = lanes
        .into_iter()
        .chain(chunks)
        .map(|setting| (setting, Loads::default(), Times::default(), Times::default()))
        .collect();
    for _ in 0..rounds {
        for ((_, lanes, chunk_bytes), loads, own, database) in &mut measured {
            (loader.lanes, loader.chunk_bytes) = (*lanes, *chunk_bytes);
            loader.empty().await?;
            let loaded = loader.load(FILE).await?;
            loads.add(&loaded);
            own.add(loaded.processor.loader + loaded.processor.data_api);
            database.add(loaded.processor.database);
            loader.expect(rows).await?;
        }
    }
    for ((name, _, _), loads, own, database) in measured {
        let processor = |times: &Times| Duration::as_secs_f64(&times.median());
        table.add(Line {
            measure: format!(
                "{} employees, {name}: {} at most; processor: loader and Data API {:.2} s, database {:.2} s",
                grouped(rows),
                mebibytes(loads.peak),
                processor(&own),
                processor(&database)
            ),
            ours: seconds(loads.times.median()),
            ..Line::default()
        });
    }
    Ok(())
}
