//! One run: clients send their requests among faults; then the database is checked against their
//! answers, and every key must still replay its answer.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use mysql_async::prelude::Queryable;
use testkit::TestDatabase;
use testkit::local_data_api::OnError;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::client::{Client, World};
use super::fleet::Fleet;
use super::oracle::{Expected, check};
use crate::faults::{crash, hit};
use crate::fleet::{OnDrop, Programs, environment};
use crate::gateway::keys;
use crate::lane::{Lane, Setup, no_transaction, tamper};
use crate::plan::{ApiFault, Blow, Phase};
use crate::runs::Tally;

const LIMIT: Duration = Duration::from_secs(400);
const TRANSACTION_IDLE: Duration = Duration::from_millis(1_500);

/// A run. Printed if it fails.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) clients: u64,
    /// Requests of each client.
    pub(super) requests: u64,
    /// The faults of the Data API; the others are drawn on the way. `None` for no faults at all.
    pub(super) phase: Option<Phase>,
    /// The effect of a failed statement on its transaction.
    pub(super) on_error: OnError,
    pub(super) tampering: Option<Tampering>,
}

/// A change after the answers; the oracle must notice.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tampering {
    /// Executes a statement after the last answer.
    Sql(&'static str),
    /// Sends each POST without its key, and again because its first answer is lost.
    Keyless,
}

impl Plan {
    pub(super) fn draw(seed: u64) -> Self {
        let on_error = if Rng::with_seed(seed).bool() { OnError::Abort } else { OnError::Keep };
        let api = vec![
            ApiFault::LostCommits(0.12),
            ApiFault::SlowCommits(0.05, 400),
            ApiFault::SlowCalls(0.05, 120),
            ApiFault::FailedCalls(0.006),
            ApiFault::Latency(1),
        ];
        let phase = Some(Phase { seed, api, ..Phase::default() });
        Self { seed, clients: 100, requests: 10, phase, on_error, tampering: None }
    }

    /// Returns the same run without faults.
    pub(super) fn calm(self) -> Self {
        Self { phase: None, ..self }
    }
}

/// Does one run.
pub(super) async fn run(lane: &Lane, plan: &Plan) -> Result<Arc<Tally>> {
    let setup = Setup {
        seed: plan.seed,
        plan,
        limit: LIMIT,
        transaction_idle: TRANSACTION_IDLE,
        call: Duration::from_secs(45),
        on_error: plan.on_error,
        lock_wait: 3,
        ledger: &[],
    };
    lane.run(setup, async |database, logs| {
        let fleet = fleet(lane, database, logs);
        let _end = OnDrop(|| fleet.end());
        let (tally, database) = (Arc::default(), Arc::clone(database));
        let run = Run { lane, plan, database, fleet: Arc::clone(&fleet), tally };
        run.run().await?;
        Ok(run.tally)
    })
    .await
}

fn fleet(lane: &Lane, database: &TestDatabase, logs: PathBuf) -> Arc<Fleet> {
    let environment = environment(database, [keys()]);
    Fleet::new(Programs { folder: lane.programs.clone(), environment, logs })
}

struct Run<'l> {
    lane: &'l Lane,
    plan: &'l Plan,
    database: Arc<TestDatabase>,
    fleet: Arc<Fleet>,
    tally: Arc<Tally>,
}

impl Run<'_> {
    async fn run(&self) -> Result<()> {
        let Self { plan, database, fleet, tally, .. } = self;
        database.migrate_with(testkit::hr::folder()).await?;
        let world = Arc::new(World {
            fleet: Arc::clone(fleet),
            seed: plan.seed,
            clients: plan.clients,
            requests: plan.requests,
            is_calm: plan.phase.is_none(),
            is_keyless: matches!(plan.tampering, Some(Tampering::Keyless)),
            doomed: Mutex::default(),
            answered: AtomicU64::new(0),
            tally: Arc::clone(tally),
        });
        let mut clients = JoinSet::new();
        for number in 0..plan.clients {
            clients.spawn(Client::new(Arc::clone(&world), number).run());
        }
        let mut expected = Expected::default();
        let injection = self.inject();
        let answers = async {
            while let Some(done) = clients.join_next().await {
                expected.add(done??);
            }
            anyhow::Ok(())
        };
        tokio::try_join!(self.crash(&world), answers)?;
        drop(injection);
        tally.count("faults", database.data_api().injected());
        database.data_api().clear();
        fleet.until_quiet().await?;
        no_transaction(database, TRANSACTION_IDLE).await?;

        if let Some(Tampering::Sql(sql)) = plan.tampering {
            tamper(database, sql).await;
        }
        check(database, &expected).await?;
        self.replay(&expected).await?;
        check(database, &expected).await.context("after every key was sent again")?;
        tally.count("requests", world.answered.load(Ordering::SeqCst));
        tally.count("invocations", fleet.invocations());
        tally.count("keys replayed", expected.keyed.len() as u64);
        Ok(())
    }

    /// Starts the faults, which end when the set is dropped.
    fn inject(&self) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        if let Some(phase) = &self.plan.phase {
            let (seed, tally) = (self.plan.seed, &self.tally);
            self.database.data_api().set(phase.faults());
            tasks.spawn(strike(Arc::clone(&self.fleet), seed, Arc::clone(tally)));
            tasks.spawn(expire_leases(Arc::clone(&self.database), seed, Arc::clone(tally)));
        }
        tasks
    }

    /// Crashes the database after a third and after two thirds of the requests.
    async fn crash(&self, world: &World) -> Result<()> {
        for third in 1..=if world.is_calm { 0 } else { 2 } {
            while world.answered.load(Ordering::SeqCst) < world.clients * world.requests * third / 3 {
                sleep(Duration::from_millis(20)).await;
            }
            crash(&self.lane.server, Duration::from_millis(200), &self.tally).await?;
        }
        Ok(())
    }

    /// Sends every request with a key once more, and checks that it gets the same answer.
    async fn replay(&self, expected: &Expected) -> Result<()> {
        for some in expected.keyed.chunks(16) {
            let mut replays = JoinSet::new();
            for (request, first) in some.iter().cloned() {
                let fleet = Arc::clone(&self.fleet);
                replays.spawn(async move {
                    let reply = fleet.ask(&request, None, false).await?.reply.context("no answer")?;
                    ensure!(
                        (reply.status, &reply.text, reply.header("idempotency-replayed"))
                            == (first.status, &first.text, "true"),
                        "{request:?} had {first:?} and now {reply:?}"
                    );
                    Ok(())
                });
            }
            while let Some(replayed) = replays.join_next().await {
                replayed??;
            }
        }
        Ok(())
    }
}

/// Kills and stops processes, at work or not, for as long as it is polled.
async fn strike(fleet: Arc<Fleet>, seed: u64, tally: Arc<Tally>) {
    let mut random = Rng::with_seed(seed);
    loop {
        sleep(Duration::from_millis(random.u64(20..=250))).await;
        let processes = fleet.processes();
        let Some(victim) = processes.get(random.usize(..processes.len().max(1))) else { continue };
        let time = Duration::from_millis(random.u64(50..=2_000));
        let blow = if random.u8(..3) > 0 { Blow::Kill } else { Blow::Stop { time, redelivered: false } };
        hit(victim, blow, &tally);
    }
}

/// Ends the leases of some keys whose requests have not ended, dead or alive, as if their minute
/// had passed; for as long as it is polled.
async fn expire_leases(database: Arc<TestDatabase>, seed: u64, tally: Arc<Tally>) {
    let mut random = Rng::with_seed(seed);
    loop {
        sleep(Duration::from_millis(50)).await;
        // The database may be down, or the record locked by the request.
        if let Ok(expired) = expire_some(&database, &mut random).await {
            tally.count("leases ended", expired);
        }
    }
}

async fn expire_some(database: &TestDatabase, random: &mut Rng) -> Result<u64> {
    let mut conn = database.connect().await?;
    conn.query_drop("SET innodb_lock_wait_timeout = 1").await?;
    let sql = "SELECT record_id FROM rowgate_idempotency_keys WHERE status IS NULL AND leased_until > UTC_TIMESTAMP(3)";
    let records: Vec<String> = conn.query(sql).await?;
    let mut expired = 0;
    for record in records {
        if random.u8(..4) == 0 {
            let sql = "UPDATE rowgate_idempotency_keys SET leased_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND \
                       WHERE record_id = ? AND status IS NULL";
            conn.exec_drop(sql, (record,)).await?;
            expired += conn.affected_rows();
        }
    }
    conn.disconnect().await?;
    Ok(expired)
}
