//! Measures the same employees as plain CSV, compressed, and as a workbook.

use anyhow::Result;

use super::{Loader, ROUNDS, ROWS, generate};
use crate::settings::Settings;
use crate::stats::{Series, grouped, megabytes};
use crate::table::Table;

const FILES: [&str; 4] = ["employees.csv", "employees.csv.gz", "employees.csv.zst", "employees.xlsx"];

/// Loads each file in turns. A sheet has 1,048,576 rows at most.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let mut loader = Loader::start(settings).await?;
    let [plain, gzip, zstd, workbook] = FILES.map(|file| loader.path(file));
    let bytes = [
        generate::valid(&plain, rows)?,
        generate::gzip(&plain, &gzip)?,
        generate::zstd(&plain, &zstd)?,
        generate::workbook(&workbook, rows)?,
    ];
    for file in FILES {
        loader.put(file)?;
    }
    let mut loads: [Series; FILES.len()] = Default::default();
    for _ in 0..rounds {
        for (file, loads) in FILES.iter().zip(&mut loads) {
            loads.add(&loader.fill(file, rows).await?);
        }
    }
    let reference = loads[0].median();
    for ((file, bytes), loads) in FILES.iter().zip(bytes).zip(&loads).skip(1) {
        let (count, ending) = (grouped(rows), file.trim_start_matches("employees"));
        let what =
            format!("{count} employees as {ending} ({}) / as .csv ({rounds} rounds)", megabytes(bytes));
        table.seconds(what, loads.median(), reference, None);
        table.memory(loads, None);
    }
    Ok(())
}
