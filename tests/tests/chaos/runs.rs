//! Runs with consecutive seeds, several at a time.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::{lock, number};
use futures_util::future::try_join_all;

/// A line of progress follows so many runs.
const PROGRESS: u64 = 25;

/// One run of a chaos test.
pub(crate) trait Harness {
    /// The number of runs unless `ROWGATE_KILL_RUNS` names one.
    const RUNS: u64;
    /// The number of runs at a time: more than a small machine has cores, because runs mostly wait.
    const LANES: u64;
    /// A run that takes longer is named.
    const SLOW: Duration;
    /// The number of `ROWGATE_KILL_RUNS` that make one run.
    const SHARE: u64 = 1;

    type Lane;

    async fn open(&self, number: u64) -> Result<Self::Lane>;

    /// Draws a plan from the seed and does the run.
    async fn run(&self, lane: &Self::Lane, seed: u64) -> Result<Arc<Tally>>;

    async fn close(&self, _lane: Self::Lane) -> Result<()> {
        Ok(())
    }
}

/// Counts what happened in runs.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<BTreeMap<&'static str, u64>>);

impl Tally {
    pub(crate) fn count(&self, what: &'static str, number: u64) {
        *lock(&self.0).entry(what).or_default() += number;
    }

    pub(crate) fn add(&self, other: &Self) {
        for (what, number) in &*lock(&other.0) {
            self.count(what, *number);
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<_> = lock(&self.0).iter().map(|(what, number)| format!("{number} {what}")).collect();
        f.write_str(&counts.join(", "))
    }
}

/// Does all runs.
///
/// # Errors
/// If a run failed, with the seeds of those that did.
pub(crate) async fn run_all<H: Harness>(harness: &H) -> Result<()> {
    let seed = number("ROWGATE_KILL_SEED")?;
    let runs = match number("ROWGATE_KILL_RUNS")? {
        Some(runs) => runs.div_ceil(H::SHARE).max(1),
        None => seed.map_or(H::RUNS, |_| 1),
    };
    let first = seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    println!("{runs} runs, seeds {first} to {}", first + runs - 1);
    let started = Instant::now();
    let (done, total, failed) = (Cell::new(0), Tally::default(), RefCell::new(Vec::new()));
    let serve = async |number| {
        let lane = harness.open(number).await?;
        while done.get() < runs {
            let seed = first + done.replace(done.get() + 1);
            let began = Instant::now();
            let outcome = harness.run(&lane, seed).await;
            if began.elapsed() > H::SLOW {
                println!("seed {seed} took {} s", began.elapsed().as_secs());
            }
            match outcome {
                Ok(tally) => total.add(&tally),
                Err(error) => {
                    println!("FAILED: seed {seed}: {error:#}\n");
                    failed.borrow_mut().push(seed);
                }
            }
            if (seed - first + 1).is_multiple_of(PROGRESS) {
                let (failed, time) = (failed.borrow().len(), started.elapsed().as_secs());
                println!("{} of {runs} runs, {failed} failed, {time} s", seed - first + 1);
            }
        }
        harness.close(lane).await
    };
    try_join_all((0..H::LANES.min(runs)).map(&serve)).await?;
    let mut failed = failed.take();
    let passed = runs - failed.len() as u64;
    println!("{passed} runs passed in {} s: {total}", started.elapsed().as_secs());
    failed.sort_unstable();
    ensure!(
        failed.is_empty(),
        "{} of {runs} runs failed: {failed:?}. One again: make kill-test SEED={}",
        failed.len(),
        failed[0]
    );
    Ok(())
}
