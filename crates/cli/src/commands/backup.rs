//! `rowgate backup`

use std::time::Duration;

use anyhow::Result;

use crate::arguments::BackupArguments;
use crate::backup::wait_for;
use crate::exit::user_error;
use crate::http::HttpClient;
use crate::printer::Printer;

pub(crate) async fn run(arguments: &BackupArguments, printer: Printer) -> Result<()> {
    let api = arguments.api.connect(HttpClient::new());
    let id = api.start_backup(&arguments.tables).await?;
    printer.result(&format!("{id}\n"))?;
    if !arguments.wait {
        printer.note("The backup has begun; `rowgate backups` shows what becomes of it.");
        return Ok(());
    }
    let backup = wait_for(&api, &id, Duration::from_secs(arguments.timeout), printer).await?;
    if backup.is_good() { Ok(()) } else { Err(user_error(format!("The backup {id} failed."))) }
}
