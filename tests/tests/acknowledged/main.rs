//! The tables are what was acknowledged, whatever happens: a thousand requests of a hundred clients at once, to real functions that
//! are killed and stopped at random moments, between a Data API that loses answers and a database that is killed too. Clients
//! send a request again until it has an answer, a POST with its `Idempotency-Key`. At the end the tables hold what the answers say:
//! no row twice, none missing, none that nobody was told of; and every key still replays its answer.
//!
//! A run is drawn from a seed. The moments depend on the machine, and with them what clients know of each other, so a seed that
//! fails once may pass the next time.
//!
//! There is one run, and one more for each 50 of `ROWGATE_KILL_RUNS` after the first 50. They have the seeds from
//! `ROWGATE_KILL_SEED` on, by default from a random one. `ROWGATE_FUNCTIONS` names another folder of the functions' binaries.

mod ask;
mod client;
mod fleet;
mod oracle;
mod proof;
mod run;
mod storm;

use std::time::Instant;

use anyhow::{Context, Result};
use e2e::number;

use crate::run::{Lane, Plan};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn acknowledged() -> Result<()> {
    let runs = number("ROWGATE_KILL_RUNS")?.unwrap_or(1).div_ceil(50).max(1);
    let base = number("ROWGATE_KILL_SEED")?.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    println!("{runs} runs, seeds {base} to {}", base + runs - 1);
    let lane = Lane::open().await?;
    for seed in base..base + runs {
        let started = Instant::now();
        let plan = Plan::storm(seed);
        println!("{plan:?}");
        let report = lane
            .run(&plan)
            .await
            .with_context(|| format!("seed {seed}; again: make kill-test SEED={seed}"))?;
        println!("seed {seed} passed in {} s: {report}", started.elapsed().as_secs());
    }
    Ok(())
}
