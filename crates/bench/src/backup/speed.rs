//! A million employees: time, size and memory.

use anyhow::Result;

use super::functions::{Done, Functions};
use super::profile::Profile;
use crate::load::{grouped, mebibytes, megabytes, seconds};
use crate::settings::Settings;
use crate::stats::{Times, ratio};
use crate::table::{Line, Table};

pub(super) const ROWS: u64 = 1_000_000;
const ROUNDS: usize = 5;
/// From issue 4: "at most 2× its time", "at most 1×", "at most 1.1×", "at most 128 MiB, flat".
const BACKUP_BAR: f64 = 2.0;
const RESTORE_BAR: f64 = 1.0;
const SIZE_BAR: f64 = 1.1;
const MEMORY_BAR: u64 = 128 << 20;

/// Backups or restores of the same rows.
#[derive(Debug, Default)]
pub(super) struct Series {
    pub(super) times: Times,
    pub(super) peak: u64,
}

impl Series {
    pub(super) fn add(&mut self, done: &Done) {
        self.times.add(done.time);
        self.peak = self.peak.max(done.peak);
    }

    /// What it is of, its time against the reference's, and its memory.
    pub(super) fn report(&self, what: String, reference: &Times, bar: Option<f64>, table: &mut Table) {
        let (time, reference) = (self.times.median(), reference.median());
        let measured = ratio(time, reference);
        table.add(Line {
            measure: what,
            ours: seconds(time),
            reference: seconds(reference),
            ratio: Some(measured),
            bar: bar.map(|bar| (format!("≤ {bar}×"), measured <= bar)),
        });
        table.add(Line {
            measure: "  most memory of the function".to_owned(),
            ours: mebibytes(self.peak),
            bar: Some((format!("≤ {}", mebibytes(MEMORY_BAR)), self.peak <= MEMORY_BAR)),
            ..Line::default()
        });
    }
}

/// Both ways there and both ways back in turns, all of the same table.
pub(super) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let mut functions = Functions::start(settings, rows).await?;
    let (mut backups, mut dumps) = (Series::default(), Times::default());
    let (mut restores, mut pipes) = (Series::default(), Times::default());
    let (mut there, mut back) = (Profile::default(), Profile::default());
    let mut last = None;
    for round in 0..rounds {
        for turn in 0..2 {
            functions.pause().await;
            if (round + turn) % 2 == 0 {
                let (backup, done) = functions.backup().await?;
                backups.add(&done);
                there.add(&done);
                if let Some(former) = last.replace(backup) {
                    functions.forget(&former);
                }
            } else {
                dumps.add(functions.dump.write()?);
            }
        }
        let Some(backup) = &last else { continue };
        for turn in 0..2 {
            functions.pause().await;
            if (round + turn) % 2 == 0 {
                let done = functions.restore(backup).await?;
                restores.add(&done);
                back.add(&done);
            } else {
                pipes.add(functions.dump.read()?);
                functions.expect_rows().await?;
            }
        }
    }
    let Some(backup) = last else { return Ok(()) };
    let count = grouped(rows);
    let what = format!("{count} employees: backup / mariadb-dump --single-transaction ({rounds} rounds)");
    backups.report(what, &dumps, Some(BACKUP_BAR), table);
    let what = format!("{count} employees: restore / piping the dump back ({rounds} rounds)");
    restores.report(what, &pipes, Some(RESTORE_BAR), table);
    let (size, [plain, packed]) = (functions.size(&backup)?, functions.dump.sizes()?);
    #[expect(clippy::cast_precision_loss, reason = "a ratio to two digits")]
    let measured = size as f64 / packed as f64;
    table.add(Line {
        measure: format!("  size of the backup / the dump gzipped (from {})", megabytes(plain)),
        ours: megabytes(size),
        reference: megabytes(packed),
        ratio: Some(measured),
        bar: Some((format!("≤ {SIZE_BAR}×"), measured <= SIZE_BAR)),
    });
    there.report("backup", backups.times.median(), table)?;
    back.report("restore", restores.times.median(), table)
}
