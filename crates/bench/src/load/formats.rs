//! The same employees as plain CSV, packed, and as a workbook.

use anyhow::Result;

use super::{Loader, Loads, generate, grouped, mebibytes, megabytes, seconds};
use crate::settings::Settings;
use crate::stats::ratio;
use crate::table::{Line, Table};

/// A sheet has 1,048,576 rows at most.
const ROWS: u64 = 1_000_000;
const ROUNDS: usize = 3;
const FILES: [&str; 4] = ["employees.csv", "employees.csv.gz", "employees.csv.zst", "employees.xlsx"];

/// Loads each file in turns.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let mut loader = Loader::start(settings).await?;
    let [plain, gzip, zstd, workbook] = FILES;
    let from = loader.path(plain)?;
    let bytes = [
        generate::valid(&from, rows)?,
        generate::gzip(&from, &loader.path(gzip)?)?,
        generate::zstd(&from, &loader.path(zstd)?)?,
        generate::workbook(&loader.path(workbook)?, rows)?,
    ];
    let mut loads: [Loads; FILES.len()] = Default::default();
    for _ in 0..rounds {
        for (file, loads) in FILES.iter().zip(&mut loads) {
            loader.empty().await?;
            loads.add(&loader.load(file).await?);
            loader.expect(rows).await?;
        }
    }
    let reference = loads[0].times.median();
    for ((file, bytes), loads) in FILES.iter().zip(bytes).zip(&loads).skip(1) {
        let time = loads.times.median();
        table.add(Line {
            measure: format!(
                "{} employees as {} ({}) / as .csv ({rounds} rounds)",
                grouped(rows),
                file.trim_start_matches("employees"),
                megabytes(bytes)
            ),
            ours: seconds(time),
            reference: seconds(reference),
            ratio: Some(ratio(time, reference)),
            bar: None,
        });
        table.add(Line {
            measure: "  most memory of the function".to_owned(),
            ours: mebibytes(loads.peak),
            ..Line::default()
        });
    }
    Ok(())
}
