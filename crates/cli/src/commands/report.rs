//! `rowgate report`

use anyhow::Result;

use crate::api::Form;
use crate::arguments::{Format, ReportArguments};
use crate::http::HttpClient;
use crate::printer::Printer;
use crate::report::render;

pub(crate) async fn run(arguments: &ReportArguments, printer: Printer) -> Result<()> {
    let api = arguments.api.connect(HttpClient::new());
    let ReportArguments { name, parameters, format, .. } = arguments;
    let text = match format {
        Format::Table => render(&api.report(name, parameters).await?, None).0,
        Format::Json => format!("{}\n", api.report_text(name, parameters, Form::Json).await?.trim_end()),
        Format::Csv => api.report_text(name, parameters, Form::Csv).await?,
    };
    Ok(printer.result(&text)?)
}
