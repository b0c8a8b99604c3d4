//! A million rows of tables with other keys than one number, against `LOAD DATA LOCAL INFILE` of
//! the same files.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Result;
use domain::dictionary::Column;
use domain::migration::Migration;
use mysql_async::prelude::Queryable;
use sample::{Sample, SampleTable};

use super::{Loader, ROWS};
use crate::client::Session;
use crate::settings::Settings;
use crate::stats::{Series, Times, grouped, mebibytes, megabytes};
use crate::table::Table;

/// The folder of the tables.
const SQL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sql");
const ROUNDS: usize = 5;
/// "at most 1.25×" (issue 16).
const BAR: f64 = 1.25;

/// Loads a file of each table both ways in turns, each time into an empty table.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let folder = table_folder::read(Path::new(SQL))?;
    let sample = Sample::new(&folder, settings.rows(ROWS));
    for of_table in sample.tables() {
        let mut loader = Loader::start(settings).await?;
        // Rowgate's own tables are there already.
        let own = folder.migrations.iter().filter(|one| !testkit::hr::folder().migrations.contains(one));
        for step in own.flat_map(Migration::statements) {
            loader.runner.conn.query_drop(&step.sql).await?;
        }
        loader.use_folder(SQL, of_table.table().name());
        measure_table(settings, &mut loader, of_table, table).await?;
    }
    Ok(())
}

async fn measure_table(
    settings: &Settings,
    loader: &mut Loader,
    of_table: SampleTable<'_, '_>,
    table: &mut Table,
) -> Result<()> {
    let (rows, rounds, name) = (of_table.rows(), settings.rounds(ROUNDS, 1), of_table.table().name());
    let file = format!("{name}.csv");
    let path = loader.path(&file);
    let mut output = BufWriter::new(File::create(&path)?);
    of_table.write_file(0, &mut output)?;
    output.flush()?;
    let bytes = fs::metadata(&path)?.len();
    loader.put(&file)?;
    let mut session = Session::start(loader.runner.stage.socket())?;
    let (mut ours, mut reference) = (Series::default(), Times::default());
    for round in 0..rounds {
        for turn in 0..2 {
            if (round + turn) % 2 == 0 {
                ours.add(&loader.fill(&file, rows).await?);
            } else {
                loader.empty().await?;
                reference.add(session.execute(&load_data(&path, name))?);
                loader.expect(rows).await?;
            }
        }
    }
    let key: Vec<&str> = of_table.table().key_columns().map(Column::name).collect();
    let what = format!("{} {name}, key {} ({})", grouped(rows), key.join(", "), megabytes(bytes));
    let what = format!("{what}: loader / LOAD DATA LOCAL INFILE ({rounds} rounds)");
    table.seconds(what, ours.median(), reference.median(), Some(BAR));
    table.figure("  the same, most memory of the function", mebibytes(ours.peak));
    Ok(())
}

/// Returns the statement that loads a file with a header.
fn load_data(file: &Path, table: &str) -> String {
    format!(
        "LOAD DATA LOCAL INFILE '{}' INTO TABLE {table} CHARACTER SET utf8mb4 \
         FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' LINES TERMINATED BY '\\n' IGNORE 1 LINES;\n",
        file.display()
    )
}
