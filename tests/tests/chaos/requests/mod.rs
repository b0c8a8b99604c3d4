//! Requests: the tables hold what was answered. A hundred clients send a thousand requests at once
//! and repeat each until it is answered, a POST with its `Idempotency-Key`. In the end the tables
//! hold what the answers say (no row twice, none missing, none that no answer acknowledged), and
//! every key still replays its answer.

mod client;
mod fleet;
mod oracle;
mod proof;
mod run;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use self::run::Plan;
use crate::lane::{Lane, Place};
use crate::runs::{Harness, Tally, run_all};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn chaos_requests() -> Result<()> {
    run_all(&Requests(place()?)).await
}

fn place() -> Result<Place> {
    Place::find("chaos-requests", &["insert-api"])
}

struct Requests(Place);

impl Harness for Requests {
    const RUNS: u64 = 1;
    const LANES: u64 = 1;
    const SLOW: Duration = Duration::from_secs(120);
    const SHARE: u64 = 50;

    type Lane = Lane;

    async fn open(&self, _number: u64) -> Result<Lane> {
        self.0.lane().await
    }

    async fn run(&self, lane: &Lane, seed: u64) -> Result<Arc<Tally>> {
        run::run(lane, &Plan::draw(seed)).await
    }
}
