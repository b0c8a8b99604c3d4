//! A million employees against `LOAD DATA LOCAL INFILE` of the same file by the `mariadb` client.

use anyhow::Result;

use super::profile::Profile;
use super::{Loader, Loads, generate, grouped, load_data, mebibytes, megabytes, per_second, seconds};
use crate::client::Session;
use crate::settings::Settings;
use crate::stats::{Times, ratio};
use crate::table::{Line, Table};

const ROWS: u64 = 1_000_000;
const ROUNDS: usize = 7;
/// From issue 3: "at most 1.25× its time".
const BAR: f64 = 1.25;
const FILE: &str = "employees.csv";

/// Loads the file both ways in turns, each time into an empty table.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let mut loader = Loader::start(settings).await?;
    let file = loader.path(FILE)?;
    let bytes = generate::valid(&file, rows)?;
    let mut session = Session::start(loader.stage.socket())?;
    let statement = load_data(&file);
    let (mut ours, mut reference) = (Loads::default(), Times::default());
    let mut profile = Profile::default();
    for round in 0..rounds {
        for turn in 0..2 {
            loader.empty().await?;
            if (round + turn) % 2 == 0 {
                let loaded = loader.load(FILE).await?;
                profile.add(&loaded);
                ours.add(&loaded);
            } else {
                reference.add(session.execute(&statement)?);
            }
            loader.expect(rows).await?;
        }
    }
    let (time, reference) = (ours.times.median(), reference.median());
    let measured = ratio(time, reference);
    table.add(Line {
        measure: format!(
            "{} employees ({}): loader / LOAD DATA LOCAL INFILE ({rounds} rounds)",
            grouped(rows),
            megabytes(bytes)
        ),
        ours: seconds(time),
        reference: seconds(reference),
        ratio: Some(measured),
        bar: Some((format!("≤ {BAR}×"), measured <= BAR)),
    });
    table.add(Line {
        measure: "  the same, in rows per second".to_owned(),
        ours: per_second(rows, time),
        reference: per_second(rows, reference),
        ..Line::default()
    });
    table.add(Line {
        measure: "  the same, most memory of the function".to_owned(),
        ours: mebibytes(ours.peak),
        ..Line::default()
    });
    profile.report(&file, time, table)
}
