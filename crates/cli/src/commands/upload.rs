//! `rowgate upload`

use std::time::Duration;

use anyhow::Result;

use crate::arguments::UploadArguments;
use crate::aws::Aws;
use crate::exit::user_error;
use crate::http::HttpClient;
use crate::printer::Printer;
use crate::upload::{drop_file, wait_for};

pub(crate) async fn run(arguments: &UploadArguments, printer: Printer) -> Result<()> {
    let UploadArguments { table, file, bucket, mode, .. } = arguments;
    let http = HttpClient::new();
    let aws = Aws::from_environment(http.clone()).await;
    if !arguments.wait {
        let dropped = drop_file(&aws, bucket, table, *mode, file).await?;
        printer.note(&format!("{} dropped.", file.display()));
        return Ok(printer.result(&format!("{}\n", dropped.key))?);
    }
    let api = arguments.api.connect_if_complete(http).ok_or_else(|| {
        user_error("--wait needs the API: give --url and --api-key, or set ROWGATE_URL and ROWGATE_API_KEY.")
    })?;
    let dropped = drop_file(&aws, bucket, table, *mode, file).await?;
    let load = wait_for(&api, &dropped, Duration::from_secs(arguments.timeout), printer).await?;
    printer.result(&format!("{}\n", dropped.key))?;
    if load.status == "failed" {
        return Err(user_error(format!("The load of {} failed.", dropped.key)));
    }
    if load.rows_read > Some(0) && load.rows_loaded == Some(0) {
        return Err(user_error(format!("No row of {} was loaded: all of them were rejected.", dropped.key)));
    }
    Ok(())
}
