//! Employees to Avro and back through the functions' own programs, against `mariadb-dump` and the client that reads its dump.

mod codecs;
mod dump;
mod functions;
mod profile;
mod size;
mod speed;

use anyhow::Result;

use crate::settings::Settings;
use crate::table::Table;

/// A million rows in several rounds, then ten million for the memory, then the codecs.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    speed::measure(settings, table).await?;
    size::measure(settings, table).await?;
    codecs::measure(settings, table).await
}
