//! Runs a Lambda function as a process of its own, which can be killed, stopped and continued at
//! any time.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use crate::runtime_api::{Answer, RuntimeApi};

/// The pause between checks for a process.
const PACE: Duration = Duration::from_millis(3);

/// The end of an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The function answered.
    Answered(Answer),
    /// Its time was up, and it was killed, as Lambda does.
    TimedOut,
    /// The process is gone.
    Died,
}

/// A running function's process with the Runtime API that it talks to.
///
/// The process ends with the handle, and with the thread that started it (`setpriv --pdeathsig`):
/// start it from a thread that lives as long as the test.
#[derive(Debug)]
pub struct Function {
    api: RuntimeApi,
    child: Mutex<Child>,
}

impl Function {
    /// Starts `program` with nothing but `environment` and what Lambda adds to it. Its output goes
    /// to the end of `log`.
    ///
    /// # Errors
    /// When the program, or `setpriv`, cannot be run.
    pub async fn start(
        program: &Path,
        environment: &[(impl AsRef<OsStr>, impl AsRef<OsStr>)],
        log: File,
    ) -> Result<Self> {
        let api = RuntimeApi::start().await?;
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL"])
            .arg(program)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs([
                ("AWS_LAMBDA_FUNCTION_NAME", "test"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "test"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "test"),
            ])
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stderr(log.try_clone()?)
            .stdout(log);
        let child = command.spawn().with_context(|| format!("cannot run {}", program.display()))?;
        Ok(Self { api, child: Mutex::new(child) })
    }

    /// Hands an event to the function and waits for how that ends; after `time` the process is
    /// killed.
    ///
    /// # Errors
    /// When the process breaks the protocol, or cannot be looked after.
    pub async fn invoke(&self, payload: String, time: Duration) -> Result<Ended> {
        let answered = self.api.invoke(payload, SystemTime::now() + time);
        tokio::select! {
            // An answer that came before the end counts.
            biased;
            answer = answered => match answer {
                Ok(answer) => Ok(Ended::Answered(answer)),
                Err(_) if !self.is_alive() => Ok(Ended::Died),
                Err(error) => Err(error),
            },
            () = self.gone() => Ok(Ended::Died),
            () = tokio::time::sleep(time) => {
                self.kill();
                Ok(Ended::TimedOut)
            }
        }
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child().id()
    }

    /// Returns true if the process exists.
    pub fn is_alive(&self) -> bool {
        matches!(self.child().try_wait(), Ok(None))
    }

    /// Kills the process, whatever it is doing, and waits for its end.
    pub fn kill(&self) {
        let mut child = self.child();
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Stops the process where it is: it keeps its connections and does nothing.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a stopped process continue.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        // Held, so that nothing waits for the process meanwhile and its id is not used again.
        let mut child = self.child();
        if matches!(child.try_wait(), Ok(None))
            && let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw)
        {
            let _ = kill_process(pid, signal);
        }
    }

    async fn gone(&self) {
        while self.is_alive() {
            tokio::time::sleep(PACE).await;
        }
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.kill();
    }
}
