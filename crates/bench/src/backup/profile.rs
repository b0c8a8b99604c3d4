//! Where the time of backups and restores goes.

use std::time::Duration;

use anyhow::Result;

use super::functions::Done;
use crate::load::seconds;
use crate::stats::Times;
use crate::table::{Line, Table};

const WHO: [&str; 4] = ["the function", "local Data API", "database", "the server that stands for S3"];

/// The processor times of the same thing done again and again, by process.
#[derive(Debug, Default)]
pub(super) struct Profile([Times; 4]);

impl Profile {
    pub(super) fn add(&mut self, done: &Done) {
        for (times, time) in self.0.iter_mut().zip(done.processor) {
            times.add(time);
        }
    }

    pub(super) fn report(&self, what: &str, time: Duration, table: &mut Table) -> Result<()> {
        let all = self.0.each_ref().map(Times::median);
        let total: Duration = all.iter().sum();
        let share = |part: Duration| 100.0 * part.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE);
        for (who, part) in WHO.iter().zip(all) {
            table.add(Line {
                measure: format!("  {what}, processor time, {who}: {:.0} %", share(part)),
                ours: seconds(part),
                ..Line::default()
            });
        }
        table.add(Line {
            measure: format!(
                "  {what}, processor time in all: {:.1} of {} cores busy",
                total.as_secs_f64() / time.as_secs_f64().max(f64::MIN_POSITIVE),
                std::thread::available_parallelism()?
            ),
            ours: seconds(total),
            ..Line::default()
        });
        Ok(())
    }
}
