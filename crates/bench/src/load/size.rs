//! Files of one and ten million rows: the time grows with the rows, the memory does not.

use anyhow::Result;

use super::{Loader, MEMORY_BAR, ROUNDS, ROWS, generate, load_data};
use crate::client::Session;
use crate::settings::Settings;
use crate::stats::{Series, Times, grouped, megabytes};
use crate::table::Table;

const TIMES_AS_MANY: u32 = 10;
/// "time grows linearly (within 15 %)" (issue 3).
const GROWTH_BAR: f64 = 1.15;
const FILES: [&str; 2] = ["one.csv", "ten.csv"];

/// Loads both files in turns, by `LOAD DATA LOCAL INFILE` as well.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let rounds = settings.rounds(ROUNDS, 1);
    let rows = [settings.rows(ROWS), settings.rows(ROWS * u64::from(TIMES_AS_MANY))];
    let mut loader = Loader::start(settings).await?;
    let mut bytes = [0; 2];
    for (index, file) in FILES.into_iter().enumerate() {
        bytes[index] = generate::valid(&loader.path(file), rows[index])?;
        loader.put(file)?;
    }
    let mut session = Session::start(loader.runner.stage.socket())?;
    let mut loads: [Series; 2] = Default::default();
    let mut references: [Times; 2] = Default::default();
    for _ in 0..rounds {
        for (index, file) in FILES.into_iter().enumerate() {
            loads[index].add(&loader.fill(file, rows[index]).await?);
            loader.empty().await?;
            references[index].add(session.execute(&load_data(&loader.path(file)))?);
        }
    }
    let ([one, ten], [few, many]) = (&loads, rows.map(grouped));
    for (index, count) in [&few, &many].into_iter().enumerate() {
        let what = format!("{count} employees ({})", megabytes(bytes[index]));
        let what = format!("{what}: loader / LOAD DATA LOCAL INFILE ({rounds} rounds)");
        table.seconds(what, loads[index].median(), references[index].median(), None);
        table.memory(&loads[index], Some(MEMORY_BAR));
    }
    let what = format!("  loader: {many} rows / {TIMES_AS_MANY} times the time of {few}");
    table.seconds(what, ten.median(), one.median() * TIMES_AS_MANY, Some(GROWTH_BAR));
    let [one, ten] = references.map(|times| times.median());
    table.seconds("  LOAD DATA LOCAL INFILE: the same", ten, one * TIMES_AS_MANY, None);
    Ok(())
}
