//! Functions as processes, started, invoked and struck.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use e2e::lock;
use testkit::{Ended, Function, TestDatabase};

/// The functions of a run and whatever invokes them.
pub(crate) trait Fleet: Send + Sync + 'static {
    /// The work of a process.
    type Work: Clone + Send + Sync;

    fn invoker(&self) -> &Invoker<Self::Work>;

    /// Delivers the work of a process to another one, as if the first were believed to be gone.
    fn deliver_again(self: &Arc<Self>, work: Self::Work) -> impl Future<Output = ()> + Send;
}

/// Starts the functions' programs with the environment of a run.
pub(crate) struct Programs {
    pub(crate) folder: PathBuf,
    pub(crate) environment: Vec<(String, OsString)>,
    /// The folder of their logs.
    pub(crate) logs: PathBuf,
}

impl Programs {
    /// Starts a program whose output goes to the end of `<log>.log`.
    pub(crate) async fn start(&self, program: &str, log: &str) -> Result<Arc<Function>> {
        let log = self.logs.join(format!("{log}.log"));
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        let mut environment = self.environment.clone();
        environment.push(("AWS_LAMBDA_FUNCTION_NAME".to_owned(), format!("rowgate-{program}").into()));
        let process = Function::start(&self.folder.join(program), &environment, log).await;
        Ok(Arc::new(process.with_context(|| program.to_owned())?))
    }
}

/// Returns the environment that every function has, and `own` besides.
pub(crate) fn environment<const N: usize>(
    database: &TestDatabase,
    own: [(&str, String); N],
) -> Vec<(String, OsString)> {
    let target = database.target();
    [
        ("AWS_ENDPOINT_URL_RDS_DATA", database.data_api_url()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true".to_owned()),
        ("ROWGATE_CLUSTER_ARN", target.cluster_arn),
        ("ROWGATE_SECRET_ARN", target.secret_arn),
        ("ROWGATE_DATABASE", target.database),
        ("ROWGATE_SQL", testkit::hr::SQL.to_owned()),
        ("RUST_BACKTRACE", "1".to_owned()),
    ]
    .into_iter()
    .chain(own)
    .map(|(name, value)| (name.to_owned(), value.into()))
    .collect()
}

/// A process with what it works on.
#[derive(Clone)]
pub(crate) struct Working<W> {
    pub(crate) process: Arc<Function>,
    pub(crate) work: W,
}

/// Invokes processes, and knows which ones are at work.
pub(crate) struct Invoker<W> {
    /// The time limit of an invocation.
    time: Duration,
    /// The time limits of the next ones, in milliseconds; the last one first.
    short: Mutex<Vec<u64>>,
    working: Mutex<Vec<Working<W>>>,
    invocations: AtomicU64,
}

impl<W: Clone> Invoker<W> {
    pub(crate) fn new(time: Duration) -> Self {
        Self { time, short: Mutex::default(), working: Mutex::default(), invocations: AtomicU64::new(0) }
    }

    /// Sets the time limits of the next invocations, in milliseconds.
    pub(crate) fn hurry(&self, milliseconds: &[u64]) {
        *lock(&self.short) = milliseconds.to_vec();
    }

    /// Hands an event to a process and waits for how that ends.
    pub(crate) async fn invoke(&self, process: &Arc<Function>, work: W, event: String) -> Result<Ended> {
        self.invocations.fetch_add(1, Ordering::SeqCst);
        let time = lock(&self.short).pop().map_or(self.time, Duration::from_millis);
        lock(&self.working).push(Working { process: Arc::clone(process), work });
        let ended = process.invoke(event, time).await;
        lock(&self.working).retain(|working| !Arc::ptr_eq(&working.process, process));
        ended
    }

    /// Returns the processes that are at work now.
    pub(crate) fn working(&self) -> Vec<Working<W>> {
        lock(&self.working).clone()
    }

    pub(crate) fn invocations(&self) -> u64 {
        self.invocations.load(Ordering::SeqCst)
    }

    /// Kills the processes that are at work.
    pub(crate) fn kill_all(&self) {
        for working in self.working() {
            working.process.kill();
        }
    }
}

/// Runs a closure when it is dropped.
pub(crate) struct OnDrop<F: Fn()>(pub(crate) F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
