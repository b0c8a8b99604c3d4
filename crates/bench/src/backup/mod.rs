//! Employees to Avro and back through the functions' own programs, against `mariadb-dump` and the
//! client that reads its dump.

mod dump;
mod functions;
mod metering;

use anyhow::Result;

use self::functions::Functions;
pub(crate) use self::metering::measure as metering;
use crate::function::PROCESSES;
use crate::settings::Settings;
use crate::stats::{Series, Times, grouped, mebibytes, megabytes, seconds};
use crate::table::Table;

const ROWS: u64 = 1_000_000;
const TIMES_AS_MANY: u64 = 10;
const ROUNDS: usize = 5;
const CODEC_ROUNDS: usize = 3;
const CODECS: [&str; 3] = ["deflate", "zstandard", "null"];
/// "at most 1.3×", "at most 0.8×" (issue 18), "at most 1.1×", "at most 128 MiB, flat" (issue 4).
const BACKUP_BAR: f64 = 1.3;
const RESTORE_BAR: f64 = 0.8;
const SIZE_BAR: f64 = 1.1;
const MEMORY_BAR: u64 = 128 << 20;
/// "Flat" allows for what an allocator keeps; ten times the rows would show as far more.
const GROWTH_BAR: f64 = 1.25;

/// Measures a million rows in several rounds, then ten million for the memory, then the codecs.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    speed(settings, table).await?;
    size(settings, table).await?;
    codecs(settings, table).await
}

/// Backs up and dumps, restores and reads the dump back in turns, all of the same table.
async fn speed(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let mut functions = Functions::start(settings, rows).await?;
    let [mut backups, mut restores]: [Series; 2] = Default::default();
    let [mut dumps, mut reads]: [Times; 2] = Default::default();
    let mut last = None;
    for round in 0..rounds {
        for turn in 0..2 {
            if (round + turn) % 2 == 0 {
                let (backup, done) = functions.backup().await?;
                backups.add(&done);
                if let Some(former) = last.replace(backup) {
                    functions.forget(&former);
                }
            } else {
                dumps.add(functions.dump().await?);
            }
        }
        let Some(backup) = &last else { continue };
        for turn in 0..2 {
            if (round + turn) % 2 == 0 {
                restores.add(&functions.restore(backup).await?);
            } else {
                reads.add(functions.read_dump().await?);
            }
        }
    }
    let Some(backup) = last else { return Ok(()) };
    let count = grouped(rows);
    let what = format!("{count} employees: backup / mariadb-dump --single-transaction ({rounds} rounds)");
    table.seconds(what, backups.median(), dumps.median(), Some(BACKUP_BAR));
    table.memory(&backups, Some(MEMORY_BAR));
    let what = format!("{count} employees: restore / piping the dump back ({rounds} rounds)");
    table.seconds(what, restores.median(), reads.median(), Some(RESTORE_BAR));
    table.memory(&restores, Some(MEMORY_BAR));
    let (size, [plain, packed]) = (functions.size(&backup)?, functions.dump_sizes()?);
    let what = format!("  size of the backup / the dump gzipped (from {})", megabytes(plain));
    table.bytes(what, megabytes, [size, packed], SIZE_BAR);
    for (prefix, series) in [("backup, ", &backups), ("restore, ", &restores)] {
        let parts: Vec<_> = PROCESSES.into_iter().zip(series.processor()).collect();
        table.processor(prefix, &parts, series.median())?;
    }
    Ok(())
}

/// Backs up and restores a million rows and ten million: memory does not grow with the rows.
async fn size(settings: &Settings, table: &mut Table) -> Result<()> {
    let mut peaks = Vec::new();
    for rows in [settings.rows(ROWS), settings.rows(ROWS * TIMES_AS_MANY)] {
        let mut functions = Functions::start(settings, rows).await?;
        let [mut backups, mut restores]: [Series; 2] = Default::default();
        let (backup, done) = functions.backup().await?;
        backups.add(&done);
        restores.add(&functions.restore(&backup).await?);
        peaks.push([backups.peak, restores.peak]);
        // A million has been measured already.
        if rows > settings.rows(ROWS) {
            let (dump, read) = (functions.dump().await?, functions.read_dump().await?);
            let count = grouped(rows);
            table.seconds(format!("{count} employees: backup / mariadb-dump"), backups.median(), dump, None);
            table.memory(&backups, Some(MEMORY_BAR));
            let what = format!("{count} employees: restore / piping the dump back");
            table.seconds(what, restores.median(), read, None);
            table.memory(&restores, Some(MEMORY_BAR));
        }
    }
    let [smaller, larger] = &peaks[..] else { return Ok(()) };
    for (what, (smaller, larger)) in ["backup", "restore"].iter().zip(smaller.iter().zip(larger)) {
        let what = format!("  {what}: most memory for {TIMES_AS_MANY} times the rows");
        table.bytes(what, mebibytes, [*larger, *smaller], GROWTH_BAR);
    }
    Ok(())
}

/// Backs the same table up and restores it with each codec in turns.
async fn codecs(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(CODEC_ROUNDS, 1));
    let mut functions = Functions::start(settings, rows).await?;
    let mut measured = CODECS.map(|codec| (codec, Series::default(), Series::default(), 0));
    for _ in 0..rounds {
        for (codec, backups, restores, size) in &mut measured {
            functions.codec = Some(codec);
            let (backup, done) = functions.backup().await?;
            backups.add(&done);
            *size = functions.size(&backup)?;
            restores.add(&functions.restore(&backup).await?);
            functions.forget(&backup);
        }
    }
    for (codec, backups, restores, size) in measured {
        let what = format!(
            "{} employees, {codec}: backup; restore {}; {}; {} and {} at most",
            grouped(rows),
            seconds(restores.median()),
            megabytes(size),
            mebibytes(backups.peak),
            mebibytes(restores.peak)
        );
        table.figure(what, seconds(backups.median()));
    }
    Ok(())
}
