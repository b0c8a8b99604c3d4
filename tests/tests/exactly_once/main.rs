//! Every row exactly once, whatever happens: the real loader, killed at random moments, between a real bucket, a real queue and
//! a real database that all fail now and then.
//!
//! A run is drawn from a seed: the file, how the loader is set up, and what goes wrong. What must be in the end is known from how
//! the file was made. The moments of a run depend on the machine, so a seed that fails once may pass the next time; its plan is
//! the same.
//!
//! `ROWGATE_KILL_RUNS` says how many runs there are (50). They have the seeds from `ROWGATE_KILL_SEED` on, by default from a
//! random one; with a seed and no number there is that one run. `ROWGATE_FUNCTIONS` names another folder of the loader's binary.
#![expect(clippy::print_stdout, reason = "a test that runs for minutes says how far it is")]

mod bucket;
mod check;
mod content;
mod fleet;
mod oracle;
mod plan;
mod proof;
mod queue;
mod run;
mod storm;
mod verdict;

use std::env;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::{Logs, number, programs};

use crate::plan::Plan;
use crate::run::{Lane, Report};

const RUNS: u64 = 50;
/// Runs at a time: more than there are processors on a small machine, because most of a run is waiting.
const LANES: u64 = 3;
/// A run that takes longer is named: something was waited for.
const SLOW: Duration = Duration::from_secs(20);
/// A line of progress after so many runs.
const PROGRESS: u64 = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_once() -> Result<()> {
    let given = number("ROWGATE_KILL_SEED")?;
    let runs = number("ROWGATE_KILL_RUNS")?.unwrap_or(if given.is_some() { 1 } else { RUNS });
    let base = given.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    println!("{runs} runs, seeds {base} to {}", base + runs - 1);
    let started = Instant::now();
    let harness = Arc::new(Harness::start(base, runs).await?);
    let lanes: Vec<_> =
        (0..LANES.min(runs)).map(|lane| tokio::spawn(Arc::clone(&harness).serve(lane))).collect();
    let mut reports = Vec::new();
    let mut failed = Vec::new();
    for lane in lanes {
        for (seed, outcome) in lane.await?? {
            match outcome {
                Ok(report) => reports.push(report),
                Err(_) => failed.push(seed),
            }
        }
    }
    println!("{}", summary(&reports, started.elapsed()));
    failed.sort_unstable();
    ensure!(
        failed.is_empty(),
        "{} of {runs} runs failed: {failed:?}. One again: make kill-test SEED={}",
        failed.len(),
        failed[0]
    );
    Ok(())
}

/// What all runs share.
struct Harness {
    place: Place,
    base: u64,
    runs: u64,
    next: AtomicU64,
    failed: AtomicU64,
    started: Instant,
    /// How many calls of the Data API a chunk takes when nothing is wrong: the bits of an `f64`.
    pace: AtomicU64,
}

impl Harness {
    async fn start(base: u64, runs: u64) -> Result<Self> {
        let place = Place::find()?;
        Ok(Self {
            place,
            base,
            runs,
            next: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            started: Instant::now(),
            pace: AtomicU64::new(5_f64.to_bits()),
        })
    }

    /// Does runs until none is left.
    async fn serve(self: Arc<Self>, number: u64) -> Result<Vec<(u64, Result<Report>)>> {
        let lane = self.place.lane(&number.to_string()).await?;
        let mut outcomes = Vec::new();
        if number == 0 {
            let plan = Plan::draw(self.base).calm();
            let calm = lane.run(&plan, 0.0).await.context("a run without anything that goes wrong")?;
            #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
            let pace = calm.calls as f64 / calm.chunks as f64;
            self.pace.store(pace.to_bits(), Ordering::SeqCst);
        }
        loop {
            let index = self.next.fetch_add(1, Ordering::SeqCst);
            if index >= self.runs {
                break;
            }
            let seed = self.base + index;
            let plan = Plan::draw(seed);
            let pace = f64::from_bits(self.pace.load(Ordering::SeqCst));
            let started = Instant::now();
            let outcome = lane.run(&plan, pace).await;
            if started.elapsed() > SLOW {
                println!("seed {seed} took {} s", started.elapsed().as_secs());
            }
            if let Err(error) = &outcome {
                self.failed.fetch_add(1, Ordering::SeqCst);
                println!("FAILED: seed {seed}: {error:#}\n");
            }
            let done = index + 1;
            if done.is_multiple_of(PROGRESS) {
                let (failed, time) = (self.failed.load(Ordering::SeqCst), self.started.elapsed().as_secs());
                println!("{done} of {} runs, {failed} failed, {time} s", self.runs);
            }
            outcomes.push((seed, outcome));
        }
        lane.close().await?;
        Ok(outcomes)
    }
}

/// What is needed for runs.
struct Place {
    endpoint: String,
    program: PathBuf,
    logs: Logs,
}

impl Place {
    fn find() -> Result<Self> {
        let endpoint = env::var("AWS_ENDPOINT_URL").context(
            "AWS_ENDPOINT_URL is not set: `make kill-test` starts a cloud for this test; or start one with \
             `rowgate local up --dir <dir>` and `source <dir>/env`",
        )?;
        let program = programs(&["loader"])?.join("loader");
        Ok(Self { endpoint, program, logs: Logs::of("exactly-once")? })
    }

    async fn lane(&self, name: &str) -> Result<Lane> {
        let name = format!("exactly-once-{name}-{:08x}", fastrand::u32(..));
        Lane::open(&self.endpoint, &name, &self.program, self.logs.path()).await
    }
}

fn summary(reports: &[Report], time: Duration) -> String {
    let sum = |figure: fn(&Report) -> u64| reports.iter().map(figure).sum::<u64>();
    format!(
        "{} runs passed in {} s: {} chunks, {} invocations, {} redrives; {} kills, {} stops, {} crashes of the database, \
         {} locks, {} faults",
        reports.len(),
        time.as_secs(),
        sum(|report| report.chunks),
        sum(|report| report.invocations.into()),
        sum(|report| report.redrives.into()),
        sum(|report| report.kills.into()),
        sum(|report| report.stops.into()),
        sum(|report| report.crashes.into()),
        sum(|report| report.locks.into()),
        sum(|report| report.faults),
    )
}
