//! What the codecs of a backup cost and save.

use anyhow::Result;

use super::functions::Functions;
use super::speed::{ROWS, Series};
use crate::load::{grouped, mebibytes, megabytes, seconds};
use crate::settings::Settings;
use crate::table::{Line, Table};

const ROUNDS: usize = 3;
const CODECS: [&str; 3] = ["deflate", "zstandard", "null"];

/// Backs the same table up and restores it with each codec in turns.
pub(super) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let mut functions = Functions::start(settings, rows).await?;
    let mut measured = CODECS.map(|codec| (codec, Series::default(), Series::default(), 0));
    for _ in 0..rounds {
        for (codec, backups, restores, size) in &mut measured {
            functions.codec = Some(codec);
            functions.pause().await;
            let (backup, done) = functions.backup().await?;
            backups.add(&done);
            *size = functions.size(&backup)?;
            functions.pause().await;
            restores.add(&functions.restore(&backup).await?);
            functions.forget(&backup);
        }
    }
    for (codec, backups, restores, size) in measured {
        table.add(Line {
            measure: format!(
                "{} employees, {codec}: backup; restore {}; {}; {} and {} at most",
                grouped(rows),
                seconds(restores.times.median()),
                megabytes(size),
                mebibytes(backups.peak),
                mebibytes(restores.peak)
            ),
            ours: seconds(backups.times.median()),
            ..Line::default()
        });
    }
    Ok(())
}
