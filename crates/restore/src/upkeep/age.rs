//! The age of backups.

use std::time::Duration;

use backup::catalogue;
use bucket::Store;
use domain::backup::{Manifest, read_time};
use jiff::Timestamp;

use crate::error::RestoreError;
use crate::run::notes;
use crate::{Restorer, metrics};

impl<S: Store, G> Restorer<S, G> {
    /// Writes the metric of how old the newest good backup of all tables is.
    pub(crate) async fn report_age(&self) -> Result<(), RestoreError> {
        let age = match catalogue::newest_good(&self.store, &self.all_tables()).await? {
            Some(manifest) => {
                notes::watch_from(&self.store, read_time(&manifest.snapshot_time)).await?;
                age_of(&manifest)
            }
            None => notes::watched_for(&self.store).await?,
        };
        metrics::backup_age(age).write();
        Ok(())
    }
}

/// Returns how long ago the snapshot of a backup was taken.
pub(crate) fn age_of(manifest: &Manifest) -> Duration {
    Duration::try_from(Timestamp::now().duration_since(read_time(&manifest.snapshot_time)))
        .unwrap_or_default()
}

/// Returns hours, with two decimals.
pub(crate) fn hours(age: Duration) -> f64 {
    (age.as_secs_f64() / 36.0).round() / 100.0
}
