//! `rowgate backups`

use anyhow::Result;
use domain::backup::BackupId;

use crate::arguments::{BackupsArguments, ListFormat};
use crate::backup::render;
use crate::http::HttpClient;
use crate::printer::Printer;

pub(crate) async fn run(arguments: &BackupsArguments, printer: Printer) -> Result<()> {
    let api = arguments.api.connect(HttpClient::new());
    let BackupsArguments { limit, after, format, .. } = arguments;
    let after = after.as_ref().map(BackupId::as_str);
    match format {
        ListFormat::Json => {
            let text = api.backups_text(*limit, after).await?;
            printer.result(&format!("{}\n", text.trim_end()))?;
        }
        ListFormat::Table => {
            let page = api.backups(*limit, after).await?;
            printer.result(&render(&page.backups))?;
            if let Some(next) = page.next {
                printer.note(&format!("Older ones: rowgate backups --after {next}"));
            }
        }
    }
    Ok(())
}
