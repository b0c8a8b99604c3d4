//! A Lambda function as a process: started for one event, served by a Runtime API of ours, measured, ended.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};

use crate::serve::serve;

/// As much as Lambda lets a function run.
const LIMIT: Duration = Duration::from_secs(15 * 60);
/// How often it is looked whether a function that does not answer still runs.
const LOOK: Duration = Duration::from_millis(100);
/// How much of the log of a function that failed is shown.
const LOG_SHOWN: usize = 2000;

/// What a function did with its event.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// From the process's start to the arrival of its answer.
    pub(crate) time: Duration,
    /// The most memory that was resident, in bytes (`VmHWM`).
    pub(crate) peak: u64,
    /// Processor time of all its threads, from its start to its answer.
    pub(crate) processor: Duration,
    pub(crate) answer: Value,
    /// What it logged, a JSON object a line.
    pub(crate) log: String,
}

/// A Runtime API that hands out one event at a time.
#[derive(Debug)]
pub(crate) struct Runtime {
    address: SocketAddr,
    events: mpsc::UnboundedSender<Value>,
    told: mpsc::UnboundedReceiver<Told>,
    log: PathBuf,
}

/// What a function tells.
#[derive(Debug)]
enum Told {
    Answered(Instant, Bytes),
    Failed(String),
}

#[derive(Clone)]
struct Shared {
    events: Arc<Mutex<mpsc::UnboundedReceiver<Value>>>,
    tell: mpsc::UnboundedSender<Told>,
}

/// Ends the process it holds.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Runtime {
    /// A Runtime API of this process; what functions log goes to a file in the folder.
    pub(crate) async fn serve(folder: &Path) -> Result<Self> {
        let (events, waiting) = mpsc::unbounded_channel();
        let (tell, told) = mpsc::unbounded_channel();
        let shared = Shared { events: Arc::new(Mutex::new(waiting)), tell };
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .fallback(failed)
            .layer(DefaultBodyLimit::disable())
            .with_state(shared);
        let address = serve(routes).await?;
        Ok(Self { address, events, told, log: folder.join("function.log") })
    }

    /// Starts the program, gives it the event, waits for the answer and ends it.
    ///
    /// # Errors
    /// When it cannot be started, ends early, answers with an error, or takes longer than Lambda allows.
    pub(crate) async fn run(
        &mut self,
        program: &Path,
        environment: &[(&str, String)],
        event: Value,
    ) -> Result<Invocation> {
        while self.told.try_recv().is_ok() {}
        self.events.send(event)?;
        let log = File::create(&self.log)?;
        let mut command = Command::new("setpriv");
        command
            // It ends with this process, however that ends.
            .args(["--pdeathsig", "KILL"])
            .arg(program)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(LAMBDA)
            .env("AWS_LAMBDA_RUNTIME_API", self.address.to_string())
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let started = Instant::now();
        let mut child = Running(command.spawn().context("cannot run setpriv (util-linux)")?);
        let (answered, answer) = self.wait(&mut child, started).await.map_err(|error| {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let from = log.len().saturating_sub(LOG_SHOWN);
            error.context(format!("{}: …{}", program.display(), log.get(from..).unwrap_or(&log)))
        })?;
        let pid = child.0.id();
        let (peak, processor) = (peak(pid)?, processor(pid)?);
        drop(child);
        Ok(Invocation {
            time: answered.duration_since(started),
            peak,
            processor,
            answer: serde_json::from_slice(&answer).context("the function's answer is not JSON")?,
            log: fs::read_to_string(&self.log)?,
        })
    }

    async fn wait(&mut self, child: &mut Running, started: Instant) -> Result<(Instant, Bytes)> {
        loop {
            match tokio::time::timeout(LOOK, self.told.recv()).await {
                Ok(Some(Told::Answered(at, answer))) => {
                    return Ok((at, answer));
                }
                Ok(Some(Told::Failed(error))) => bail!("the function failed: {error}"),
                Ok(None) => bail!("the Runtime API has ended"),
                Err(_) => {
                    let ended = child.0.try_wait()?;
                    ensure!(ended.is_none(), "the function ended: {ended:?}");
                    ensure!(started.elapsed() < LIMIT, "the function takes longer than {LIMIT:?}");
                }
            }
        }
    }
}

/// What Lambda sets for every function, and a region and credentials for the SDK.
const LAMBDA: [(&str, &str); 8] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "bench"),
    ("AWS_SECRET_ACCESS_KEY", "bench"),
];

async fn next(State(shared): State<Shared>) -> impl IntoResponse {
    let Some(event) = shared.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", "00000000-0000-4000-8000-000000000000".to_owned()),
        ("lambda-runtime-deadline-ms", (now + LIMIT).as_millis().to_string()),
        ("content-type", "application/json".to_owned()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:bench".to_owned(),
        ),
    ] {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
    (headers, event.to_string()).into_response()
}

async fn answered(State(shared): State<Shared>, body: Bytes) -> StatusCode {
    let _ = shared.tell.send(Told::Answered(Instant::now(), body));
    StatusCode::ACCEPTED
}

/// Everything else that a function sends is an error of its own or of its start.
async fn failed(State(shared): State<Shared>, uri: Uri, body: Bytes) -> StatusCode {
    let _ = shared.tell.send(Told::Failed(format!("{uri}: {}", String::from_utf8_lossy(&body))));
    StatusCode::ACCEPTED
}

/// The most memory that a process had resident, in bytes.
fn peak(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kibibytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    Ok(kibibytes.context("no VmHWM in /proc/<pid>/status")? * 1024)
}

/// The processor time of all threads of a process so far, in the kernel's ticks of 10 ms.
pub(crate) fn processor(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name before it may hold spaces; utime and stime are the 12th and 13th field after it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
    let ticks = ticks(11).zip(ticks(12)).map(|(user, system)| user + system);
    Ok(Duration::from_millis(ticks.context("no times in /proc/<pid>/stat")? * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_memory_and_processor_time_of_a_process() {
        let pid = std::process::id();
        assert!(peak(pid).unwrap() > 100_000);
        let before = processor(pid).unwrap();
        // Looking takes time as well.
        while processor(pid).unwrap() == before {}
    }
}
