//! The process under test, and what it works with.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::local_data_api::{Effect, Faults, Operation, Rule};
use testkit::{Bucket, TestDatabase};
use tokio::time::sleep;

pub(crate) const WRITER: &str = "writer-writer-writer-writer";
pub(crate) const OPERATOR: &str = "operator-operator-operator";

/// The timeout of anything on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause between checks.
const PAUSE: Duration = Duration::from_millis(20);

/// A database, a bucket and keys: what outlives a process.
pub(crate) struct World {
    pub(crate) db: TestDatabase,
    pub(crate) bucket: Bucket,
    pub(crate) folder: TempDir,
}

/// A running `rowgate-serve`. Dropping it kills it.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    pub(crate) url: String,
    pub(crate) metrics_url: String,
    pub(crate) client: Client,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts that it is a problem of this kind, with an id.
    pub(crate) fn is_problem(&self, status: u16, kind: &str) {
        assert_eq!(
            (self.status, self.header("content-type")),
            (status, "application/problem+json"),
            "{self:?}"
        );
        assert_eq!(self.json()["type"], format!("urn:rowgate:problem:{kind}"), "{self:?}");
        assert_eq!(self.header("x-request-id").len(), 32, "{self:?}");
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        let db = TestDatabase::migrated().await.unwrap();
        let world = Self { db, bucket: Bucket::serve().await.unwrap(), folder: tempfile::tempdir().unwrap() };
        world.write_keys(&format!(
            "[[keys]]\nname = \"hr\"\nright = \"write\"\nkey = \"{WRITER}\"\n\
             [[keys]]\nname = \"ops\"\nright = \"operate\"\nkey = \"{OPERATOR}\"\n"
        ));
        world
    }

    pub(crate) fn write_keys(&self, text: &str) {
        let path = self.folder.path().join("keys.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }

    /// The program with everything that it needs, and these arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let target = self.db.target();
        let mut command = Command::new(env!("CARGO_BIN_EXE_rowgate-serve"));
        command.env_clear().envs([
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL_RDS_DATA", &*self.db.data_api_url()),
            ("AWS_ENDPOINT_URL_S3", &*self.bucket.url()),
            ("ROWGATE_BUCKET", "data"),
            ("ROWGATE_CLUSTER_ARN", &*target.cluster_arn),
            ("ROWGATE_DATABASE", &*target.database),
            ("ROWGATE_SECRET_ARN", &*target.secret_arn),
            ("ROWGATE_KEYS", self.folder.path().join("keys.toml").to_str().unwrap()),
            ("ROWGATE_LISTEN", "127.0.0.1:0"),
            ("ROWGATE_METRICS_ADDRESS", "127.0.0.1:0"),
            ("ROWGATE_SQL", testkit::SQL),
        ]);
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// Starts the process and waits until it serves.
    pub(crate) async fn serve(&self, arguments: &[&str]) -> Process {
        self.serve_with(self.command(arguments)).await
    }

    pub(crate) async fn serve_with(&self, mut command: Command) -> Process {
        let log = self.folder.path().join(format!("log-{:016x}", fastrand::u64(..)));
        let output = File::create(&log).unwrap();
        command.stdout(output.try_clone().unwrap()).stderr(output);
        let client = Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        let child = command.spawn().unwrap();
        let mut process = Process { child, log, url: String::new(), metrics_url: String::new(), client };
        process.url = process.address("requests are served").await;
        process.metrics_url = process.address("metrics are served").await;
        process
    }

    /// Lets every statement take a while.
    pub(crate) fn slow_down(&self, milliseconds: u64) {
        let rule = Rule::new(Effect::DelayMs(milliseconds)).on(Operation::ExecuteStatement);
        self.db.data_api().set(Faults::default().with(rule));
    }

    /// Fills a table with rows of these ids.
    pub(crate) async fn add_tags(&self, rows: u32) {
        let rows = testkit::numbers(rows);
        self.db.sql(&format!("INSERT INTO tags SELECT seq, CONCAT('Tag ', seq) FROM {rows}")).await.unwrap();
    }
}

impl Process {
    async fn address(&mut self, message: &str) -> String {
        let line = self.logged(|line| line["message"] == message).await;
        format!("http://{}", line["address"].as_str().unwrap())
    }

    /// All that it has written.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits for a line that it writes.
    pub(crate) async fn logged(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let log = self.log();
            let mut lines = log.lines().filter_map(|line| serde_json::from_str(line).ok());
            if let Some(line) = lines.find(&is_it) {
                return line;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && started.elapsed() < PATIENCE, "{ended:?}: {log}");
            sleep(PAUSE).await;
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str, key: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).header("x-api-key", key)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        send(self.request(Method::GET, path, OPERATOR)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        send(self.request(Method::POST, path, OPERATOR).json(body)).await
    }

    /// Returns the value of one series in `/metrics`, such as `rowgate_connections`.
    pub(crate) async fn metric(&self, series: &str) -> f64 {
        let text = send(self.client.get(format!("{}/metrics", self.metrics_url))).await.text;
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("no {series}: {text}"))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "it still runs: {}", self.log());
            sleep(PAUSE).await;
        }
    }

    /// Ends it without a warning.
    pub(crate) async fn kill(mut self) {
        self.child.kill().unwrap();
        self.ended().await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Reply { status, headers, text: response.text().await.unwrap() }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < PATIENCE, "not {what}");
        sleep(PAUSE).await;
    }
}

pub(crate) fn tag(id: u32) -> Value {
    json!({"id": id, "tag_name": format!("Tag {id}")})
}
