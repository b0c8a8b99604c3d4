//! Lambda functions as processes: started for one event, measured, ended.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};
use testkit::{Answer, Ended, Function};

use crate::people::EMPLOYEES;
use crate::settings::Settings;
use crate::stage::{DATABASE, Stage};

/// The longest that Lambda lets a function run.
const LIMIT: Duration = Duration::from_secs(15 * 60);
/// The bytes of a failed function's log that are shown.
const LOG_SHOWN: usize = 2000;

/// The processes that an invocation takes time of.
pub(crate) const PROCESSES: [&str; 4] =
    ["the function", "local Data API", "database", "the server that stands for S3"];

/// Runs functions' programs on a stage of their own.
pub(crate) struct Runner {
    binaries: PathBuf,
    /// The loader's and the backup's lanes; their default without.
    pub(crate) lanes: Option<usize>,
    pub(crate) conn: Conn,
    database_pid: u32,
    pub(crate) stage: Stage,
    /// A folder for files. Dropped last.
    pub(crate) folder: TempDir,
}

/// One invocation of a function.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// From the start of the process to the arrival of its answer.
    pub(crate) time: Duration,
    /// The most memory that was resident, in bytes (`VmHWM`).
    pub(crate) peak: u64,
    /// The processor times of [`PROCESSES`], from the start to the answer.
    pub(crate) processor: [Duration; 4],
    pub(crate) answer: Value,
    /// The log, a JSON object a line.
    pub(crate) log: String,
}

impl Runner {
    pub(crate) async fn start(settings: &Settings) -> Result<Self> {
        Self::on(Stage::start(&settings.binaries).await?, settings).await
    }

    /// Runs them on a stage that is there.
    pub(crate) async fn on(stage: Stage, settings: &Settings) -> Result<Self> {
        Ok(Self {
            binaries: settings.binaries.clone(),
            lanes: settings.lanes,
            conn: stage.connect(Some(DATABASE)).await?,
            database_pid: stage.database_pid().await?,
            stage,
            folder: tempfile::tempdir()?,
        })
    }

    /// Starts a program, gives it the event, waits for the answer and ends it.
    ///
    /// # Errors
    /// If it cannot be started, ends early, answers with an error, or takes longer than Lambda
    /// allows.
    pub(crate) async fn run(
        &self,
        program: &str,
        own: impl IntoIterator<Item = (&'static str, String)>,
        event: &Value,
    ) -> Result<Invocation> {
        let mut environment = self.stage.environment();
        environment.push(("AWS_ENDPOINT_URL_S3", self.stage.bucket.url()));
        environment.extend(self.lanes.map(|lanes| ("ROWGATE_LANES", lanes.to_string())));
        environment.extend(own);
        let log = NamedTempFile::new_in(&self.folder)?;
        let output = log.reopen()?;
        let before = self.others()?;
        let started = Instant::now();
        let function = Function::start(&self.binaries.join(program), &environment, output).await?;
        let ended = function.invoke(event.to_string(), LIMIT).await?;
        let time = started.elapsed();
        let (peak, own) = (peak(function.id()), processor(function.id()));
        let after = self.others()?;
        let log = fs::read_to_string(log)?;
        let Ended::Answered(Answer::Response(answer)) = ended else {
            let from = log.len().saturating_sub(LOG_SHOWN);
            bail!("{program}: {ended:?}: …{}", log.get(from..).unwrap_or(&log));
        };
        let answer = serde_json::from_str(&answer).context("the function's answer is not JSON")?;
        let [data_api, database, bench] =
            std::array::from_fn(|index| after[index].saturating_sub(before[index]));
        Ok(Invocation { time, peak: peak?, processor: [own?, data_api, database, bench], answer, log })
    }

    /// Checks that there are this many employees.
    pub(crate) async fn expect(&mut self, rows: u64) -> Result<()> {
        expect(&mut self.conn, EMPLOYEES, rows).await
    }

    /// Returns the processor times so far of the Data API, the database and this program.
    fn others(&self) -> Result<[Duration; 3]> {
        let pids = [self.stage.data_api_pid(), self.database_pid, std::process::id()];
        let [data_api, database, bench] = pids.map(processor);
        Ok([data_api?, database?, bench?])
    }
}

/// Checks that a table has this many rows.
pub(crate) async fn expect(conn: &mut Conn, table: &str, rows: u64) -> Result<()> {
    let there: Option<u64> = conn.query_first(format!("SELECT COUNT(*) FROM {table}")).await?;
    ensure!(there == Some(rows), "{there:?} of {rows} rows are in");
    Ok(())
}

/// Returns the most memory that a process had resident, in bytes.
fn peak(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kibibytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    Ok(kibibytes.context("no VmHWM in /proc/<pid>/status")? * 1024)
}

/// Returns the processor time of all threads of a process so far, in the kernel's ticks of 10 ms.
fn processor(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name may hold spaces; utime and stime are the 12th and 13th field after it.
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
        // Reading it takes time as well.
        while processor(pid).unwrap() == before {}
    }
}
