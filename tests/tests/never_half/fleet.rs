//! Functions that are invoked, each invocation a process of its own, and what Lambda does with invocations that nobody waits for.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use e2e::lock;
use serde_json::Value;
use testkit::{Answer, Ended, Function, Lambda};
use tokio::time::sleep;

/// How often Lambda tries an invocation again that failed, as the stack has it.
const RESTORE_RETRIES: u8 = 2;
/// Lambda waits for minutes; the harness has none to give away.
const RETRY_AFTER: Duration = Duration::from_millis(100);
const POLL: Duration = Duration::from_millis(15);
/// How long nothing must be at work for quiet: what a function has asked for at its end is taken up within it.
const QUIET: Duration = Duration::from_millis(60);

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// `backup` or `restore`.
    pub(crate) function: &'static str,
    pub(crate) payload: String,
}

/// A process with the call that it works on.
#[derive(Clone)]
pub(crate) struct Working {
    number: u64,
    pub(crate) process: Arc<Function>,
    pub(crate) call: Call,
}

pub(crate) struct Fleet {
    programs: PathBuf,
    environment: Vec<(String, OsString)>,
    logs: PathBuf,
    pub(crate) lambda: Lambda,
    /// What an invocation may take; the next ones may be shorter.
    time: Duration,
    short: Mutex<Vec<u64>>,
    working: Mutex<Vec<Working>>,
    /// Invocations that have not ended, with their repetitions.
    open: AtomicU32,
    number: AtomicU64,
    pub(crate) invocations: AtomicU32,
    /// What answered, newest last; and what could not be invoked at all.
    answers: Mutex<Vec<String>>,
    broken: Mutex<Option<anyhow::Error>>,
}

impl Fleet {
    pub(crate) fn new(
        programs: PathBuf,
        environment: Vec<(String, OsString)>,
        logs: PathBuf,
        lambda: Lambda,
        time: Duration,
    ) -> Arc<Self> {
        Arc::new(Self {
            programs,
            environment,
            logs,
            lambda,
            time,
            short: Mutex::default(),
            working: Mutex::default(),
            open: AtomicU32::new(0),
            number: AtomicU64::new(0),
            invocations: AtomicU32::new(0),
            answers: Mutex::default(),
            broken: Mutex::default(),
        })
    }

    /// The next invocations have so many milliseconds.
    pub(crate) fn hurry(&self, milliseconds: &[u64]) {
        *lock(&self.short) = milliseconds.to_vec();
    }

    /// Takes up what functions ask for, for as long as it is polled.
    pub(crate) async fn hand_on(self: &Arc<Self>) -> Result<()> {
        while let Some(asked) = self.lambda.next().await {
            let function = match asked.function.as_str() {
                "rowgate-backup" => "backup",
                "rowgate-restore" => "restore",
                other => bail!("a function that is not there was invoked: {other}"),
            };
            self.invoke(Call { function, payload: asked.payload });
        }
        Ok(())
    }

    /// Invokes a function as one does who does not wait: one that fails is tried again.
    pub(crate) fn invoke(self: &Arc<Self>, call: Call) {
        self.open.fetch_add(1, Ordering::SeqCst);
        let fleet = Arc::clone(self);
        tokio::spawn(async move {
            let retries = if call.function == "restore" { RESTORE_RETRIES } else { 0 };
            for attempt in 0..=retries {
                if attempt > 0 {
                    sleep(RETRY_AFTER).await;
                }
                match fleet.once(&call).await {
                    Ok(Ended::Answered(Answer::Response(answer))) => {
                        lock(&fleet.answers).push(answer);
                        break;
                    }
                    Ok(_) => {}
                    Err(error) => {
                        *lock(&fleet.broken) = Some(error);
                        break;
                    }
                }
            }
            fleet.open.fetch_sub(1, Ordering::SeqCst);
        });
    }

    /// Invokes a function once and waits for its answer.
    ///
    /// # Errors
    /// When it fails, with what it says.
    pub(crate) async fn ask(&self, function: &'static str, payload: &Value) -> Result<Value> {
        let call = Call { function, payload: payload.to_string() };
        match self.once(&call).await? {
            Ended::Answered(Answer::Response(answer)) => Ok(serde_json::from_str(&answer)?),
            other => bail!("{function} {payload}: {other:?}"),
        }
    }

    /// The processes that are at work now.
    pub(crate) fn working(&self) -> Vec<Working> {
        lock(&self.working).clone()
    }

    /// Waits until nothing is at work and nothing is asked for.
    ///
    /// # Errors
    /// When a process could not be run.
    pub(crate) async fn until_quiet(&self) -> Result<()> {
        let mut quiet = Duration::ZERO;
        while quiet < QUIET {
            sleep(POLL).await;
            quiet = if self.open.load(Ordering::SeqCst) == 0 { quiet + POLL } else { Duration::ZERO };
            if let Some(error) = lock(&self.broken).take() {
                return Err(error.context("a function could not be invoked"));
            }
        }
        Ok(())
    }

    /// What a function has warned of last.
    pub(crate) fn warnings(&self, function: &str) -> String {
        let log = std::fs::read_to_string(self.logs.join(format!("{function}.log"))).unwrap_or_default();
        let is_warning = |line: &&str| line.contains("\"WARN\"") || line.contains("\"ERROR\"");
        let lines: Vec<&str> = log.lines().filter(is_warning).collect();
        lines[lines.len().saturating_sub(4)..].join("\n")
    }

    /// Kills what is still at work.
    pub(crate) fn end(&self) {
        for working in self.working() {
            working.process.kill();
        }
    }

    async fn once(&self, call: &Call) -> Result<Ended> {
        let number = self.number.fetch_add(1, Ordering::SeqCst);
        self.invocations.fetch_add(1, Ordering::SeqCst);
        let log = self.logs.join(format!("{}.log", call.function));
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        let mut environment = self.environment.clone();
        let name = format!("rowgate-{}", call.function);
        environment.push(("AWS_LAMBDA_FUNCTION_NAME".to_owned(), name.into()));
        let process = Function::start(&self.programs.join(call.function), &environment, log).await;
        let process = Arc::new(process.with_context(|| format!("{call:?}"))?);
        let working = Working { number, process: Arc::clone(&process), call: call.clone() };
        lock(&self.working).push(working);
        let time = lock(&self.short).pop().map_or(self.time, Duration::from_millis);
        let ended = process.invoke(call.payload.clone(), time).await;
        lock(&self.working).retain(|working| working.number != number);
        process.kill();
        ended
    }
}
