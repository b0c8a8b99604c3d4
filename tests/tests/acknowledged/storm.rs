//! Everything that disturbs the functions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use mysql_async::prelude::Queryable;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Loss, Operation, Rule};
use testkit::{DatabaseServer, TestDatabase};
use tokio::time::sleep;

use crate::fleet::Fleet;

/// What storms have done.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    pub(crate) kills: AtomicU32,
    pub(crate) stops: AtomicU32,
    pub(crate) crashes: AtomicU32,
    pub(crate) aged: AtomicU64,
}

/// What goes wrong between the functions and the Data API.
pub(crate) fn faults(seed: u64) -> Faults {
    let commits = |loss| Rule::new(Effect::LoseAnswer(loss)).on(Operation::CommitTransaction);
    let mut faults = Faults { seed, latency_ms: 1, ..Faults::default() }
        .with(commits(Loss::Drop).rate(0.08))
        .with(commits(Loss::GatewayTimeout).rate(0.04))
        .with(Rule::new(Effect::DelayMs(400)).on(Operation::CommitTransaction).rate(0.05))
        .with(Rule::new(Effect::DelayMs(120)).rate(0.05));
    for effect in [
        Effect::Error(ErrorKind::ThrottlingException),
        Effect::Error(ErrorKind::ServiceUnavailableError),
        Effect::Error(ErrorKind::InternalServerErrorException),
        Effect::DropRequest,
        Effect::LoseAnswer(Loss::Drop),
    ] {
        faults = faults.with(Rule::new(effect).rate(0.006));
    }
    faults
}

/// Kills and stops processes, for as long as it is polled.
pub(crate) async fn strike(fleet: Arc<Fleet>, seed: u64, damage: Arc<Damage>) {
    let mut random = Rng::with_seed(seed);
    loop {
        sleep(Duration::from_millis(random.u64(20..=250))).await;
        let processes = fleet.processes();
        let Some(victim) = processes.get(random.usize(..processes.len().max(1))) else { continue };
        if random.u8(..3) > 0 {
            victim.kill();
            damage.kills.fetch_add(1, Ordering::Relaxed);
        } else {
            victim.stop();
            damage.stops.fetch_add(1, Ordering::Relaxed);
            let (process, time) = (Arc::clone(victim), Duration::from_millis(random.u64(50..=2_000)));
            tokio::spawn(async move {
                sleep(time).await;
                process.go_on();
            });
        }
    }
}

/// Lets the leases of some keys end whose requests have not ended, dead or alive: the minute that they have passes. For as long as
/// it is polled.
pub(crate) async fn age(database: Arc<TestDatabase>, seed: u64, damage: Arc<Damage>) {
    let mut random = Rng::with_seed(seed);
    loop {
        sleep(Duration::from_millis(50)).await;
        // The database may be down, or the record locked by the request.
        if let Ok(aged) = age_some(&database, &mut random).await {
            damage.aged.fetch_add(aged, Ordering::Relaxed);
        }
    }
}

async fn age_some(database: &TestDatabase, random: &mut Rng) -> Result<u64> {
    let mut conn = database.connect().await?;
    conn.query_drop("SET innodb_lock_wait_timeout = 1").await?;
    let sql = "SELECT record_id FROM rowgate_idempotency_keys WHERE status IS NULL AND leased_until > UTC_TIMESTAMP(3)";
    let records: Vec<String> = conn.query(sql).await?;
    let mut aged = 0;
    for record in records {
        if random.u8(..4) == 0 {
            let sql = "UPDATE rowgate_idempotency_keys SET leased_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND \
                       WHERE record_id = ? AND status IS NULL";
            conn.exec_drop(sql, (record,)).await?;
            aged += conn.affected_rows();
        }
    }
    conn.disconnect().await?;
    Ok(aged)
}

/// Kills the database's server and starts it again. Not to be dropped half way: the server would stay away.
///
/// # Errors
/// When it does not start again.
pub(crate) async fn crash(
    database_server: Arc<DatabaseServer>,
    down: Duration,
    damage: &Damage,
) -> Result<()> {
    database_server.kill()?;
    damage.crashes.fetch_add(1, Ordering::Relaxed);
    sleep(down).await;
    tokio::task::spawn_blocking(move || database_server.start_again()).await?
}
