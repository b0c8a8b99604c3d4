//! Process start to the first request for work, and the size of the binary, of each function.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use testkit::{LAMBDA_ENVIRONMENT, Process};

use crate::settings::Settings;
use crate::stage::environment;
use crate::stats::{Times, megabytes, milliseconds};
use crate::table::{Line, Table};

/// "under 50 ms and under 12 MB stripped" (issue 2).
const START_BAR: Duration = Duration::from_millis(50);
const SIZE_BAR: u64 = 12_000_000;
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts every function in turns, and once before so that its file is in memory.
pub(crate) fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (functions, rounds) = (settings.functions()?, settings.rounds(50, 3));
    let (runtime, requests) = runtime_api()?;
    let page = tempfile::tempdir()?;
    write_page(page.path())?;
    let mut times: Vec<_> = functions.iter().map(|_| Times::default()).collect();
    for round in 0..=rounds {
        for (function, times) in functions.iter().zip(&mut times) {
            let time = start(&settings.binaries.join(function), page.path(), runtime, &requests)
                .with_context(|| format!("starting {function}"))?;
            if round > 0 {
                times.add(time);
            }
        }
    }
    for (function, times) in functions.iter().zip(&times) {
        let size = std::fs::metadata(settings.binaries.join(function))?.len();
        let (median, p99) = (times.median(), times.percentile(99));
        let count = times.len();
        table.add(Line {
            measure: format!("{function}: process start to first /next, median and p99 of {count}"),
            ours: format!("{}, {}", milliseconds(median), milliseconds(p99)),
            bar: Some((format!("< {} ms", START_BAR.as_millis()), median < START_BAR)),
            ..Line::default()
        });
        table.add(Line {
            measure: format!("{function}: binary"),
            ours: megabytes(size),
            bar: Some((format!("< {} MB", SIZE_BAR / 1_000_000), size < SIZE_BAR)),
            ..Line::default()
        });
    }
    Ok(())
}

/// Writes a page for the console's function, which does not start without one.
pub(crate) fn write_page(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    Ok(std::fs::write(folder.join("index.html"), "<!doctype html>")?)
}

/// Starts a Runtime API that never has work; it reports when a function asks for the next event.
fn runtime_api() -> Result<(SocketAddr, Receiver<Instant>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let sender = sender.clone();
            thread::spawn(move || {
                let mut lines = BufReader::new(stream).lines();
                while let Some(Ok(line)) = lines.next() {
                    if line.starts_with("GET /2018-06-01/runtime/invocation/next ")
                        && sender.send(Instant::now()).is_err()
                    {
                        return;
                    }
                }
            });
        }
    });
    Ok((address, receiver))
}

fn start(program: &Path, page: &Path, runtime: SocketAddr, requests: &Receiver<Instant>) -> Result<Duration> {
    // A function that was stopped may have asked twice.
    while requests.try_recv().is_ok() {}
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(environment())
        .envs(LAMBDA_ENVIRONMENT)
        .envs([
            ("ROWGATE_USER_POOL_ID", "us-east-1_bench"),
            ("ROWGATE_USER_POOL_CLIENT_ID", "bench"),
            ("ROWGATE_BUCKET_ORIGIN", "http://127.0.0.1"),
            ("ROWGATE_QUEUE_URL", "http://127.0.0.1:1/queue"),
        ])
        .env("ROWGATE_CONSOLE_FILES", page)
        .env("AWS_LAMBDA_RUNTIME_API", runtime.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let started = Instant::now();
    let process = Process::start(command)?;
    let asked = requests.recv_timeout(PATIENCE);
    let ended = process.child().try_wait()?;
    ensure!(ended.is_none(), "it ended before it asked for work: {ended:?}");
    Ok(asked.context("it never asked for work")?.duration_since(started))
}
