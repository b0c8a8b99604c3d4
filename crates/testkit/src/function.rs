//! Runs a Lambda function as a process of its own, which can be killed, stopped and continued at
//! any time.

use std::ffi::OsStr;
use std::fs::File;
use std::ops::Deref;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::process::Process;
use crate::runtime_api::{Answer, RuntimeApi};
use crate::tables::SQL;

/// The pause between checks for a process.
const PACE: Duration = Duration::from_millis(3);

/// What Lambda adds to every function's environment, beside the address of the Runtime API.
pub const LAMBDA_ENVIRONMENT: [(&str, &str); 5] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "test"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "test"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "test"),
];

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
#[derive(Debug)]
pub struct Function {
    api: RuntimeApi,
    process: Process,
}

impl Function {
    /// Starts `program` with nothing but `environment` and what Lambda adds to it, over the
    /// [tests' own folder of tables](SQL) unless `environment` names another. Its output goes to
    /// the end of `log`.
    ///
    /// # Errors
    /// When the program, or `setpriv`, cannot be run.
    pub async fn start(
        program: &Path,
        environment: &[(impl AsRef<OsStr>, impl AsRef<OsStr>)],
        log: File,
    ) -> Result<Self> {
        let api = RuntimeApi::start().await?;
        let mut command = Process::command(program);
        command
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(LAMBDA_ENVIRONMENT)
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .env("ROWGATE_SQL", SQL)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stderr(log.try_clone()?)
            .stdout(log);
        let process = Process::start(command).with_context(|| format!("cannot run {}", program.display()))?;
        Ok(Self { api, process })
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

    async fn gone(&self) {
        while self.is_alive() {
            tokio::time::sleep(PACE).await;
        }
    }
}

impl Deref for Function {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}
