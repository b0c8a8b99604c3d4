//! The service written with FastAPI, `python/service.py`, as a process of its own.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use testkit::Process;
use tokio::time::sleep;

use super::serve::{KEY, START_LIMIT, Served};
use crate::settings::Settings;
use crate::stage::{DATABASE, Stage};

const SOURCE: &str = include_str!("../../python/service.py");

/// Starts it; its log goes to a file in the folder.
pub(super) async fn start(settings: &Settings, stage: &Stage, folder: &Path) -> Result<Served> {
    let (script, log) = (folder.join("service.py"), folder.join("service.log"));
    fs::write(&script, SOURCE)?;
    let output = File::create(&log)?;
    // The port is free now; if another process takes it first the run fails.
    let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
    let mut command = Process::command(settings.python.clone());
    command
        .arg(script)
        .arg(stage.socket())
        .args([DATABASE, &address.port().to_string()])
        .env("API_KEY", KEY)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    let process = Process::start(command)?;
    let started = Instant::now();
    while TcpStream::connect(address).is_err() {
        if !process.is_alive() || started.elapsed() > START_LIMIT {
            bail!("service.py does not serve: {}", fs::read_to_string(&log)?);
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(Served::at(&address.to_string(), process))
}
