//! Files in which every row is rejected, against one in which every row is loaded.

use std::fs;

use anyhow::{Result, ensure};

use super::{BUCKET, Loader, Loads, generate, grouped, mebibytes, megabytes, seconds};
use crate::settings::Settings;
use crate::stats::ratio;
use crate::table::{Line, Table};

const ROWS: u64 = 1_000_000;
const ROUNDS: usize = 3;
/// From issue 3: "a file in which every row is rejected is no slower than one in which every row is loaded".
const BAR: f64 = 1.0;
const VALID: &str = "valid.csv";
const FLAWED: &str = "flawed.csv";

/// Loads a valid file, the same once more when all its ids are taken, and one in which every row breaks a rule.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let mut loader = Loader::start(settings).await?;
    generate::valid(&loader.path(VALID)?, rows)?;
    let bytes = generate::rejected(&loader.path(FLAWED)?, rows)?;
    let [mut valid, mut taken, mut flawed]: [Loads; 3] = Default::default();
    for _ in 0..rounds {
        loader.empty().await?;
        valid.add(&loader.load(VALID).await?);
        loader.expect(rows).await?;
        loader.forget().await?;
        let load = loader.load(VALID).await?;
        ensure!(load.rows_rejected == rows && load.rows_loaded == 0, "not every taken id is rejected");
        taken.add(&load);
        loader.empty().await?;
        let load = loader.load(FLAWED).await?;
        ensure!(load.rows_rejected == rows && load.rows_loaded == 0, "not every flawed row is rejected");
        flawed.add(&load);
        fs::remove_dir_all(loader.files.path(BUCKET, "rejected"))?;
    }
    let reference = valid.times.median();
    for (what, loads) in [
        (format!("{} rows ({}) that all break a rule", grouped(rows), megabytes(bytes)), flawed),
        (format!("{} rows whose ids are all taken", grouped(rows)), taken),
    ] {
        let time = loads.times.median();
        let measured = ratio(time, reference);
        table.add(Line {
            measure: format!("{what} / that are all loaded ({rounds} rounds)"),
            ours: seconds(time),
            reference: seconds(reference),
            ratio: Some(measured),
            bar: Some((format!("≤ {BAR}×"), measured <= BAR)),
        });
        table.add(Line {
            measure: "  most memory of the function".to_owned(),
            ours: mebibytes(loads.peak),
            reference: mebibytes(valid.peak),
            ..Line::default()
        });
    }
    Ok(())
}
