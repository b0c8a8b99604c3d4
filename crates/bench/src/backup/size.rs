//! Ten million employees: memory does not grow with the rows.

use anyhow::Result;

use super::functions::Functions;
use super::speed::{ROWS, Series};
use crate::load::{grouped, mebibytes};
use crate::settings::Settings;
use crate::stats::Times;
use crate::table::{Line, Table};

const TIMES_AS_MANY: u64 = 10;
/// "Flat" allows for what an allocator keeps; ten times the rows would show as far more.
const GROWTH_BAR: f64 = 1.25;

/// Once with so many rows and once with ten times as many.
pub(super) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let mut peaks = Vec::new();
    for rows in [settings.rows(ROWS), settings.rows(ROWS * TIMES_AS_MANY)] {
        let mut functions = Functions::start(settings, rows).await?;
        let (mut backups, mut dumps) = (Series::default(), Times::default());
        let (mut restores, mut pipes) = (Series::default(), Times::default());
        functions.pause().await;
        let (backup, done) = functions.backup().await?;
        backups.add(&done);
        functions.pause().await;
        restores.add(&functions.restore(&backup).await?);
        peaks.push([backups.peak, restores.peak]);
        // The smaller ones have been measured already.
        if rows > settings.rows(ROWS) {
            functions.pause().await;
            dumps.add(functions.dump.write()?);
            functions.pause().await;
            pipes.add(functions.dump.read()?);
            let count = grouped(rows);
            backups.report(format!("{count} employees: backup / mariadb-dump"), &dumps, None, table);
            restores.report(
                format!("{count} employees: restore / piping the dump back"),
                &pipes,
                None,
                table,
            );
        }
    }
    let [smaller, larger] = &peaks[..] else { return Ok(()) };
    for (what, (smaller, larger)) in ["backup", "restore"].iter().zip(smaller.iter().zip(larger)) {
        #[expect(clippy::cast_precision_loss, reason = "a ratio to two digits")]
        let growth = *larger as f64 / *smaller as f64;
        table.add(Line {
            measure: format!("  {what}: most memory for {TIMES_AS_MANY} times the rows"),
            ours: mebibytes(*larger),
            reference: mebibytes(*smaller),
            ratio: Some(growth),
            bar: Some((format!("≤ {GROWTH_BAR}×"), growth <= GROWTH_BAR)),
        });
    }
    Ok(())
}
