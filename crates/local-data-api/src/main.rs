//! `local-data-api`: wires the command line to the server.

mod args;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser as _;
use local_data_api::Server;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let args = args::Args::parse();
    let filter = EnvFilter::builder().parse_lossy(&args.log);
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until SIGTERM or Ctrl-C.
async fn run(args: args::Args) -> Result<(), Box<dyn Error>> {
    let mut terminated = signal(SignalKind::terminate())?;
    let server = Server::bind(args.config()?).await?;
    tracing::info!(url = server.url(), "the Data API is ready");
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended?,
        _ = terminated.recv() => {}
    }
    server.shutdown().await;
    Ok(())
}
