//! Files of one and ten million rows: time grows with the rows, memory does not grow.

use anyhow::Result;

use super::{Loader, Loads, generate, grouped, load_data, mebibytes, megabytes, seconds};
use crate::client::Session;
use crate::settings::Settings;
use crate::stats::{Times, ratio};
use crate::table::{Line, Table};

const ROWS: u64 = 1_000_000;
const TIMES_AS_MANY: u32 = 10;
const ROUNDS: usize = 3;
/// From issue 3: "time grows linearly (within 15 %), peak memory at most 128 MiB".
const GROWTH_BAR: f64 = 1.15;
const MEMORY_BAR: u64 = 128 << 20;

/// Loads both files in turns, the larger one by `LOAD DATA LOCAL INFILE` as well.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let rounds = settings.rounds(ROUNDS, 1);
    let rows = [settings.rows(ROWS), settings.rows(ROWS * u64::from(TIMES_AS_MANY))];
    let files = ["one.csv", "ten.csv"];
    let mut loader = Loader::start(settings).await?;
    let mut bytes = [0; 2];
    for index in 0..2 {
        bytes[index] = generate::valid(&loader.path(files[index])?, rows[index])?;
    }
    let mut session = Session::start(loader.stage.socket())?;
    let mut loads: [Loads; 2] = Default::default();
    let mut references: [Times; 2] = Default::default();
    for _ in 0..rounds {
        for index in 0..2 {
            loader.empty().await?;
            loads[index].add(&loader.load(files[index]).await?);
            loader.expect(rows[index]).await?;
            loader.empty().await?;
            references[index].add(session.execute(&load_data(&loader.path(files[index])?))?);
        }
    }
    for index in 0..2 {
        let (time, reference) = (loads[index].times.median(), references[index].median());
        table.add(Line {
            measure: format!(
                "{} employees ({}): loader / LOAD DATA LOCAL INFILE ({rounds} rounds)",
                grouped(rows[index]),
                megabytes(bytes[index])
            ),
            ours: seconds(time),
            reference: seconds(reference),
            ratio: Some(ratio(time, reference)),
            bar: None,
        });
        table.add(Line {
            measure: "  most memory of the function".to_owned(),
            ours: mebibytes(loads[index].peak),
            bar: Some((format!("≤ {}", mebibytes(MEMORY_BAR)), loads[index].peak <= MEMORY_BAR)),
            ..Line::default()
        });
    }
    let growth = |times: [&Times; 2]| (times[1].median(), times[0].median() * TIMES_AS_MANY);
    let (larger, smaller) = growth([&loads[0].times, &loads[1].times]);
    let (larger_reference, smaller_reference) = growth([&references[0], &references[1]]);
    let measured = ratio(larger, smaller);
    table.add(Line {
        measure: format!(
            "  loader: {} rows / {TIMES_AS_MANY} times the time of {}",
            grouped(rows[1]),
            grouped(rows[0])
        ),
        ours: seconds(larger),
        reference: seconds(smaller),
        ratio: Some(measured),
        bar: Some((format!("≤ {GROWTH_BAR}×"), measured <= GROWTH_BAR)),
    });
    table.add(Line {
        measure: "  LOAD DATA LOCAL INFILE: the same".to_owned(),
        ours: seconds(larger_reference),
        reference: seconds(smaller_reference),
        ratio: Some(ratio(larger_reference, smaller_reference)),
        bar: None,
    });
    Ok(())
}
