//! A Lambda function as a process: started for one event, measured, ended.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use testkit::{Answer, Ended, Function};

/// As much as Lambda lets a function run.
const LIMIT: Duration = Duration::from_secs(15 * 60);
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

/// Starts the program, gives it the event, waits for the answer and ends it. What it logs goes to a file in the folder.
///
/// # Errors
/// When it cannot be started, ends early, answers with an error, or takes longer than Lambda allows.
pub(crate) async fn run(
    program: &Path,
    environment: &[(&str, String)],
    event: &Value,
    folder: &Path,
) -> Result<Invocation> {
    let log = folder.join("function.log");
    let sdk =
        [("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "bench"), ("AWS_SECRET_ACCESS_KEY", "bench")];
    let environment: Vec<_> =
        sdk.into_iter().chain(environment.iter().map(|(name, value)| (*name, value.as_str()))).collect();
    let output = File::create(&log)?;
    let started = Instant::now();
    let function = Function::start(program, &environment, output).await?;
    let ended = function.invoke(event.to_string(), LIMIT).await?;
    let time = started.elapsed();
    let (peak, processor) = (peak(function.id()), processor(function.id()));
    let log = fs::read_to_string(log)?;
    let Ended::Answered(Answer::Response(answer)) = ended else {
        let from = log.len().saturating_sub(LOG_SHOWN);
        bail!("{}: {ended:?}: …{}", program.display(), log.get(from..).unwrap_or(&log));
    };
    let answer = serde_json::from_str(&answer).context("the function's answer is not JSON")?;
    Ok(Invocation { time, peak: peak?, processor: processor?, answer, log })
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
