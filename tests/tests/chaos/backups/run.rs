//! One run: tables are backed up among faults, changed, and restored among faults; when all is
//! quiet they must be one or the other.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};
use testkit::local_data_api::Faults;
use testkit::{Bucket, FaultPlan, Lambda, TestDatabase, numbers};

use super::backup;
use super::fleet::{Call, Fleet};
use super::plan::Plan;
use super::restore::{Expected, Found, Ledger};
use super::tables::{Tables, names, others, read_all};
use super::writer::{FIRST, Writer, Written, insert};
use crate::faults::{Injection, Progress};
use crate::fleet::{OnDrop, Programs, environment};
use crate::gateway::{OPERATOR, Request, keys};
use crate::lane::{Lane, Setup, no_transaction, nothing_left, schema, tamper};
use crate::plan::Phase;
use crate::runs::Tally;

const LIMIT: Duration = Duration::from_secs(180);
/// The number of times that an unfinished restore is requested again; the last ones without faults.
const ASKED_AGAIN: u32 = 6;
/// The distance between the first ids of two writers.
const STEP: i64 = 1_000_000;

/// A change behind the functions' backs; the oracle must notice.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tampering {
    /// Executes a statement after the restore; `PREVIOUS` stands for the previous table of
    /// employees.
    Sql(&'static str),
    /// Changes a byte of the last part file of employees.
    Part,
    /// Removes that file.
    NoPart,
    /// Replaces a text in the newest manifest.
    Manifest(&'static str, &'static str),
}

/// Does one run.
pub(super) async fn run(lane: &Lane, plan: &Plan, tampering: Option<Tampering>) -> Result<Arc<Tally>> {
    let setup = Setup {
        seed: plan.seed,
        plan,
        limit: LIMIT,
        transaction_idle: plan.transaction_idle,
        call: Duration::from_secs(45),
        on_error: plan.on_error,
        lock_wait: plan.lock_wait,
        ledger: &["rowgate_restores", "rowgate_job_tables"],
    };
    lane.run(setup, async |database, logs| {
        let bucket = Arc::new(Bucket::serve().await?);
        let fleet = fleet(lane, plan, database, &bucket, logs).await?;
        let _end = OnDrop(|| fleet.invoker.kill_all());
        let (tally, database) = (Arc::default(), Arc::clone(database));
        let run = Run { lane, plan, bucket, database, fleet: Arc::clone(&fleet), tampering, tally };
        let outcome = tokio::select! {
            outcome = run.run() => outcome,
            ended = fleet.continue_functions() => Err(anyhow!("nobody invokes any more: {ended:?}")),
        };
        outcome.with_context(|| format!("keys: {:?}", run.bucket.keys("")))?;
        Ok(run.tally)
    })
    .await
}

async fn fleet(
    lane: &Lane,
    plan: &Plan,
    database: &TestDatabase,
    bucket: &Bucket,
    logs: PathBuf,
) -> Result<Arc<Fleet>> {
    let lambda = Lambda::serve().await?;
    let own = [
        ("AWS_ENDPOINT_URL_S3", bucket.url()),
        ("AWS_ENDPOINT_URL_LAMBDA", lambda.url()),
        ("ROWGATE_BUCKET", "chaos".to_owned()),
        keys(),
        ("ROWGATE_BACKUP_CODEC", plan.codec.to_owned()),
        ("ROWGATE_BACKUP_PART_BYTES", plan.part_bytes.to_string()),
        ("ROWGATE_LANES", plan.lanes.to_string()),
    ];
    let environment = environment(database, own);
    Ok(Fleet::new(Programs { folder: lane.programs.clone(), environment, logs }, lambda))
}

struct Run<'l> {
    lane: &'l Lane,
    plan: &'l Plan,
    bucket: Arc<Bucket>,
    database: Arc<TestDatabase>,
    fleet: Arc<Fleet>,
    tampering: Option<Tampering>,
    tally: Arc<Tally>,
}

impl Run<'_> {
    async fn run(&self) -> Result<()> {
        let Self { plan, database, tally, .. } = self;
        database.migrate_with(testkit::hr::folder()).await?;
        self.fill().await?;
        let (schema, first) = (schema(database).await?, read_all(database).await?);

        // Without faults, to know how many calls each takes.
        let progress = self.progress(0.0);
        let calm = self.backup_in_calm().await.context("a run without faults: the backup")?;
        #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
        let whole_backup = progress.calls() as f64;
        let mut backups = BTreeMap::new();
        backups.insert(calm.clone(), self.read_backup(&calm)?);
        backup::is_snapshot(&backups[&calm], &first, &Vec::new(), &Vec::new())?;
        let progress = self.progress(0.0);
        let verify = json!({"backup": calm, "mode": "verify"});
        self.fleet.ask("restore", &verify).await.context("a run without faults: the restore")?;
        #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
        let whole_restore = progress.calls() as f64;
        ensure!(read_all(database).await? == first, "a verification has changed the tables");

        let (written, floor) = self.backup_among_faults(whole_backup).await?;
        for id in backup::completed(&self.bucket) {
            if id == calm {
                continue;
            }
            let tables = self.read_backup(&id).with_context(|| format!("backup {id}"))?;
            let floor = floor.get(&id).unwrap_or(&floor[""]);
            backup::is_snapshot(&tables, &first, &written, floor).with_context(|| format!("backup {id}"))?;
            backups.insert(id, tables);
        }
        tally.count("backups", backups.len() as u64);

        self.change().await?;
        let before = read_all(database).await?;
        let newest = backups.keys().next_back().context("a backup")?.clone();
        let source = if plan.is_latest { "latest" } else { newest.as_str() };
        let mode = if plan.verifies { "verify" } else { "replace" };
        let ask = json!({"backup": source, "tables": plan.restored, "mode": mode});
        let (restore, written) = self.restore_among_faults(&plan.phases[1], whole_restore, ask, 2).await?;
        let ledger = Ledger::of(database, &restore).await?.context("the restore")?;
        ensure!(ledger.source == newest, "{} was restored instead of {newest}", ledger.source);
        if let Some(Tampering::Sql(sql)) = self.tampering {
            let previous = ledger.previous.get("employees").map_or("", String::as_str);
            tamper(database, &sql.replace("PREVIOUS", previous)).await;
        }
        let found = Found::read(database, &ledger).await?;
        let after = (!plan.verifies).then_some((&backups[&newest], plan.restored.as_slice()));
        Expected { before: &before, after, written: &written, first: FIRST + 2 * STEP }.check(&found)?;
        self.is_reaped(&schema, &ledger).await?;

        if plan.undoes && !plan.verifies {
            let Found { live, previous } = found;
            let ask = json!({"put_back": restore});
            let (undo, written) = self.restore_among_faults(&plan.phases[2], 40.0, ask, 3).await?;
            let ledger = Ledger::of(database, &undo).await?.context("the undo")?;
            let found = Found::read(database, &ledger).await?;
            let after = Some((&previous, plan.restored.as_slice()));
            Expected { before: &live, after, written: &written, first: FIRST + 3 * STEP }
                .check(&found)
                .context("undone")?;
            self.is_reaped(&schema, &ledger).await?;
            tally.count("restores undone", 1);
        }
        tally.count("faults of S3", self.bucket.faults());
        tally.count("invocations", self.fleet.invoker.invocations());
        Ok(())
    }

    /// Inserts rows: ids at both ends, values of every length, characters of every kind, NULLs.
    async fn fill(&self) -> Result<()> {
        let count = self.plan.employees;
        let statements = [
            format!("INSERT INTO departments SELECT seq, CONCAT('Department ', seq) FROM {}", numbers(40)),
            format!("INSERT INTO jobs SELECT seq, CONCAT('Job, \"', seq, '\"') FROM {}", numbers(60)),
            format!(
                "INSERT INTO employees SELECT seq, CONCAT(LEFT(SHA2(seq, 256), 32), REPEAT('\u{e9}', (seq * 7) % 100)), \
                 '1990-01-01' + INTERVAL (seq * 7919) % 1000000000 SECOND, NULLIF(seq % 45, 0), NULLIF(seq % 61, 0) \
                 FROM {}",
                numbers(count)
            ),
            "INSERT INTO employees VALUES (-2147483648, '', '1000-01-01 00:00:00', -2147483648, 2147483647), \
             (-1, '\u{1F600}\u{1F600}', '9999-12-31 23:59:59', 0, -1), (0, X'00610062', '1970-01-01 00:00:00', NULL, NULL)"
                .to_owned(),
        ];
        let others = others().flat_map(|table| (1..=20).map(move |id| insert(table, id)));
        for statement in statements.into_iter().chain(others) {
            // 0 is an id like any other here.
            let mut conn = self.database.connect().await?;
            conn.query_drop("SET sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')").await?;
            conn.query_drop(&statement).await.with_context(|| statement.clone())?;
            conn.disconnect().await?;
        }
        Ok(())
    }

    /// Changes the tables after the backup.
    async fn change(&self) -> Result<()> {
        for statement in [
            "DELETE FROM departments WHERE id % 3 = 0",
            "UPDATE jobs SET job_name = CONCAT('changed ', id) WHERE id % 5 = 0",
            "INSERT INTO jobs VALUES (900000, 'new')",
            "DELETE FROM employees WHERE id % 2 = 0",
            "UPDATE employees SET name = 'changed', job_id = 7 WHERE id % 7 = 0",
            "INSERT INTO employees VALUES (900000, 'new', '2020-02-29 00:00:00', 1, 1)",
        ] {
            self.database.sql(statement).await?;
        }
        for table in others() {
            self.database.sql(&format!("DELETE FROM {table} WHERE {} % 3 = 0", names(table)[0])).await?;
        }
        Ok(())
    }

    async fn backup_in_calm(&self) -> Result<String> {
        let answer = self.fleet.ask("backup", &json!({})).await?;
        self.fleet.until_quiet().await?;
        Ok(answer["backup"].as_str().with_context(|| format!("no id: {answer}"))?.to_owned())
    }

    fn read_backup(&self, id: &str) -> Result<Tables> {
        let folder = format!("backups/{id}/");
        let part = self.bucket.keys(&format!("{folder}employees/")).pop().unwrap_or_default();
        let manifest = format!("{folder}manifest.json");
        match self.tampering {
            Some(Tampering::NoPart) => self.bucket.remove(&part),
            Some(Tampering::Part) => {
                let mut content = self.bucket.get(&part).context("a part")?.to_vec();
                let middle = content.len() / 2;
                content[middle] ^= 1;
                self.bucket.put(&part, content);
            }
            Some(Tampering::Manifest(from, to)) => {
                let content = self.bucket.get(&manifest).context("a manifest")?;
                let content = String::from_utf8(content.to_vec())?;
                assert!(content.contains(from), "{from} is not in {content}");
                self.bucket.put(&manifest, content.replacen(from, to, 1));
            }
            Some(Tampering::Sql(_)) | None => {}
        }
        backup::read(&self.bucket, id, self.plan.codec)
    }

    /// Backs up among writes and faults, and once more without faults. Returns the writes, and
    /// which of them were committed before each backup began.
    async fn backup_among_faults(&self, whole: f64) -> Result<(Written, BTreeMap<String, Written>)> {
        let (plan, phase) = (self.plan, &self.plan.phases[0]);
        let writer = Writer::start(Arc::clone(&self.database), FIRST, plan.writer_rests);
        let begun = writer.so_far();
        let payload =
            if plan.is_requested { Request::new("POST", "/backups", OPERATOR).event() } else { json!({}) };
        let call = Call { function: "backup", payload: payload.to_string() };
        let injection = self.inject(phase, whole);
        for _ in 0..phase.deliveries.max(1) {
            self.fleet.invoke(call.clone());
        }
        self.fleet.until_quiet().await?;
        self.calm(injection).await?;
        self.fleet.until_quiet().await?;
        self.tally.count("backups interrupted", backup::interrupted(&self.bucket)?);
        // Ids of backups differ by the second.
        tokio::time::sleep(Duration::from_millis(1_050)).await;
        let before = writer.so_far();
        let last = self.backup_in_calm().await.context("the backup after the faults")?;
        Ok((writer.end().await, BTreeMap::from([(String::new(), begun), (last, before)])))
    }

    /// Restores among writes and faults until the restore has ended. If it has failed it must have
    /// changed nothing; then it is asked for once more, without faults and with another id. Returns
    /// the id of the restore that is done, and what was written.
    async fn restore_among_faults(
        &self,
        phase: &Phase,
        whole: f64,
        mut ask: Value,
        writer: i64,
    ) -> Result<(String, Written)> {
        let (plan, database) = (self.plan, &self.database);
        let restore = id();
        ask["restore"] = json!(restore);
        let first = FIRST + writer * STEP;
        let before = read_all(database).await?;
        let writer = Writer::start(Arc::clone(database), first, plan.writer_rests);
        let call = Call { function: "restore", payload: ask.to_string() };
        let mut injection = Some(self.inject(phase, whole));
        for round in 0..ASKED_AGAIN {
            if round == ASKED_AGAIN / 2
                && let Some(injection) = injection.take()
            {
                self.calm(injection).await?;
            }
            for _ in 0..if round == 0 { phase.deliveries.max(1) } else { 1 } {
                self.fleet.invoke(call.clone());
            }
            self.fleet.until_quiet().await?;
            // The database may be down at this time.
            if injection.as_ref().is_none_or(Injection::has_crashed)
                && Ledger::of(database, &restore).await?.is_some_and(|ledger| ledger.status != "running")
            {
                break;
            }
            self.tally.count("restores continued", 1);
        }
        if let Some(injection) = injection.take() {
            self.calm(injection).await?;
        }
        self.fleet.until_quiet().await?;
        let ledger = Ledger::of(database, &restore).await?.context("the ledger has no such restore")?;
        match ledger.status.as_str() {
            "completed" => Ok((restore, writer.end().await)),
            "failed" => {
                self.tally.count("restores failed", 1);
                let warnings = self.fleet.warnings("restore");
                println!("seed {}: the restore has failed: {:?}\n{warnings}", plan.seed, ledger.error);
                let written = writer.end().await;
                let found = Found::read(database, &ledger).await?;
                Expected { before: &before, after: None, written: &written, first }
                    .check(&found)
                    .context("after a restore that has failed")?;
                let again = id();
                ask["restore"] = json!(again);
                self.fleet.ask("restore", &ask).await.context("the restore after the failed one")?;
                Ok((again, written))
            }
            other => bail!("the restore is {other} after {ASKED_AGAIN} rounds: {ledger:?}"),
        }
    }

    /// Lets the restore function reap orphaned tables, and checks that only the previous ones stay.
    async fn is_reaped(&self, schema: &[(String, String)], ledger: &Ledger) -> Result<()> {
        no_transaction(&self.database, self.plan.transaction_idle).await?;
        self.fleet.ask("restore", &json!({"sweep": {}})).await?;
        let previous: Vec<String> = ledger.previous.values().cloned().collect();
        nothing_left(&self.database, schema, &previous).await
    }

    fn progress(&self, whole: f64) -> Progress {
        let (data_api, bucket) = (self.database.data_api().clone(), Arc::clone(&self.bucket));
        Progress::start(move || data_api.calls() + bucket.requests(), whole)
    }

    fn inject(&self, phase: &Phase, whole: f64) -> Injection {
        self.fleet.invoker.hurry(&phase.short_invocations);
        self.database.data_api().set(phase.faults());
        self.bucket.set_faults(phase.services);
        self.fleet.lambda.set_faults(phase.services);
        Injection::start(phase, &self.fleet, &self.lane.server, &self.progress(whole), &self.tally)
    }

    async fn calm(&self, injection: Injection) -> Result<()> {
        injection.end().await?;
        // Setting the faults resets the count.
        self.tally.count("faults of the Data API", self.database.data_api().injected());
        self.database.data_api().set(Faults::default());
        self.bucket.set_faults(FaultPlan::default());
        self.fleet.lambda.set_faults(FaultPlan::default());
        self.fleet.invoker.hurry(&[]);
        Ok(())
    }
}

/// Makes an id of a restore.
fn id() -> String {
    format!("{}-{:08x}", jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S"), fastrand::u32(..))
}
