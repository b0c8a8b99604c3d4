//! Loads: every row counts exactly once. The loader runs between a real bucket, a real queue and a
//! real database, on one file or on two for the same table.

mod bucket;
mod check;
mod content;
mod fleet;
mod oracle;
mod plan;
mod proof;
mod queue;
mod run;
mod verdict;

use std::cell::Cell;
use std::env;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use self::plan::Plan;
use self::run::{Lane, Ran};
use crate::lane::Place;
use crate::runs::{Harness, Tally, run_all};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn chaos_loads() -> Result<()> {
    run_all(&Loads::find()?).await
}

struct Loads {
    place: Place,
    /// The endpoint of the cloud's S3 and SQS.
    endpoint: String,
    /// About how many calls of the Data API an undisturbed chunk takes.
    pace: Cell<f64>,
}

impl Loads {
    fn find() -> Result<Self> {
        let endpoint = env::var("AWS_ENDPOINT_URL").context(
            "AWS_ENDPOINT_URL is not set: `make kill-test` starts a cloud for this test; or start one with \
             `rowgate local up --dir <dir>` and `source <dir>/env`",
        )?;
        Ok(Self { place: Place::find("chaos-loads", &["loader"])?, endpoint, pace: Cell::new(5.0) })
    }
}

impl Harness for Loads {
    const RUNS: u64 = 50;
    const LANES: u64 = 3;
    const SLOW: Duration = Duration::from_secs(20);

    type Lane = Lane;

    /// The first lane measures the pace in a run without faults.
    async fn open(&self, number: u64) -> Result<Lane> {
        let lane = Lane::open(self.place.lane().await?, &self.endpoint).await?;
        if number == 0 {
            let Ran { calls, chunks, .. } =
                lane.run(&Plan::draw(1).calm(), 0.0).await.context("a run without faults")?;
            #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
            self.pace.set(calls as f64 / chunks as f64);
        }
        Ok(lane)
    }

    async fn run(&self, lane: &Lane, seed: u64) -> Result<Arc<Tally>> {
        Ok(lane.run(&Plan::draw(seed), self.pace.get()).await?.tally)
    }

    async fn close(&self, lane: Lane) -> Result<()> {
        lane.close().await
    }
}
