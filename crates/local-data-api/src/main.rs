//! `local-data-api`: wires the command line to the server.

mod args;

use clap::Parser as _;
use local_data_api::Server;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = args::Args::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(&args.log)?)
        .with_writer(std::io::stderr)
        .init();
    let server = Server::bind(args.config()?).await?;
    tracing::info!(url = server.url(), "the Data API is ready");
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended?,
        _ = terminated.recv() => {}
    }
    server.shutdown().await;
    Ok(())
}
