//! One run: clients send their requests in a storm; then, in calm, the database is held against what they were told, and every
//! key must still replay its answer.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::{Logs, programs};
use fastrand::Rng;
use testkit::local_data_api::{Faults, OnError};
use testkit::{DatabaseServer, TestDatabase};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

use crate::ask::OPERATOR;
use crate::client::{Client, World};
use crate::fleet::Fleet;
use crate::oracle::{Told, hold};
use crate::storm::{self, Damage};

/// No run may take longer, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(400);
/// How long the Data API lets a transaction lie idle. The service's three minutes would make every run that long: a killed function
/// leaves its transaction open, and that holds the locks until then.
const TRANSACTION_IDLE: Duration = Duration::from_millis(1_500);

/// A run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) clients: u64,
    /// Requests of each client.
    pub(crate) requests: u64,
    pub(crate) is_calm: bool,
    /// Whether a statement that fails ends its transaction.
    pub(crate) on_error: OnError,
    pub(crate) tampering: Option<Tampering>,
}

/// Something done so that what was told is not so any more, for the harness to notice.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tampering {
    /// A statement to the database, after the last answer.
    Sql(&'static str),
    /// POST is sent without its key, and again because its first answer is lost.
    Keyless,
}

impl Plan {
    pub(crate) fn storm(seed: u64) -> Self {
        let on_error = if Rng::with_seed(seed).bool() { OnError::Abort } else { OnError::Keep };
        Self { seed, clients: 100, requests: 10, is_calm: false, on_error, tampering: None }
    }
}

/// Where runs take place: a MariaDB of their own, which they may kill.
pub(crate) struct Lane {
    database_server: Arc<DatabaseServer>,
    program: PathBuf,
    logs: Logs,
}

/// What a run was like.
#[derive(Debug)]
pub(crate) struct Report {
    told: BTreeMap<u16, u64>,
    answered: u64,
    repeated: u64,
    invocations: u64,
    faults: u64,
    keys: usize,
    damage: Arc<Damage>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { told, answered, repeated, invocations, faults, keys, damage } = self;
        let count = |of: &std::sync::atomic::AtomicU32| of.load(Ordering::Relaxed);
        write!(
            f,
            "{answered} requests, {repeated} repeats, {invocations} invocations, {keys} keys replayed; answers {told:?}; \
             {} kills, {} stops, {} crashes of the database, {} leases ended, {faults} faults",
            count(&damage.kills),
            count(&damage.stops),
            count(&damage.crashes),
            damage.aged.load(Ordering::Relaxed),
        )
    }
}

impl Lane {
    pub(crate) async fn open() -> Result<Self> {
        let program = programs(&["insert-api"])?.join("insert-api");
        // A write of the data that a kill cuts in two must not be the end of the data.
        let database_server =
            tokio::task::spawn_blocking(|| DatabaseServer::start_with(&["--innodb-doublewrite=ON"]));
        Ok(Self {
            database_server: Arc::new(database_server.await??),
            program,
            logs: Logs::of("acknowledged")?,
        })
    }

    pub(crate) async fn run(&self, plan: &Plan) -> Result<Report> {
        let folder = self.logs.path().join(format!("{}-{:08x}", plan.seed, fastrand::u32(..)));
        fs::create_dir(&folder)?;
        let log = folder.join("insert-api.log");
        let database = TestDatabase::start_on(Arc::clone(&self.database_server), |config| {
            config.limits.transaction_idle = TRANSACTION_IDLE;
            config.on_error = plan.on_error;
            config.session_init.push("SET innodb_lock_wait_timeout = 3".to_owned());
        });
        let database = Arc::new(database.await?);
        database.migrate().await?;
        let fleet = Fleet::new(self.program.clone(), environment(&database), log.clone());
        let outcome = tokio::time::timeout(LIMIT, self.go(plan, &database, &fleet)).await;
        let outcome = outcome.context("the run has not ended in time").flatten();
        fleet.end();
        // Only where it has not failed: else they say why.
        if outcome.is_ok() || plan.tampering.is_some() {
            fs::remove_dir_all(&folder)?;
        }
        // Its end drops what it holds, with a program that is waited for.
        tokio::task::spawn_blocking(move || drop(database)).await?;
        outcome.with_context(|| format!("the functions' log: {}", log.display()))
    }

    async fn go(&self, plan: &Plan, database: &Arc<TestDatabase>, fleet: &Arc<Fleet>) -> Result<Report> {
        let world = Arc::new(World {
            fleet: Arc::clone(fleet),
            seed: plan.seed,
            clients: plan.clients,
            requests: plan.requests,
            is_calm: plan.is_calm,
            is_keyless: matches!(plan.tampering, Some(Tampering::Keyless)),
            doomed: Mutex::default(),
            answered: AtomicU64::new(0),
            repeated: AtomicU64::new(0),
        });
        let damage = Arc::new(Damage::default());
        let mut clients = JoinSet::new();
        for number in 0..plan.clients {
            clients.spawn(Client::new(Arc::clone(&world), number).run());
        }
        let mut told = Told::default();
        let disturbing = (!plan.is_calm).then(|| self.disturb(plan, database, fleet, &damage));
        let crashing = async {
            if !plan.is_calm {
                self.crash(&world, &damage).await?;
            }
            anyhow::Ok(())
        };
        let answering = async {
            while let Some(done) = clients.join_next().await {
                told.add(done??);
            }
            anyhow::Ok(())
        };
        tokio::try_join!(crashing, answering)?;
        drop(disturbing);
        let faults = database.data_api().injected();
        database.data_api().set(Faults::default());
        fleet.quiet().await?;
        self.no_transaction(database).await?;

        if let Some(Tampering::Sql(sql)) = plan.tampering {
            // An error would pass for something noticed.
            assert_eq!(database.sql(sql).await.map(drop).map_err(|error| error.to_string()), Ok(()), "{sql}");
        }
        hold(database, &told).await?;
        replay(fleet, &told).await?;
        hold(database, &told).await.context("after every key was sent again")?;
        Ok(Report {
            answered: world.answered.load(Ordering::SeqCst),
            repeated: world.repeated.load(Ordering::Relaxed),
            invocations: fleet.invocations.load(Ordering::Relaxed),
            keys: told.keyed.len(),
            told: told.statuses,
            faults,
            damage,
        })
    }

    /// Begins a storm, which ends with what this returns.
    fn disturb(
        &self,
        plan: &Plan,
        database: &Arc<TestDatabase>,
        fleet: &Arc<Fleet>,
        damage: &Arc<Damage>,
    ) -> Disturbing {
        database.data_api().set(storm::faults(plan.seed));
        let strikes = storm::strike(Arc::clone(fleet), plan.seed, Arc::clone(damage));
        let aging = storm::age(Arc::clone(database), plan.seed, Arc::clone(damage));
        Disturbing([tokio::spawn(strikes).abort_handle(), tokio::spawn(aging).abort_handle()])
    }

    /// Kills the database after a third and after two thirds of the requests.
    async fn crash(&self, world: &World, damage: &Damage) -> Result<()> {
        for third in 1..=2 {
            while world.answered.load(Ordering::SeqCst) < world.clients * world.requests * third / 3 {
                sleep(Duration::from_millis(20)).await;
            }
            storm::crash(Arc::clone(&self.database_server), Duration::from_millis(200), damage).await?;
        }
        Ok(())
    }

    /// Waits until the transactions that killed functions left open have ended.
    async fn no_transaction(&self, database: &TestDatabase) -> Result<()> {
        for _ in 0..500 {
            if database.open_transactions() == 0 {
                return Ok(());
            }
            sleep(Duration::from_millis(40)).await;
        }
        anyhow::bail!("{} transactions stay open", database.open_transactions())
    }
}

/// Ends with its handle.
struct Disturbing([AbortHandle; 2]);

impl Drop for Disturbing {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

/// Sends every request with a key once more: it must have the answer that it had.
async fn replay(fleet: &Arc<Fleet>, told: &Told) -> Result<()> {
    for some in told.keyed.chunks(16) {
        let mut asking = JoinSet::new();
        for (ask, first) in some.iter().cloned() {
            let fleet = Arc::clone(fleet);
            asking.spawn(async move {
                let reply = fleet.ask(&ask, None, false).await?.reply.context("no answer in calm")?;
                ensure!(
                    (reply.status, &reply.text, reply.header("idempotency-replayed"))
                        == (first.status, &first.text, "true"),
                    "{ask:?} had {first:?} and now {reply:?}"
                );
                Ok(())
            });
        }
        while let Some(asked) = asking.join_next().await {
            asked??;
        }
    }
    Ok(())
}

fn environment(database: &TestDatabase) -> Vec<(String, OsString)> {
    let target = database.target();
    [
        ("AWS_ENDPOINT_URL_RDS_DATA", database.data_api_url()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("ROWGATE_CLUSTER_ARN", target.cluster_arn),
        ("ROWGATE_SECRET_ARN", target.secret_arn),
        ("ROWGATE_DATABASE", target.database),
        ("ROWGATE_OPERATOR_KEY_ID", OPERATOR.to_owned()),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true".to_owned()),
        ("RUST_BACKTRACE", "1".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.into()))
    .collect()
}
