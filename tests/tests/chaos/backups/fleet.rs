//! Functions that are invoked, each invocation a process of its own, and what Lambda does with
//! asynchronous invocations.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Result, bail};
use e2e::lock;
use serde_json::Value;
use testkit::{Answer, Ended, Lambda};
use tokio::time::sleep;

use crate::fleet::{self, Invoker, Programs};

/// The time limit of an invocation: that of Lambda.
const TIME: Duration = Duration::from_secs(15 * 60);
/// The number of times that Lambda repeats a failed invocation, as the stack sets it.
const RESTORE_RETRIES: u8 = 2;
/// Lambda waits for minutes, which would take too long here.
const RETRY_AFTER: Duration = Duration::from_millis(100);
const POLL: Duration = Duration::from_millis(15);
/// The time without any work that counts as quiet: a continuation that a function asks for at its
/// end begins within it.
const QUIET: Duration = Duration::from_millis(60);

/// An invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// `backup` or `restore`.
    pub(super) function: &'static str,
    pub(super) payload: String,
}

pub(super) struct Fleet {
    programs: Programs,
    pub(super) lambda: Lambda,
    pub(super) invoker: Invoker<Call>,
    /// Invocations that have not ended, repetitions included.
    open: AtomicU32,
    /// Why a process could not be run.
    broken: Mutex<Option<anyhow::Error>>,
}

impl fleet::Fleet for Fleet {
    type Work = Call;

    fn invoker(&self) -> &Invoker<Call> {
        &self.invoker
    }

    async fn deliver_again(self: &Arc<Self>, call: Call) {
        self.invoke(call);
    }
}

impl Fleet {
    pub(super) fn new(programs: Programs, lambda: Lambda) -> Arc<Self> {
        let invoker = Invoker::new(TIME);
        Arc::new(Self { programs, lambda, invoker, open: AtomicU32::new(0), broken: Mutex::default() })
    }

    /// Carries out the invocations that functions ask for, for as long as it is polled.
    pub(super) async fn continue_functions(self: &Arc<Self>) -> Result<()> {
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

    /// Invokes a function asynchronously: Lambda repeats the invocation if it fails.
    pub(super) fn invoke(self: &Arc<Self>, call: Call) {
        self.open.fetch_add(1, Ordering::SeqCst);
        let fleet = Arc::clone(self);
        tokio::spawn(async move {
            let retries = if call.function == "restore" { RESTORE_RETRIES } else { 0 };
            for attempt in 0..=retries {
                if attempt > 0 {
                    sleep(RETRY_AFTER).await;
                }
                match fleet.once(&call).await {
                    Ok(Ended::Answered(Answer::Response(_))) => break,
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

    /// Invokes a function once and returns its answer.
    ///
    /// # Errors
    /// If it fails, with its error.
    pub(super) async fn ask(&self, function: &'static str, payload: &Value) -> Result<Value> {
        let call = Call { function, payload: payload.to_string() };
        match self.once(&call).await? {
            Ended::Answered(Answer::Response(answer)) => Ok(serde_json::from_str(&answer)?),
            other => bail!("{function} {payload}: {other:?}"),
        }
    }

    /// Waits until nothing is at work and nothing is asked for.
    ///
    /// # Errors
    /// If a process could not be run.
    pub(super) async fn until_quiet(&self) -> Result<()> {
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

    /// Returns the last warnings of a function.
    pub(super) fn warnings(&self, function: &str) -> String {
        let log = self.programs.logs.join(format!("{function}.log"));
        let log = std::fs::read_to_string(log).unwrap_or_default();
        let is_warning = |line: &&str| line.contains("\"WARN\"") || line.contains("\"ERROR\"");
        let lines: Vec<&str> = log.lines().filter(is_warning).collect();
        lines[lines.len().saturating_sub(4)..].join("\n")
    }

    async fn once(&self, call: &Call) -> Result<Ended> {
        let process = self.programs.start(call.function, call.function).await?;
        let ended = self.invoker.invoke(&process, call.clone(), call.payload.clone()).await;
        process.kill();
        ended
    }
}
