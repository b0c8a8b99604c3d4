//! Files in which every row is rejected, against one in which every row is loaded.

use anyhow::Result;

use super::{Loader, ROUNDS, ROWS, forget, generate};
use crate::settings::Settings;
use crate::stats::{Series, grouped, mebibytes, megabytes};
use crate::table::{Line, Table};

/// "a file in which every row is rejected is no slower than one in which every row is loaded"
/// (issue 3).
const BAR: f64 = 1.0;
const VALID: &str = "valid.csv";
const FLAWED: &str = "flawed.csv";

/// Loads a valid file, the same again when all its ids are taken, and one in which every row breaks
/// a rule.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let mut loader = Loader::start(settings).await?;
    generate::valid(&loader.path(VALID), rows)?;
    let bytes = generate::rejected(&loader.path(FLAWED), rows)?;
    loader.put(VALID)?;
    loader.put(FLAWED)?;
    let [mut valid, mut taken, mut flawed]: [Series; 3] = Default::default();
    for _ in 0..rounds {
        valid.add(&loader.fill(VALID, rows).await?);
        forget(&mut loader.runner.conn).await?;
        taken.add(&loader.load(VALID, "completed", 0, rows).await?);
        loader.empty().await?;
        flawed.add(&loader.load(FLAWED, "failed", 0, rows).await?);
        for key in loader.runner.stage.bucket.keys("rejected/") {
            loader.runner.stage.bucket.remove(&key);
        }
    }
    for (what, loads) in [
        (format!("{} rows ({}) that all break a rule", grouped(rows), megabytes(bytes)), flawed),
        (format!("{} rows whose ids are all taken", grouped(rows)), taken),
    ] {
        let what = format!("{what} / that are all loaded ({rounds} rounds)");
        table.seconds(what, loads.median(), valid.median(), Some(BAR));
        table.add(Line {
            measure: "  most memory of the function".to_owned(),
            ours: mebibytes(loads.peak),
            reference: mebibytes(valid.peak),
            ..Line::default()
        });
    }
    Ok(())
}
