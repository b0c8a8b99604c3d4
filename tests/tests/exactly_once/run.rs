//! One run: a file is dropped, the storm rages, and when all is quiet everything must be as if nothing had been.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;
use testkit::{DatabaseServer, TestDatabase, numbers};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::bucket::Bucket;
use crate::check::{self, ledger, nothing_left, schema};
use crate::content::{Content, KNOWN_REFERENCES, Rows, Shape, Table};
use crate::fleet::Fleet;
use crate::oracle::cut;
use crate::plan::{File, Mode, Plan, Tampering};
use crate::queue::Queue;
use crate::storm::{self, Damage, Progress};
use crate::verdict::{self, Dropped};

/// The least that the loader takes for the size of a chunk.
const MIN_CHUNK_BYTES: u64 = 1024;
/// No run may take longer, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(40);

/// Where runs take place, one after the other: a MariaDB of their own, which they may kill, and a queue.
pub(crate) struct Lane {
    database_server: Arc<DatabaseServer>,
    queue: Queue,
    endpoint: String,
    program: PathBuf,
    /// Where the output of each run's functions goes.
    logs: PathBuf,
}

/// What a run was like.
#[derive(Debug)]
pub(crate) struct Report {
    /// Calls of the Data API until the loads had ended or the storm was over.
    pub(crate) calls: u64,
    pub(crate) chunks: u64,
    pub(crate) invocations: u32,
    pub(crate) redrives: u32,
    pub(crate) kills: u32,
    pub(crate) stops: u32,
    pub(crate) crashes: u32,
    pub(crate) locks: u32,
    pub(crate) faults: u64,
}

impl Lane {
    pub(crate) async fn open(endpoint: &str, name: &str, program: &Path, logs: &Path) -> Result<Self> {
        // A write of the data that a kill cuts in two must not be the end of the data.
        let database_server =
            tokio::task::spawn_blocking(|| DatabaseServer::start_with(&["--innodb-doublewrite=ON"]));
        let queue = Queue::create(endpoint, name).await?;
        Ok(Self {
            database_server: Arc::new(database_server.await??),
            queue,
            endpoint: endpoint.to_owned(),
            program: program.to_owned(),
            logs: logs.to_owned(),
        })
    }

    pub(crate) async fn close(self) -> Result<()> {
        self.queue.remove().await
    }

    /// Does one run. `pace` is how many calls of the Data API an undisturbed chunk takes.
    pub(crate) async fn run(&self, plan: &Plan, pace: f64) -> Result<Report> {
        let logs = self.logs.join(format!("{}-{}", plan.seed, fastrand::u32(..)));
        std::fs::create_dir_all(&logs)?;
        let database = TestDatabase::start_on(Arc::clone(&self.database_server), |config| {
            config.limits.transaction_idle = plan.transaction_idle;
            config.limits.call = Duration::from_secs(5);
            config.on_error = plan.on_error;
            config.session_init.push(format!("SET innodb_lock_wait_timeout = {}", plan.lock_wait));
        });
        let database = Arc::new(database.await?);
        // One for each run: the local cloud takes long over buckets that have seen many objects.
        let bucket = Bucket::create(&format!("exactly-once-{:016x}", fastrand::u64(..)), &self.queue).await?;
        let run = Run { lane: self, plan, bucket, database: Arc::clone(&database), logs: logs.clone(), pace };
        let report = tokio::time::timeout(LIMIT, run.go()).await.context("the run has not ended in time");
        let report = match report.flatten() {
            Ok(report) => report,
            Err(error) => return Err(run.explained(error).await),
        };
        let Run { bucket, .. } = run;
        bucket.remove().await?;
        std::fs::remove_dir_all(&logs)?;
        // Its end drops what it holds, with a program that is waited for.
        tokio::task::spawn_blocking(move || drop(database)).await?;
        Ok(report)
    }
}

struct Run<'l> {
    lane: &'l Lane,
    plan: &'l Plan,
    bucket: Bucket,
    database: Arc<TestDatabase>,
    logs: PathBuf,
    pace: f64,
}

impl Run<'_> {
    async fn go(&self) -> Result<Report> {
        let Self { lane, plan, database, .. } = self;
        // What a run that failed has left.
        lane.queue.purge().await?;
        let mut random = Rng::with_seed(plan.seed ^ 0xF11E);
        let mut contents = Vec::new();
        for file in &plan.files {
            contents.push(file.shape.make(&mut random)?);
        }
        let before = self.prepare(&contents[0], &mut random).await?;
        let schema = schema(database).await?;
        let chunk_bytes = (contents[0].length / plan.chunks).max(MIN_CHUNK_BYTES);
        let keys: Vec<String> = plan.files.iter().map(|file| key(plan.seed, file)).collect();
        let mut events = Vec::new();
        for (key, content) in keys.iter().zip(&contents) {
            self.bucket.put(key, content.object.clone()).await?;
            events.push(self.event().await?);
        }
        let first_messages = u32::from(plan.twins) + u32::try_from(events.len())? - 1;

        let fleet = Arc::new(Fleet::new(
            lane.queue.clone(),
            lane.program.clone(),
            self.environment(chunk_bytes),
            self.logs.clone(),
            plan.invocation,
            &plan.short_invocations,
        ));
        // However this ends, the functions end with it.
        let _end = EndOf(Arc::clone(&fleet));
        let damage = Arc::new(Damage::default());
        database.data_api().set(plan.faults());
        let mut working = tokio::spawn({
            let fleet = Arc::clone(&fleet);
            async move { fleet.work().await }
        });
        let chunks: u64 = contents.iter().map(|content| content.length.div_ceil(chunk_bytes)).sum();
        #[expect(clippy::cast_precision_loss, reason = "some dozens")]
        let whole = self.pace * chunks as f64;
        let progress = Progress { data_api: database.data_api().clone(), whole };
        let storm = self.storm(&fleet, &contents[0], &progress, &damage);
        let calm = Arc::clone(&storm.calm);
        let quiet = async {
            for _ in 0..plan.twins {
                lane.queue.send(&events[0]).await?;
            }
            if let [_, event] = &events[..] {
                progress.reach(plan.files[1].after).await;
                lane.queue.send(event).await?;
            }
            self.until_quiet(&fleet, first_messages).await?;
            let calls = database.data_api().calls();
            let mut messages = first_messages;
            for event in (0..plan.repetitions).flat_map(|_| &events) {
                lane.queue.send(event).await?;
                messages += 1;
            }
            self.until_quiet(&fleet, messages).await?;
            calm.store(true, Ordering::SeqCst);
            anyhow::Ok(calls)
        };
        let (calls, faults) = tokio::select! {
            ended = async { tokio::join!(quiet, storm.rage()) } => ended,
            ended = &mut working => bail!("the functions stopped working: {ended:?}"),
        };
        let (calls, faults) = (calls?, faults?);
        fleet.end();
        working.await??;
        self.until_no_transaction().await?;
        if let Some(tampering) = plan.tampering {
            let done = self.tamper(tampering).await;
            // An error would pass for something noticed.
            assert!(done.is_ok(), "{tampering:?}: {done:?}");
        }
        self.check(&contents, &before, &keys, chunk_bytes).await?;
        nothing_left(database, &schema).await?;
        fleet.audit().await?;
        Ok(Report {
            calls,
            chunks,
            invocations: fleet.invocations.load(Ordering::Relaxed),
            redrives: fleet.redrives.load(Ordering::Relaxed),
            kills: damage.kills.load(Ordering::Relaxed),
            stops: damage.stops.load(Ordering::Relaxed),
            crashes: damage.crashes.load(Ordering::Relaxed),
            locks: damage.locks.load(Ordering::Relaxed),
            faults,
        })
    }

    /// Migrates the database and puts in what is there before; gives the rows of the file's table.
    async fn prepare(&self, content: &Content, random: &mut Rng) -> Result<Rows> {
        let database = &self.database;
        database.migrate().await?;
        for sql in self.plan.sabotage {
            let done = database.sql(sql).await;
            assert!(done.is_ok(), "{sql}: {done:?}");
        }
        database.sql("CREATE TABLE storm_ballast (id INT PRIMARY KEY)").await?;
        let references = match content.table {
            Table::Employees => [("departments", "Department"), ("jobs", "Job")].as_slice(),
            Table::Departments => &[],
        };
        for (table, name) in references {
            let rows =
                format!("SELECT seq, CONCAT('{name} ', seq) FROM {}", numbers(KNOWN_REFERENCES.try_into()?));
            database.sql(&format!("INSERT INTO {table} {rows}")).await?;
        }
        let mut before = Rows::new();
        for record in &content.records {
            if let Some(id) = record.id
                && random.f64() < self.plan.taken
            {
                before.insert(id, cells_before(content.table, id));
            }
        }
        // Some that the file knows nothing of.
        before.extend([2_000_000, 2_000_001].map(|id| (id, cells_before(content.table, id))));
        let values: Vec<String> =
            before.iter().map(|(id, cells)| format!("({id}, '{}')", cells.join("', '"))).collect();
        database.sql(&format!("INSERT INTO {} VALUES {}", content.table.name(), values.join(", "))).await?;
        Ok(before)
    }

    /// The event of the file that was dropped, as the bucket tells it.
    async fn event(&self) -> Result<String> {
        let started = Instant::now();
        loop {
            if let Some(message) = self.lane.queue.receive().await? {
                self.lane.queue.delete(&message).await?;
                // The test event of a bucket whose notifications were just switched on.
                if message.body.contains("ObjectCreated") {
                    return Ok(message.body);
                }
            }
            ensure!(started.elapsed() < Duration::from_secs(20), "the bucket tells nothing");
            sleep(POLL).await;
        }
    }

    fn environment(&self, chunk_bytes: u64) -> Vec<(String, OsString)> {
        let target = self.database.target();
        [
            ("AWS_ENDPOINT_URL", self.lane.endpoint.clone()),
            ("AWS_ENDPOINT_URL_RDS_DATA", self.database.data_api_url()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("ROWGATE_CLUSTER_ARN", target.cluster_arn),
            ("ROWGATE_SECRET_ARN", target.secret_arn),
            ("ROWGATE_DATABASE", target.database),
            ("ROWGATE_BUCKET", self.bucket.name.clone()),
            ("ROWGATE_QUEUE_URL", self.lane.queue.url.clone()),
            ("ROWGATE_CHUNK_BYTES", chunk_bytes.to_string()),
            ("ROWGATE_LANES", self.plan.lanes.to_string()),
            ("RUST_BACKTRACE", "1".to_owned()),
            ("ROWGATE_MAX_REJECTS", if self.plan.takes_rejects { "100%" } else { "" }.to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
    }

    fn storm<'r>(
        &'r self,
        fleet: &Arc<Fleet>,
        content: &Content,
        progress: &Progress,
        damage: &Arc<Damage>,
    ) -> Storm<'r> {
        let plan = self.plan;
        let calm = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        tasks.spawn(storm::strike(
            Arc::clone(fleet),
            plan.strikes.clone(),
            progress.clone(),
            Arc::clone(damage),
        ));
        if let Some(locks) = plan.locks {
            let ids: BTreeSet<i64> = content.records.iter().filter_map(|record| record.id).collect();
            let random = Rng::with_seed(plan.seed ^ 0x10C5);
            tasks.spawn(storm::lock(
                Arc::clone(&self.database),
                content.table,
                ids.into_iter().collect(),
                locks,
                random,
                Arc::clone(damage),
            ));
        }
        let crashes = tokio::spawn(storm::crash(
            Arc::clone(&self.lane.database_server),
            plan.crashes.clone(),
            progress.clone(),
            Arc::clone(&calm),
            Arc::clone(damage),
        ));
        Storm { run: self, tasks, crashes, calm }
    }

    /// Waits until so many messages have come for the first time and none is left.
    async fn until_quiet(&self, fleet: &Fleet, messages: u32) -> Result<()> {
        loop {
            let come = fleet.first_receives.load(Ordering::SeqCst);
            if come >= messages && self.lane.queue.len().await? == 0 {
                return Ok(());
            }
            sleep(POLL).await;
        }
    }

    /// Waits until the transactions that killed functions left open have ended.
    async fn until_no_transaction(&self) -> Result<()> {
        let started = Instant::now();
        let sql = "SELECT COUNT(*) FROM information_schema.innodb_trx t \
                   JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE()";
        loop {
            let (open, running) = (self.database.open_transactions(), self.database.value(sql).await?);
            if open == 0 && running == "0" {
                return Ok(());
            }
            let patience = self.plan.transaction_idle + Duration::from_secs(10);
            ensure!(started.elapsed() < patience, "{open} transactions are open, {running} run");
            sleep(POLL).await;
        }
    }

    async fn check(
        &self,
        contents: &[Content],
        before: &Rows,
        keys: &[String],
        chunk_bytes: u64,
    ) -> Result<()> {
        let mut dropped = Vec::new();
        for ((file, content), key) in self.plan.files.iter().zip(contents).zip(keys) {
            let mut loads = ledger(&self.database, key).await?;
            let Some(ledger) = loads.pop().filter(|_| loads.is_empty()) else {
                bail!("{key} has {} loads too many, or none", loads.len());
            };
            let (mode, tag, takes_rejects) = (file.mode, file.shape.tag, self.plan.takes_rejects);
            let chunks = cut(content, chunk_bytes);
            dropped.push(Dropped { mode, tag, takes_rejects, content, ledger, chunks });
        }
        let table = check::rows(&self.database, contents[0].table).await?;
        verdict::check(&self.bucket, before, &table, &dropped).await
    }

    /// Changes something that the checks must notice.
    async fn tamper(&self, tampering: Tampering) -> Result<()> {
        let bucket = &self.bucket;
        let sql = "SELECT MAX(rejects_key) FROM rowgate_load_chunks";
        match tampering {
            Tampering::Sql(sql) => self.database.sql(sql).await.map(drop),
            Tampering::RemovedRejects => bucket.delete(&self.database.value(sql).await?).await,
            Tampering::RepeatedReject => {
                let key = self.database.value(sql).await?;
                let mut file = bucket.get(&key).await?;
                let last =
                    file.trim_ascii_end().iter().rposition(|byte| *byte == b'\n').context("a record")?;
                file.extend_from_within(last + 1..);
                bucket.put(&key, file).await.map(drop)
            }
            Tampering::SurplusRejects => {
                let key = self.database.value(sql).await?;
                bucket.put(&format!("{key}.old"), b"id\r\n".to_vec()).await.map(drop)
            }
        }
    }

    /// An error with what helps to understand it.
    async fn explained(&self, error: anyhow::Error) -> anyhow::Error {
        let loads = self.database.sql("SELECT * FROM rowgate_loads").await;
        error.context(format!(
            "{:?}\nthe ledger: {loads:?}\nthe functions' output: {}",
            self.plan,
            self.logs.display()
        ))
    }
}

/// Ends a fleet when it goes.
struct EndOf(Arc<Fleet>);

impl Drop for EndOf {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// What disturbs a run.
struct Storm<'r> {
    run: &'r Run<'r>,
    tasks: JoinSet<()>,
    crashes: tokio::task::JoinHandle<Result<()>>,
    /// Set when it is to be over.
    calm: Arc<AtomicBool>,
}

impl Storm<'_> {
    /// Waits until it is over; gives the number of faults that the Data API had.
    async fn rage(mut self) -> Result<u64> {
        let started = Instant::now();
        while started.elapsed() < self.run.plan.storm && !self.calm.load(Ordering::SeqCst) {
            sleep(POLL).await;
        }
        self.calm.store(true, Ordering::SeqCst);
        self.tasks.shutdown().await;
        let faults = self.run.database.data_api().injected();
        self.run.database.data_api().clear();
        self.crashes.await??;
        Ok(faults)
    }
}

fn key(seed: u64, file: &File) -> String {
    let Shape { table, tag, format, .. } = &file.shape;
    let folder = if file.mode == Mode::Append { String::new() } else { format!("{}/", file.mode.name()) };
    format!("incoming/{}/{folder}run-{seed}-{tag}.{}", table.name(), format.ending())
}

fn cells_before(table: Table, id: i64) -> Vec<String> {
    let mut cells = vec![format!("there before, {id}")];
    if table == Table::Employees {
        cells.extend(["1999-12-31 23:59:59", "1", "1"].map(str::to_owned));
    }
    cells
}
