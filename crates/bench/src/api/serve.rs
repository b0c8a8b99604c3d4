//! The API in one process for all clients, over HTTP, as a container has it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use reqwest::{Client, Method, Url};
use serde_json::Value;
use testkit::Process;
use tokio::time::sleep;

use super::calls::Request;
use crate::settings::Settings;
use crate::stage::{DATABASE, Stage};

pub(super) const KEY: &str = "bench-bench-bench-bench";
pub(super) const START_LIMIT: Duration = Duration::from_secs(20);

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Served {
    url: String,
    _process: Process,
}

/// A client with connections of its own.
#[derive(Debug)]
pub(super) struct Caller {
    client: Client,
    url: String,
}

impl Served {
    /// Starts `rowgate-serve`; its log goes to a file in the folder.
    pub(super) async fn start(settings: &Settings, stage: &Stage, folder: &Path) -> Result<Self> {
        let keys = folder.join("keys.toml");
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&keys)?;
        write!(file, "[[keys]]\nname = \"bench\"\nright = \"write\"\nkey = \"{KEY}\"\n")?;
        write!(file, "rate = 1000000\nburst = 1000000\n")?;
        let log = folder.join("serve");
        let output = File::create(&log)?;
        let target = testkit::target(DATABASE);
        let mut command = Process::command(settings.binaries.join("rowgate-serve"));
        command
            .args(["--listen=127.0.0.1:0", "--metrics-address=off", "--bucket=bench"])
            .arg(format!("--keys={}", keys.display()))
            .args(["--cluster-arn", &target.cluster_arn, "--secret-arn", &target.secret_arn])
            .args(["--database", DATABASE])
            .envs(stage.environment().into_iter().filter(|(name, _)| name.starts_with("AWS_")))
            .env("ROWGATE_SQL", testkit::hr::SQL)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let process = Process::start(command)?;
        let address = address(&process, &log).await?;
        Ok(Self::at(&address, process))
    }

    /// Returns a server that already listens there.
    pub(super) fn at(address: &str, process: Process) -> Self {
        Self { url: format!("http://{address}"), _process: process }
    }

    /// Creates a client.
    pub(super) fn caller(&self) -> Result<Caller> {
        let client = Client::builder().no_proxy().tcp_nodelay(true).build()?;
        Ok(Caller { client, url: self.url.clone() })
    }
}

/// Waits until it logs where it listens.
async fn address(process: &Process, log: &Path) -> Result<String> {
    let started = Instant::now();
    loop {
        let text = fs::read_to_string(log)?;
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let served = lines.filter(|line| line["message"] == "requests are served");
        if let Some(address) = served.filter_map(|line| Some(line["address"].as_str()?.to_owned())).next() {
            return Ok(address);
        }
        if !process.is_alive() || started.elapsed() > START_LIMIT {
            bail!("rowgate-serve does not serve: {text}");
        }
        sleep(Duration::from_millis(20)).await;
    }
}

impl Caller {
    /// Returns the time from sending the request to the end of its answer, which must have the
    /// expected status.
    pub(super) async fn answer(&self, request: &Request) -> Result<Duration> {
        let url = Url::parse_with_params(&format!("{}{}", self.url, request.path), &request.query)?;
        let method: Method = request.method.parse()?;
        let mut call = self.client.request(method, url).header("x-api-key", KEY);
        if let Some(body) = &request.body {
            call = call.header("content-type", "application/json").body(body.clone());
        }
        let started = Instant::now();
        let answer = call.send().await?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await?;
        let time = started.elapsed();
        let text = String::from_utf8_lossy(&body);
        ensure!(status == request.status, "{} {}: {text}", request.method, request.path);
        Ok(time)
    }
}
