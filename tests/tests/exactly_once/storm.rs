//! Everything that disturbs a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use fastrand::Rng;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use testkit::local_data_api::FaultHandle;
use testkit::numbers;
use testkit::{DatabaseServer, TestDatabase};
use tokio::time::sleep;

use crate::content::{KNOWN_REFERENCES, Table};
use crate::fleet::Fleet;
use crate::plan::{Blow, Crash, Locks, Strike};

/// After so long without a call nobody expects another.
const STANDSTILL: Duration = Duration::from_secs(2);

/// What a storm has done.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    pub(crate) kills: AtomicU32,
    pub(crate) stops: AtomicU32,
    pub(crate) crashes: AtomicU32,
    pub(crate) locks: AtomicU32,
}

/// How far the loads of a run have come, by the calls that they make of the Data API: unlike time it is the same on a machine
/// that is busy with other things.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    pub(crate) data_api: FaultHandle,
    /// What undisturbed loads would make, about.
    pub(crate) whole: f64,
}

impl Progress {
    /// Waits until this share of the calls is made; not for long once no more are.
    pub(crate) async fn reach(&self, share: f64) {
        let (mut last, mut since) = (0, Instant::now());
        loop {
            let calls = self.data_api.calls();
            #[expect(clippy::cast_precision_loss, reason = "some thousands")]
            let is_reached = calls as f64 >= share * self.whole;
            if is_reached || since.elapsed() > STANDSTILL {
                return;
            }
            if calls > last {
                (last, since) = (calls, Instant::now());
            }
            sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Strikes processes at work, one after the other.
pub(crate) async fn strike(fleet: Arc<Fleet>, strikes: Vec<Strike>, progress: Progress, damage: Arc<Damage>) {
    for strike in strikes {
        progress.reach(strike.after).await;
        sleep(strike.later).await;
        let working = fleet.working();
        let Some(victim) = working.get(strike.which % working.len().max(1)) else { continue };
        match strike.blow {
            Blow::Kill => {
                victim.function.kill();
                damage.kills.fetch_add(1, Ordering::Relaxed);
            }
            Blow::Stop { time, redelivered } => {
                victim.function.stop();
                damage.stops.fetch_add(1, Ordering::Relaxed);
                if redelivered {
                    // As if it had been gone for longer than its message stays away.
                    let _ = fleet.queue.release(&victim.message).await;
                }
                // It goes on while others are struck.
                let function = Arc::clone(&victim.function);
                tokio::spawn(async move {
                    sleep(time).await;
                    function.go_on();
                });
            }
        }
    }
}

/// Kills the database's server and starts it again. Not to be dropped half way: the server would stay away.
///
/// # Errors
/// When it does not start again.
pub(crate) async fn crash(
    database_server: Arc<DatabaseServer>,
    crashes: Vec<Crash>,
    progress: Progress,
    calm: Arc<AtomicBool>,
    damage: Arc<Damage>,
) -> Result<()> {
    for crash in crashes {
        progress.reach(crash.after).await;
        if calm.load(Ordering::SeqCst) {
            break;
        }
        database_server.kill()?;
        damage.crashes.fetch_add(1, Ordering::Relaxed);
        sleep(crash.down).await;
        let database_server = Arc::clone(&database_server);
        tokio::task::spawn_blocking(move || database_server.start_again()).await??;
    }
    Ok(())
}

/// Takes locks on ids of the file in the opposite order and gives them back.
pub(crate) async fn lock(
    database: Arc<TestDatabase>,
    table: Table,
    ids: Vec<i64>,
    locks: Locks,
    mut random: Rng,
    damage: Arc<Damage>,
) {
    for _ in 0..locks.rounds {
        let mut chosen: Vec<i64> = (0..locks.rows).filter_map(|_| random.choice(&ids).copied()).collect();
        chosen.sort_unstable_by(|left, right| right.cmp(left));
        // Whatever happens to it, it has changed nothing: a deadlock, a lock wait, a server that goes away.
        if let Ok(conn) = database.connect().await
            && hold(conn, table, &chosen, locks).await.is_ok()
        {
            damage.locks.fetch_add(1, Ordering::Relaxed);
        }
        sleep(Duration::from_millis(random.u64(..100))).await;
    }
}

async fn hold(mut conn: Conn, table: Table, ids: &[i64], locks: Locks) -> Result<()> {
    conn.query_drop("SET innodb_lock_wait_timeout = 2").await?;
    conn.query_drop("START TRANSACTION").await?;
    if locks.heavy {
        conn.query_drop(format!("INSERT INTO storm_ballast SELECT seq FROM {}", numbers(3000))).await?;
    }
    for id in ids {
        let insert = match table {
            Table::Employees => format!(
                "INSERT IGNORE INTO employees VALUES ({id}, 'storm', '2000-01-01 00:00:00', {KNOWN_REFERENCES}, 1)"
            ),
            Table::Departments => format!("INSERT IGNORE INTO departments VALUES ({id}, 'storm')"),
        };
        conn.query_drop(insert).await?;
        sleep(Duration::from_millis(8)).await;
    }
    sleep(locks.hold).await;
    conn.query_drop("ROLLBACK").await?;
    conn.disconnect().await?;
    Ok(())
}
