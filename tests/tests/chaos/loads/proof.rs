//! Proves that the oracle can fail, and what a run is too short for.

use std::time::Duration;

use anyhow::{Result, bail};

use super::Loads;
use super::content::Table;
use super::plan::{Mode, Plan, Tampering};
use super::run::Lane;
use crate::plan::ApiFault;
use crate::proof::each_is_noticed;

/// About how many calls of the Data API a chunk takes.
const PACE: f64 = 5.0;
/// Runs within which a broken promise must be noticed.
const TRIES: u64 = 30;

async fn lane(loads: &Loads) -> Result<Lane> {
    Lane::open(loads.place.lane().await?, &loads.endpoint).await
}

/// A run is over when its time is; a paused cluster takes up to half a minute.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_takes_half_a_minute_to_resume_is_waited_for() -> Result<()> {
    let mut plan = Plan::draw(1).calm();
    plan.phase.api = vec![ApiFault::Resuming(30_000)];
    (plan.disturbed, plan.invocation) = (Duration::from_secs(60), Duration::from_secs(60));
    let loads = Loads::find()?;
    let lane = lane(&loads).await?;
    let ran = lane.run(&plan, PACE).await?;
    assert!(ran.faults > 0, "the database was there at once");
    lane.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_outside_the_transaction_are_noticed() -> Result<()> {
    notices(&["ALTER TABLE employees ENGINE = MyISAM", "ALTER TABLE departments ENGINE = MyISAM"]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_outside_the_transaction_is_noticed() -> Result<()> {
    notices(&["ALTER TABLE rowgate_load_chunks ENGINE = MyISAM"]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chunk_that_can_be_claimed_twice_is_noticed() -> Result<()> {
    notices(&["ALTER TABLE rowgate_load_chunks DROP PRIMARY KEY, ADD KEY (load_id, chunk_no)"]).await
}

/// Does runs on a database that breaks its promises until one fails.
async fn notices(sabotage: &'static [&'static str]) -> Result<()> {
    let loads = Loads::find()?;
    let lane = lane(&loads).await?;
    for seed in 1..=TRIES {
        let mut plan = Plan::draw(seed);
        // The database itself does not survive this.
        plan.phase.crashes.clear();
        if let Err(error) = lane.run(&Plan { sabotage, ..plan.clone() }, PACE).await {
            println!("noticed in run {seed}: {}", error.root_cause());
            // It was that, and not the run.
            lane.run(&plan, PACE).await?;
            loads.place.forget_logs()?;
            return lane.close().await;
        }
    }
    bail!("{TRIES} runs have noticed nothing")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_changed_behind_the_loaders_back_is_noticed() -> Result<()> {
    let loads = Loads::find()?;
    let lane = lane(&loads).await?;
    let mut plan = Plan::draw(1).calm();
    plan.files[0].mode = Mode::Append;
    plan.files[0].shape.table = Table::Employees;
    (plan.files[0].shape.flawed, plan.files[0].shape.rows) = (0.05, 500);
    lane.run(&plan, PACE).await?;
    let statements = [
        "DELETE FROM employees ORDER BY id DESC LIMIT 1",
        "UPDATE employees SET job_id = 19 WHERE job_id <> 19 ORDER BY id LIMIT 1",
        "INSERT INTO employees VALUES (3000000, 'x', '2000-01-01', 1, 1)",
        "UPDATE rowgate_loads SET rows_loaded = rows_loaded - 1, rows_rejected = rows_rejected + 1",
        "UPDATE rowgate_loads SET status = 'failed', error = 'nothing could be loaded'",
        "UPDATE rowgate_load_chunks SET rows_loaded = rows_loaded + 1 WHERE chunk_no = 1",
        "UPDATE rowgate_load_chunks SET rows_skipped = rows_skipped + 1 WHERE chunk_no = 1",
        "UPDATE rowgate_load_chunks SET reject_reasons = REPLACE(reject_reasons, '\"count\":', '\"count\":1')",
        "UPDATE rowgate_load_chunks SET end_byte = end_byte + 1 WHERE chunk_no = 1",
        "DELETE FROM rowgate_load_chunks WHERE chunk_no = 2",
        "CREATE TABLE rowgate_new_1 LIKE employees",
        "ALTER TABLE employees DROP KEY employees_by_job",
    ];
    let files = [Tampering::RemovedRejects, Tampering::RepeatedReject, Tampering::SurplusRejects];
    each_is_noticed(statements.map(Tampering::Sql).into_iter().chain(files), async |tampering| {
        lane.run(&Plan { tampering: Some(tampering), ..plan.clone() }, PACE).await
    })
    .await?;
    loads.place.forget_logs()?;
    lane.close().await
}
