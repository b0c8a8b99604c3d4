//! Backups that are whole or not there, and tables that are as they were or as they were backed up, whatever happens: the real
//! functions, killed at random moments, between a bucket, a Data API and a database that all fail now and then, while others
//! write to the tables.
//!
//! A run is drawn from a seed: what the tables hold, how the functions are set up, and what goes wrong. The moments of a run depend on
//! the machine, so a seed that fails once may pass the next time; its plan is the same.
//!
//! `ROWGATE_KILL_RUNS` says how many runs there are (30). They have the seeds from `ROWGATE_KILL_SEED` on, by default from a
//! random one; with a seed and no number there is that one run. `ROWGATE_FUNCTIONS` names another folder of the functions'
//! binaries.
#![expect(clippy::print_stdout, reason = "a test that runs for minutes says how far it is")]

mod avro;
mod backup;
mod check;
mod fleet;
mod plan;
mod proof;
mod restore;
mod rows;
mod run;
mod storm;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::{Logs, number, programs};

use crate::plan::Plan;
use crate::run::{Lane, Report};

const RUNS: u64 = 30;
/// Runs at a time: more than there are processors on a small machine, because a part of a run is waiting.
const LANES: u64 = 3;
/// A run that takes longer is named: something was waited for.
const SLOW: Duration = Duration::from_secs(40);
/// A line of progress after so many runs.
const PROGRESS: u64 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn never_half() -> Result<()> {
    let given = number("ROWGATE_KILL_SEED")?;
    let runs = number("ROWGATE_KILL_RUNS")?.unwrap_or(if given.is_some() { 1 } else { RUNS });
    let base = given.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    println!("{runs} runs, seeds {base} to {}", base + runs - 1);
    let started = Instant::now();
    let harness = Arc::new(Harness { place: Place::find()?, base, runs, next: AtomicU64::new(0) });
    let lanes: Vec<_> = (0..LANES.min(runs)).map(|_| tokio::spawn(Arc::clone(&harness).serve())).collect();
    let (mut total, mut failed) = (Report::default(), Vec::new());
    for lane in lanes {
        for (seed, outcome) in lane.await?? {
            match outcome {
                Ok(report) => total.add(&report),
                Err(_) => failed.push(seed),
            }
        }
    }
    println!("{} runs passed in {} s: {total}", runs - failed.len() as u64, started.elapsed().as_secs());
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
}

impl Harness {
    /// Does runs until none is left.
    async fn serve(self: Arc<Self>) -> Result<Vec<(u64, Result<Report>)>> {
        let lane = self.place.lane().await?;
        let mut outcomes = Vec::new();
        loop {
            let index = self.next.fetch_add(1, Ordering::SeqCst);
            if index >= self.runs {
                return Ok(outcomes);
            }
            let (seed, started) = (self.base + index, Instant::now());
            let outcome = lane.run(&Plan::draw(seed)).await;
            if started.elapsed() > SLOW {
                println!("seed {seed} took {} s", started.elapsed().as_secs());
            }
            if let Err(error) = &outcome {
                println!("FAILED: seed {seed}: {error:#}\n");
            }
            if (index + 1).is_multiple_of(PROGRESS) {
                println!("{} of {} runs", index + 1, self.runs);
            }
            outcomes.push((seed, outcome));
        }
    }
}

/// What is needed for runs.
struct Place {
    programs: PathBuf,
    logs: Logs,
}

impl Place {
    fn find() -> Result<Self> {
        Ok(Self { programs: programs(&["backup", "restore"])?, logs: Logs::of("never-half")? })
    }

    async fn lane(&self) -> Result<Lane> {
        Lane::open(&self.programs, self.logs.path()).await
    }
}
