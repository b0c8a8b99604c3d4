//! `rowgate docs`

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use tokio::net::TcpListener;

use crate::arguments::DocsArguments;
use crate::docs::Proxy;
use crate::http::HttpClient;
use crate::printer::Printer;

pub(crate) async fn run(arguments: &DocsArguments, printer: Printer) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port))
        .await
        .with_context(|| format!("listening on port {}", arguments.port))?;
    let proxy =
        Proxy::new(&arguments.api.url, &arguments.api.api_key, listener.local_addr()?, HttpClient::new())?;
    printer.result(&format!("{}\n", proxy.page()))?;
    proxy.serve(&listener).await
}
