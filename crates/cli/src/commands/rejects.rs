//! `rowgate rejects`

use anyhow::Result;

use crate::arguments::RejectsArguments;
use crate::http::HttpClient;
use crate::printer::Printer;
use crate::rejects::download;

pub(crate) async fn run(arguments: &RejectsArguments, printer: Printer) -> Result<()> {
    let http = HttpClient::new();
    let api = arguments.api.connect(http.clone());
    download(&api, &http, &arguments.load, &arguments.to, printer).await
}
