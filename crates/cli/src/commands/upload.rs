//! `rowgate upload`

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use domain::load::Settings;
use domain::shipped;
use serde_json::Value;

use crate::api::Api;
use crate::arguments::UploadArguments;
use crate::aws::Aws;
use crate::exit::user_error;
use crate::http::HttpClient;
use crate::links::{Upload, send_file, state_folder};
use crate::printer::Printer;
use crate::upload::{Dropped, drop_file, wait_for};

pub(crate) async fn run(arguments: &UploadArguments, printer: Printer) -> Result<()> {
    let UploadArguments { file, wait, .. } = arguments;
    let http = HttpClient::new();
    let api = arguments.api.connect_if_complete(http.clone());
    if *wait && api.is_none() {
        return Err(user_error(
            "--wait needs the API: give --url and --api-key, or set ROWGATE_URL and ROWGATE_API_KEY.",
        ));
    }
    let dropped = send(arguments, api.as_ref(), http, printer).await?;
    let Some(api) = api.filter(|_| *wait) else {
        printer.note(&format!("{} dropped.", file.display()));
        return Ok(printer.result(&format!("{}\n", dropped.key))?);
    };
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

/// Sends the file: to the bucket where there are AWS credentials, or else through the API.
async fn send(
    arguments: &UploadArguments,
    api: Option<&Api>,
    http: HttpClient,
    printer: Printer,
) -> Result<Dropped> {
    let UploadArguments { table, file, bucket, mode, settings, .. } = arguments;
    let settings = settings.as_deref().map(|path| read_settings(path, table)).transpose()?;
    if let Some(bucket) = bucket {
        let aws = Aws::from_environment(http).await;
        // Whoever has no API key either is told by AWS's own error what is missing.
        if api.is_none() || aws.has_credentials().await {
            let metadata = settings.map(|(settings, _)| settings.to_metadata()).transpose();
            let metadata = metadata.map_err(|error| user_error(format!("{error}.")))?;
            return drop_file(&aws, bucket, table, *mode, file, metadata).await;
        }
    }
    let api = api.ok_or_else(|| {
        user_error(
            "There is no way to send the file: set ROWGATE_URL and ROWGATE_API_KEY, or ROWGATE_BUCKET and AWS credentials.",
        )
    })?;
    let states = state_folder(|name| std::env::var_os(name).map(PathBuf::from));
    let upload = Upload { table, mode: *mode, file, settings: settings.map(|(_, json)| json) };
    send_file(api, &upload, states.as_deref(), printer).await
}

/// Reads the settings of a file, and checks them before anything is sent.
fn read_settings(path: &Path, table: &str) -> Result<(Settings, Value)> {
    let place = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| user_error(format!("{place} cannot be read: {error}.")))?;
    let wrong = |error: &dyn std::fmt::Display| user_error(format!("{place}: {error}."));
    let json: Value = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
    let settings = Settings::from_value(json.clone()).map_err(|error| wrong(&error))?;
    // A deployment may have other tables than those that this command was built with.
    if let Some(table) = shipped::dictionary()?.table(table) {
        settings.apply(table).map_err(|error| wrong(&error))?;
    }
    Ok((settings, json))
}
