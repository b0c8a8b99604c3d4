//! `rowgate lake tables`

use anyhow::Result;

use crate::arguments::LakeTablesArguments;
use crate::aws::Aws;
use crate::exit::user_error;
use crate::http::HttpClient;
use crate::lake::{OFF, read_tables, render_tables};
use crate::printer::Printer;

pub(crate) async fn run(arguments: &LakeTablesArguments, printer: Printer) -> Result<()> {
    let bucket = arguments.bucket.as_deref().filter(|bucket| !bucket.is_empty());
    let bucket = bucket.ok_or_else(|| {
        user_error(format!("{OFF} Where it is on, --bucket or ROWGATE_LAKE_BUCKET names its bucket."))
    })?;
    let aws = Aws::from_environment(HttpClient::new()).await;
    let states = read_tables(&aws, bucket).await?;
    if states.is_empty() {
        printer.note("The lake is empty: no run has ended yet. `rowgate lake run --wait` fills it.");
    }
    if arguments.json {
        printer.result(&format!("{}\n", serde_json::to_string_pretty(&states)?))?;
    } else if !states.is_empty() {
        printer.result(&render_tables(&states))?;
    }
    Ok(())
}
