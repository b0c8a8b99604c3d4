//! A million employees, in statements and in parts, against `LOAD DATA LOCAL INFILE` of the same
//! file by the `mariadb` client, and where the time goes.

use std::fs;

use anyhow::Result;

use super::{Loader, ROWS, generate, load_data};
use crate::client::Session;
use crate::function::PROCESSES;
use crate::parse;
use crate::settings::Settings;
use crate::stats::{Series, Times, grouped, mebibytes, megabytes, per_second};
use crate::table::{Line, Table};

const ROUNDS: usize = 7;
/// "at most 1.0×" (issue 18).
const BAR: f64 = 1.0;
const FILE: &str = "employees.csv";

/// Loads the file each way in turns, each time into an empty table.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let mut loader = Loader::start(settings).await?;
    let file = loader.path(FILE);
    let bytes = generate::valid(&file, rows)?;
    loader.put(FILE)?;
    let mut session = Session::start(loader.runner.stage.socket())?;
    let ([mut ours, mut by_parts], mut reference) = (<[Series; 2]>::default(), Times::default());
    for round in 0..rounds {
        for turn in 0..3 {
            match (round + turn) % 3 {
                0 => ours.add(&loader.fill(FILE, rows).await?),
                1 => {
                    loader.load_path = Some("s3");
                    by_parts.add(&loader.fill(FILE, rows).await?);
                    loader.load_path = None;
                }
                _ => {
                    loader.empty().await?;
                    reference.add(session.execute(&load_data(&file))?);
                    loader.expect(rows).await?;
                }
            }
        }
    }
    let (time, reference) = (ours.median(), reference.median());
    let count = grouped(rows);
    let what = format!("{count} employees ({})", megabytes(bytes));
    let what = format!("{what}: loader / LOAD DATA LOCAL INFILE ({rounds} rounds)");
    table.seconds(what, time, reference, Some(BAR));
    table.add(Line {
        measure: "  the same, in rows per second".to_owned(),
        ours: per_second(rows, time),
        reference: per_second(rows, reference),
        ..Line::default()
    });
    table.figure("  the same, most memory of the function", mebibytes(ours.peak));
    let what = format!("{count} employees: loader with loaderPath=s3 / LOAD DATA LOCAL INFILE");
    table.seconds(what, by_parts.median(), reference, Some(BAR));
    table.figure("  the same, most memory of the function", mebibytes(by_parts.peak));

    // The loader's work on the file's bytes is measured separately; the rest of its time is
    // reading, HTTP and JSON.
    let alone = parse::stages(&fs::read(file)?)?;
    let [loader, data_api, database, bucket] = ours.processor();
    let rest = loader.saturating_sub(alone.cut + alone.check + alone.write);
    let parts = [
        ("loader: cutting into records, hashing", alone.cut),
        ("loader: checking", alone.check),
        ("loader: writing SQL", alone.write),
        ("loader: reading, HTTP, JSON, everything else", rest),
        (PROCESSES[1], data_api),
        (PROCESSES[2], database),
        (PROCESSES[3], bucket),
    ];
    table.processor("", &parts, time)?;
    let parts: Vec<_> = PROCESSES.into_iter().zip(by_parts.processor()).collect();
    table.processor("loaderPath=s3, ", &parts, by_parts.median())
}
