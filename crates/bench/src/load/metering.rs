//! What AWS bills of a file of a million employees.

use anyhow::Result;

use super::{Loader, ROWS, generate};
use crate::settings::Settings;
use crate::stats::{grouped, megabytes};
use crate::table::Table;
use crate::usage::Usage;

const FILE: &str = "employees.csv";

/// Loads a file once.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let rows = settings.rows(ROWS);
    let mut loader = Loader::start(settings).await?;
    let bytes = generate::valid(&loader.path(FILE), rows)?;
    loader.put(FILE)?;
    let runner = &mut loader.runner;
    let before = Usage::read(&runner.stage, &mut runner.conn).await?;
    loader.load(FILE, "completed", rows, 0).await?;
    let runner = &mut loader.runner;
    let used = Usage::read(&runner.stage, &mut runner.conn).await? - before;
    used.report(&format!("{} employees by file ({})", grouped(rows), megabytes(bytes)), rows, table);
    Ok(())
}
