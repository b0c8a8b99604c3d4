//! Where the time of a load goes.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::{Loaded, seconds};
use crate::parse;
use crate::stats::Times;
use crate::table::{Line, Table};

/// The processor times of loads of the same file, by process.
#[derive(Debug, Default)]
pub(super) struct Profile {
    loader: Times,
    data_api: Times,
    database: Times,
    files: Times,
}

impl Profile {
    pub(super) fn add(&mut self, loaded: &Loaded) {
        self.loader.add(loaded.processor.loader);
        self.data_api.add(loaded.processor.data_api);
        self.database.add(loaded.processor.database);
        self.files.add(loaded.processor.files);
    }

    /// Adds a line for each stage. What the loader does with the file's bytes is measured once more, alone; the rest of its time
    /// is reading, HTTP and JSON.
    pub(super) fn report(&self, file: &Path, time: Duration, table: &mut Table) -> Result<()> {
        let alone = parse::stages(&fs::read(file)?)?;
        let all = [&self.loader, &self.data_api, &self.database, &self.files].map(Times::median);
        let [loader, data_api, database, files] = all;
        let total: Duration = all.iter().sum();
        let own = alone.cut + alone.check + alone.write;
        let share = |part: Duration| 100.0 * part.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE);
        for (what, part) in [
            ("loader: cutting into records, hashing", alone.cut),
            ("loader: checking", alone.check),
            ("loader: writing SQL", alone.write),
            ("loader: reading, HTTP, JSON, everything else", loader.saturating_sub(own)),
            ("local Data API", data_api),
            ("database", database),
            ("the server that stands for S3", files),
        ] {
            table.add(Line {
                measure: format!("  processor time, {what}: {:.0} %", share(part)),
                ours: seconds(part),
                ..Line::default()
            });
        }
        table.add(Line {
            measure: format!(
                "  processor time in all: {:.1} of {} cores busy",
                total.as_secs_f64() / time.as_secs_f64().max(f64::MIN_POSITIVE),
                std::thread::available_parallelism()?
            ),
            ours: seconds(total),
            ..Line::default()
        });
        Ok(())
    }
}
