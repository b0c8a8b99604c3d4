//! One run: files are dropped while faults are injected; when all is quiet, the table must be as if
//! there had been none.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use testkit::{TestDatabase, numbers};
use tokio::time::sleep;

use super::bucket::Bucket;
use super::check::{self, ledger};
use super::content::{Content, KNOWN_REFERENCES, Rows, Shape, Table};
use super::fleet::Fleet;
use super::oracle::cut;
use super::plan::{File, Locks, Mode, Plan, Tampering};
use super::queue::Queue;
use super::verdict::{self, Dropped};
use crate::faults::{Injection, Progress};
use crate::fleet::{OnDrop, Programs, environment};
use crate::lane::{self, Setup, no_transaction, nothing_left, schema, tamper};
use crate::runs::Tally;

/// The smallest chunk that the loader takes.
const MIN_CHUNK_BYTES: u64 = 1024;
const LIMIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(40);

/// A lane with a queue.
pub(super) struct Lane {
    lane: lane::Lane,
    queue: Queue,
    endpoint: String,
}

/// A summary of a run.
pub(super) struct Ran {
    /// Calls of the Data API until the loads had ended or the faults were over.
    pub(super) calls: u64,
    pub(super) chunks: u64,
    pub(super) faults: u64,
    pub(super) tally: Arc<Tally>,
}

impl Lane {
    pub(super) async fn open(lane: lane::Lane, endpoint: &str) -> Result<Self> {
        let queue = Queue::create(endpoint, &format!("chaos-loads-{:08x}", fastrand::u32(..))).await?;
        Ok(Self { lane, queue, endpoint: endpoint.to_owned() })
    }

    pub(super) async fn close(self) -> Result<()> {
        self.queue.remove().await
    }

    /// Does one run. `pace` is how many calls of the Data API an undisturbed chunk takes.
    pub(super) async fn run(&self, plan: &Plan, pace: f64) -> Result<Ran> {
        let setup = Setup {
            seed: plan.seed,
            plan,
            limit: LIMIT,
            transaction_idle: plan.transaction_idle,
            call: Duration::from_secs(5),
            on_error: plan.on_error,
            lock_wait: plan.lock_wait,
            ledger: &["rowgate_loads"],
        };
        let run = async |database: &Arc<TestDatabase>, logs: PathBuf| {
            // One for each run: the local cloud is slow with buckets that have seen many objects.
            let name = format!("chaos-loads-{:016x}", fastrand::u64(..));
            let bucket = Bucket::create(&name, &self.queue).await?;
            let run = Run { lane: self, plan, bucket, database: Arc::clone(database), pace };
            let ran = run.run(logs).await?;
            run.bucket.remove().await?;
            Ok(ran)
        };
        self.lane.run(setup, run).await
    }
}

struct Run<'l> {
    lane: &'l Lane,
    plan: &'l Plan,
    bucket: Bucket,
    database: Arc<TestDatabase>,
    pace: f64,
}

impl Run<'_> {
    async fn run(&self, logs: PathBuf) -> Result<Ran> {
        let Self { lane: Lane { queue, .. }, plan, database, .. } = self;
        // A failed run may have left messages.
        queue.purge().await?;
        let mut random = Rng::with_seed(plan.seed ^ 0xF11E);
        let contents =
            plan.files.iter().map(|file| file.shape.make(&mut random)).collect::<Result<Vec<_>>>()?;
        let before = self.prepare(&contents[0], &mut random).await?;
        let schema = schema(database).await?;
        let chunk_bytes = (contents[0].length / plan.chunks).max(MIN_CHUNK_BYTES);
        let keys: Vec<String> = plan.files.iter().map(|file| key(plan.seed, file)).collect();
        let mut events = Vec::new();
        for (key, content) in keys.iter().zip(&contents) {
            self.bucket.put(key, content.object.clone()).await?;
            events.push(self.event().await?);
        }

        let fleet = self.fleet(chunk_bytes, logs);
        let _end = OnDrop(|| fleet.end());
        let chunks: u64 = contents.iter().map(|content| content.length.div_ceil(chunk_bytes)).sum();
        #[expect(clippy::cast_precision_loss, reason = "some dozens")]
        let whole = self.pace * chunks as f64;
        database.data_api().set(plan.phase.faults());
        let data_api = database.data_api().clone();
        let progress = Progress::start(move || data_api.calls(), whole);
        let tally = Arc::new(Tally::default());
        let injection = self.inject(&fleet, &contents[0], &progress, &tally);
        let over = injection.over();
        let quiet = async {
            let calls = self.deliver(&fleet, &events, &progress).await;
            over.store(true, Ordering::SeqCst);
            calls
        };
        let calm = async {
            let started = Instant::now();
            while started.elapsed() < plan.disturbed && !over.load(Ordering::SeqCst) {
                sleep(POLL).await;
            }
            let faults = database.data_api().injected();
            database.data_api().clear();
            injection.end().await.map(|()| faults)
        };
        let mut working = tokio::spawn(Arc::clone(&fleet).work());
        let (calls, faults) = tokio::select! {
            ended = async { tokio::join!(quiet, calm) } => ended,
            ended = &mut working => bail!("the functions stopped working: {ended:?}"),
        };
        let (calls, faults) = (calls?, faults?);
        fleet.end();
        working.await??;
        no_transaction(database, plan.transaction_idle).await?;
        self.tamper().await?;
        self.check(&contents, &before, &keys, chunk_bytes).await?;
        nothing_left(database, &schema, &[]).await?;
        fleet.audit().await?;
        tally.count("chunks", chunks);
        tally.count("faults", faults);
        tally.count("invocations", fleet.invocations());
        tally.count("redrives", fleet.redrives.load(Ordering::Relaxed));
        Ok(Ran { calls, chunks, faults, tally })
    }

    /// Migrates the database and inserts the rows that are there before; returns those of the
    /// file's table.
    async fn prepare(&self, content: &Content, random: &mut Rng) -> Result<Rows> {
        let database = &self.database;
        database.migrate_with(testkit::hr::folder()).await?;
        for sql in self.plan.sabotage {
            tamper(database, sql).await;
        }
        database.sql("CREATE TABLE chaos_ballast (id INT PRIMARY KEY)").await?;
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
        // Some that are not in the file.
        before.extend([2_000_000, 2_000_001].map(|id| (id, cells_before(content.table, id))));
        let values: Vec<String> =
            before.iter().map(|(id, cells)| format!("({id}, '{}')", cells.join("', '"))).collect();
        database.sql(&format!("INSERT INTO {} VALUES {}", content.table.name(), values.join(", "))).await?;
        Ok(before)
    }

    /// Takes the bucket's event of a dropped file off the queue.
    async fn event(&self) -> Result<String> {
        let started = Instant::now();
        loop {
            if let Some(message) = self.lane.queue.receive().await? {
                self.lane.queue.delete(&message).await?;
                // A bucket whose notifications were just switched on sends a test event.
                if message.body.contains("ObjectCreated") {
                    return Ok(message.body);
                }
            }
            ensure!(started.elapsed() < Duration::from_secs(20), "the bucket sends no event");
            sleep(POLL).await;
        }
    }

    fn fleet(&self, chunk_bytes: u64, logs: PathBuf) -> Arc<Fleet> {
        let Self { lane, plan, .. } = self;
        let own = [
            ("AWS_ENDPOINT_URL", lane.endpoint.clone()),
            ("ROWGATE_BUCKET", self.bucket.name.clone()),
            ("ROWGATE_QUEUE_URL", lane.queue.url.clone()),
            ("ROWGATE_CHUNK_BYTES", chunk_bytes.to_string()),
            ("ROWGATE_LANES", plan.lanes.to_string()),
            ("ROWGATE_MAX_REJECTS", if plan.takes_rejects { "100%" } else { "" }.to_owned()),
        ];
        let environment = environment(&self.database, own);
        let programs = Programs { folder: lane.lane.programs.clone(), environment, logs };
        Fleet::new(lane.queue.clone(), programs, plan.invocation, &plan.phase.short_invocations)
    }

    fn inject(
        &self,
        fleet: &Arc<Fleet>,
        content: &Content,
        progress: &Progress,
        tally: &Arc<Tally>,
    ) -> Injection {
        let mut injection =
            Injection::start(&self.plan.phase, fleet, &self.lane.lane.server, progress, tally);
        if let Some(locks) = self.plan.locks {
            let ids: BTreeSet<i64> = content.records.iter().filter_map(|record| record.id).collect();
            let random = Rng::with_seed(self.plan.seed ^ 0x10C5);
            injection.spawn(lock_rows(
                Arc::clone(&self.database),
                content.table,
                ids.into_iter().collect(),
                locks,
                random,
                Arc::clone(tally),
            ));
        }
        injection
    }

    /// Delivers the events, and again after the loads have ended; returns how many calls the loads
    /// made.
    async fn deliver(&self, fleet: &Fleet, events: &[String], progress: &Progress) -> Result<u64> {
        let Self { lane: Lane { queue, .. }, plan, .. } = self;
        let mut messages = 0;
        for _ in 0..plan.phase.deliveries {
            queue.send(&events[0]).await?;
            messages += 1;
        }
        for (file, event) in plan.files.iter().zip(events).skip(1) {
            progress.reach(file.after).await;
            queue.send(event).await?;
            messages += 1;
        }
        self.until_quiet(fleet, messages).await?;
        let calls = progress.calls();
        for event in (0..plan.repetitions).flat_map(|_| events) {
            queue.send(event).await?;
            messages += 1;
        }
        self.until_quiet(fleet, messages).await?;
        Ok(calls)
    }

    /// Waits until so many messages have come for the first time and none is left.
    async fn until_quiet(&self, fleet: &Fleet, messages: u64) -> Result<()> {
        loop {
            let come = fleet.first_receives.load(Ordering::SeqCst);
            if come >= messages && self.lane.queue.len().await? == 0 {
                return Ok(());
            }
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

    /// Changes something that the oracle must notice.
    async fn tamper(&self) -> Result<()> {
        let Some(tampering) = self.plan.tampering else { return Ok(()) };
        if let Tampering::Sql(sql) = tampering {
            tamper(&self.database, sql).await;
            return Ok(());
        }
        let done = self.tamper_with_rejects(tampering).await;
        // An error would pass for something noticed.
        assert!(done.is_ok(), "{tampering:?}: {done:?}");
        Ok(())
    }

    async fn tamper_with_rejects(&self, tampering: Tampering) -> Result<()> {
        let bucket = &self.bucket;
        let key = self.database.value("SELECT MAX(rejects_key) FROM rowgate_load_chunks").await?;
        match tampering {
            Tampering::RemovedRejects => bucket.delete(&key).await,
            Tampering::RepeatedReject => {
                let mut file = bucket.get(&key).await?;
                let last =
                    file.trim_ascii_end().iter().rposition(|byte| *byte == b'\n').context("a record")?;
                file.extend_from_within(last + 1..);
                bucket.put(&key, file).await.map(drop)
            }
            Tampering::SurplusRejects | Tampering::Sql(_) => {
                bucket.put(&format!("{key}.old"), b"id\r\n".to_vec()).await.map(drop)
            }
        }
    }
}

/// Locks ids of the file in the opposite order, and rolls back.
async fn lock_rows(
    database: Arc<TestDatabase>,
    table: Table,
    ids: Vec<i64>,
    locks: Locks,
    mut random: Rng,
    tally: Arc<Tally>,
) {
    for _ in 0..locks.rounds {
        let mut chosen: Vec<i64> = (0..locks.rows).filter_map(|_| random.choice(&ids).copied()).collect();
        chosen.sort_unstable_by(|left, right| right.cmp(left));
        // It may fail (a deadlock, a lock wait, a server that goes away): it changes nothing.
        if let Ok(conn) = database.connect().await
            && hold(conn, table, &chosen, locks).await.is_ok()
        {
            tally.count("locks", 1);
        }
        sleep(Duration::from_millis(random.u64(..100))).await;
    }
}

async fn hold(mut conn: Conn, table: Table, ids: &[i64], locks: Locks) -> Result<()> {
    conn.query_drop("SET innodb_lock_wait_timeout = 2").await?;
    conn.query_drop("START TRANSACTION").await?;
    if locks.heavy {
        conn.query_drop(format!("INSERT INTO chaos_ballast SELECT seq FROM {}", numbers(3000))).await?;
    }
    for id in ids {
        let insert = match table {
            Table::Employees => format!(
                "INSERT IGNORE INTO employees VALUES ({id}, 'chaos', '2000-01-01 00:00:00', {KNOWN_REFERENCES}, 1)"
            ),
            Table::Departments => format!("INSERT IGNORE INTO departments VALUES ({id}, 'chaos')"),
        };
        conn.query_drop(insert).await?;
        sleep(Duration::from_millis(8)).await;
    }
    sleep(locks.hold).await;
    conn.query_drop("ROLLBACK").await?;
    conn.disconnect().await?;
    Ok(())
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
