//! Everything that disturbs a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use testkit::{MariaDb, TestDatabase};
use tokio::time::sleep;

use crate::content::{KNOWN_REFERENCES, Table};
use crate::fleet::Fleet;
use crate::plan::{Blow, Crash, Locks, Strike};

/// What a storm has done.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    pub(crate) kills: AtomicU32,
    pub(crate) stops: AtomicU32,
    pub(crate) crashes: AtomicU32,
    pub(crate) locks: AtomicU32,
}

/// Strikes processes at work, one after the other. `whole` is what an undisturbed load takes.
pub(crate) async fn strike(fleet: Arc<Fleet>, strikes: Vec<Strike>, whole: Duration, damage: Arc<Damage>) {
    for strike in strikes {
        while fleet.working().is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
        sleep(whole.mul_f64(strike.after)).await;
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
    mariadb: Arc<MariaDb>,
    crashes: Vec<Crash>,
    whole: Duration,
    calm: Arc<AtomicBool>,
    damage: Arc<Damage>,
) -> Result<()> {
    for crash in crashes {
        sleep(whole.mul_f64(crash.after)).await;
        if calm.load(Ordering::SeqCst) {
            break;
        }
        mariadb.kill()?;
        damage.crashes.fetch_add(1, Ordering::Relaxed);
        sleep(crash.down).await;
        let mariadb = Arc::clone(&mariadb);
        tokio::task::spawn_blocking(move || mariadb.start_again()).await??;
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
        conn.query_drop("INSERT INTO storm_ballast SELECT seq FROM seq_1_to_3000").await?;
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
