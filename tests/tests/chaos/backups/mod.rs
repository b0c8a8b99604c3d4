//! Backups and restores: a backup is whole or not there, and a table is as it was before a restore
//! or as it was backed up, while others write to the tables.

mod avro;
mod backup;
mod fleet;
mod plan;
mod proof;
mod restore;
mod run;
mod tables;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use self::plan::Plan;
use crate::lane::{Lane, Place};
use crate::runs::{Harness, Tally, run_all};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn chaos_backups() -> Result<()> {
    run_all(&Backups(place()?)).await
}

fn place() -> Result<Place> {
    Place::find("chaos-backups", &["backup", "restore"])
}

struct Backups(Place);

impl Harness for Backups {
    const RUNS: u64 = 30;
    const LANES: u64 = 3;
    const SLOW: Duration = Duration::from_secs(40);

    type Lane = Lane;

    async fn open(&self, _number: u64) -> Result<Lane> {
        self.0.lane().await
    }

    async fn run(&self, lane: &Lane, seed: u64) -> Result<Arc<Tally>> {
        run::run(lane, &Plan::draw(seed), None).await
    }
}
