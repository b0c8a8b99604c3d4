//! What AWS bills of a backup of a million employees, of its verification and of its restore.

use anyhow::Result;

use super::ROWS;
use super::functions::Functions;
use crate::settings::Settings;
use crate::stats::{grouped, megabytes};
use crate::table::Table;

/// Backs up, verifies and restores once.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let rows = settings.rows(ROWS);
    let count = grouped(rows);
    let mut functions = Functions::start(settings, rows).await?;
    let before = functions.usage().await?;
    let (backup, _) = functions.backup().await?;
    let backed_up = functions.usage().await?;
    let size = megabytes(functions.size(&backup)?);
    (backed_up - before).report(&format!("backup of {count} employees (to {size})"), rows, table);
    functions.verify(&backup).await?;
    let verified = functions.usage().await?;
    (verified - backed_up).report("  its verification, as the drill does", rows, table);
    functions.restore(&backup).await?;
    (functions.usage().await? - verified).report("  its restore", rows, table);
    Ok(())
}
