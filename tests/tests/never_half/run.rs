//! One run: tables are backed up in a storm, changed, and restored in a storm; when all is quiet they must be one or the other.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};
use testkit::local_data_api::Faults;
use testkit::{Bucket, DatabaseServer, Lambda, TestDatabase, Weather, numbers};

use crate::backup;
use crate::check::{no_transaction, nothing_left, schema};
use crate::fleet::{Call, Fleet};
use crate::plan::{Plan, Storm};
use crate::restore::{Expected, Found, Ledger};
use crate::rows::{Tables, read_all};
use crate::storm::{self, Damage, Progress};
use crate::writer::{FIRST, Writer, Written};

/// No run may take longer, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(180);
/// What an invocation may take: as on Lambda.
const INVOCATION: Duration = Duration::from_secs(15 * 60);
/// So often somebody asks again for a restore that has not ended, the last times in calm.
const ASKED_AGAIN: u32 = 6;
/// Between the first ids of two writers.
const STEP: i64 = 1_000_000;

/// Where runs take place, one after the other: a MariaDB of their own, which they may kill.
pub(crate) struct Lane {
    database_server: Arc<DatabaseServer>,
    programs: PathBuf,
    logs: PathBuf,
}

/// What runs were like.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) figures: BTreeMap<&'static str, u64>,
}

impl Report {
    pub(crate) fn add(&mut self, other: &Self) {
        for (name, figure) in &other.figures {
            self.count(name, *figure);
        }
    }

    fn count(&mut self, name: &'static str, figure: u64) {
        *self.figures.entry(name).or_default() += figure;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures: Vec<_> = self.figures.iter().map(|(name, figure)| format!("{figure} {name}")).collect();
        f.write_str(&figures.join(", "))
    }
}

impl Lane {
    pub(crate) async fn open(programs: &Path, logs: &Path) -> Result<Self> {
        // A write of the data that a kill cuts in two must not be the end of the data.
        let database_server =
            tokio::task::spawn_blocking(|| DatabaseServer::start_with(&["--innodb-doublewrite=ON"]));
        Ok(Self {
            database_server: Arc::new(database_server.await??),
            programs: programs.to_owned(),
            logs: logs.to_owned(),
        })
    }

    /// Does one run.
    pub(crate) async fn run(&self, plan: &Plan) -> Result<Report> {
        self.run_and(plan, None).await
    }

    /// Does one run in which something is changed before the last check.
    pub(crate) async fn run_and(&self, plan: &Plan, tampering: Option<Tampering>) -> Result<Report> {
        let logs = self.logs.join(format!("{}-{}", plan.seed, fastrand::u32(..)));
        std::fs::create_dir_all(&logs)?;
        let database = TestDatabase::start_on(Arc::clone(&self.database_server), |config| {
            config.limits.transaction_idle = plan.transaction_idle;
            config.on_error = plan.on_error;
            config.session_init.push(format!("SET innodb_lock_wait_timeout = {}", plan.lock_wait));
        });
        let database = Arc::new(database.await?);
        let bucket = Arc::new(Bucket::serve().await?);
        let lambda = Lambda::serve().await?;
        let environment = environment(&database, &bucket, &lambda, plan);
        let fleet = Fleet::new(self.programs.clone(), environment, logs.clone(), lambda, INVOCATION);
        let run = Run {
            lane: self,
            plan,
            bucket,
            database: Arc::clone(&database),
            fleet: Arc::clone(&fleet),
            tampering,
        };
        // However this ends, the functions end with it.
        let _end = EndOf(Arc::clone(&fleet));
        let outcome = tokio::select! {
            outcome = tokio::time::timeout(LIMIT, run.go()) => {
                outcome.context("the run has not ended in time").flatten()
            }
            ended = fleet.hand_on() => Err(anyhow::anyhow!("nobody invokes any more: {ended:?}")),
        };
        let report = match outcome {
            Ok(report) => report,
            Err(error) => return Err(run.explained(error, &logs).await),
        };
        drop(run);
        std::fs::remove_dir_all(&logs)?;
        // Its end drops what it holds, with a program that is waited for.
        tokio::task::spawn_blocking(move || drop(database)).await?;
        Ok(report)
    }
}

/// Something changed behind the functions' backs, for the harness to notice.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tampering {
    /// A statement to the database, after the restore; `KEPT` stands for what is kept of the employees.
    Sql(&'static str),
    /// The last part file of employees has another byte.
    Part,
    /// It is gone.
    NoPart,
    /// A text of the newest manifest, and another in its place.
    Manifest(&'static str, &'static str),
}

struct Run<'l> {
    lane: &'l Lane,
    plan: &'l Plan,
    bucket: Arc<Bucket>,
    database: Arc<TestDatabase>,
    fleet: Arc<Fleet>,
    tampering: Option<Tampering>,
}

impl Run<'_> {
    async fn go(&self) -> Result<Report> {
        let Self { plan, database, fleet, .. } = self;
        let mut report = Report::default();
        database.migrate().await?;
        self.fill().await?;
        let (schema, first) = (schema(database).await?, read_all(database).await?);

        // Undisturbed, to know how many calls it takes.
        let progress = self.progress(0.0);
        let calm = self.backup_in_calm().await.context("a backup in calm")?;
        #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
        let whole_backup = progress.calls() as f64;
        let mut backups = BTreeMap::new();
        backups.insert(calm.clone(), self.read_backup(&calm)?);
        backup::one_moment(&backups[&calm], &first, &Vec::new(), &Vec::new())?;
        let progress = self.progress(0.0);
        self.ask("restore", &json!({"backup": calm, "mode": "verify"})).await.context("a restore in calm")?;
        #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
        let whole_restore = progress.calls() as f64;
        ensure!(read_all(database).await? == first, "to verify is not to change");

        let (written, floor) = self.backup_in_storm(whole_backup, &mut report).await?;
        for id in backup::completed(&self.bucket) {
            if id == calm {
                continue;
            }
            let tables = self.read_backup(&id).with_context(|| format!("backup {id}"))?;
            let floor = floor.get(&id).unwrap_or(&floor[""]);
            backup::one_moment(&tables, &first, &written, floor).with_context(|| format!("backup {id}"))?;
            backups.insert(id, tables);
        }
        report.count("backups", backups.len() as u64);

        self.change().await?;
        let before = read_all(database).await?;
        let newest = backups.keys().next_back().context("a backup")?.clone();
        let source = if plan.is_latest { "latest" } else { newest.as_str() };
        let mode = if plan.verifies { "verify" } else { "replace" };
        let restore = id();
        let ask = json!({"backup": source, "tables": plan.restored, "mode": mode, "restore": restore});
        let (restore, written) =
            self.restore_in_storm(&plan.storms[1], whole_restore, &restore, &ask, 2, &mut report).await?;
        let ledger = Ledger::of(database, &restore).await?.context("the restore")?;
        ensure!(ledger.source == newest, "{} was restored instead of {newest}", ledger.source);
        self.tamper(&ledger).await;
        let found = Found::read(database, &ledger).await?;
        let after = (!plan.verifies).then_some((&backups[&newest], plan.restored.as_slice()));
        Expected { before: &before, after, written: &written, first: FIRST + 2 * STEP }.check(&found)?;
        self.swept(&schema, &ledger).await?;

        if plan.puts_back && !plan.verifies {
            let (undo, Found { live, kept }) = (id(), found);
            let ask = json!({"put_back": restore, "restore": undo});
            let (undo, written) =
                self.restore_in_storm(&plan.storms[2], 40.0, &undo, &ask, 3, &mut report).await?;
            let ledger = Ledger::of(database, &undo).await?.context("the way back")?;
            let found = Found::read(database, &ledger).await?;
            let after = Some((&kept, plan.restored.as_slice()));
            Expected { before: &live, after, written: &written, first: FIRST + 3 * STEP }
                .check(&found)
                .context("put back")?;
            self.swept(&schema, &ledger).await?;
            report.count("put back", 1);
        }
        report.count("faults of S3", self.bucket.struck());
        report.count("invocations", fleet.invocations.load(Ordering::Relaxed).into());
        Ok(report)
    }

    /// What is there before: ids at both ends, values of every length, characters of every kind, NULLs.
    async fn fill(&self) -> Result<()> {
        let count = self.plan.employees;
        for statement in [
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
        ] {
            // 0 is an id like others here.
            let mut conn = self.database.connect().await?;
            conn.query_drop("SET sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')").await?;
            conn.query_drop(&statement).await.with_context(|| statement.clone())?;
            conn.disconnect().await?;
        }
        Ok(())
    }

    /// Makes the tables others than those that were backed up.
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
        Ok(())
    }

    async fn ask(&self, function: &'static str, payload: &Value) -> Result<Value> {
        self.fleet.ask(function, payload).await
    }

    async fn backup_in_calm(&self) -> Result<String> {
        let answer = self.ask("backup", &json!({})).await?;
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

    /// Backs up while others write and everything goes wrong, and once more in calm. What was written, and what of it was
    /// committed before each backup began.
    async fn backup_in_storm(
        &self,
        whole: f64,
        report: &mut Report,
    ) -> Result<(Written, BTreeMap<String, Written>)> {
        let (plan, database) = (self.plan, &self.database);
        let writer = Writer::start(Arc::clone(database), FIRST, plan.writer_rests);
        let begun = writer.so_far();
        let damage = Arc::new(Damage::default());
        let payload = if plan.is_requested { request() } else { json!({}) };
        let call = Call { function: "backup", payload: payload.to_string() };
        let raging = self.rage(&plan.storms[0], whole, &damage).await;
        for _ in 0..plan.storms[0].twins.max(1) {
            self.fleet.invoke(call.clone());
        }
        self.fleet.until_quiet().await?;
        self.calm(raging).await?;
        self.fleet.until_quiet().await?;
        report.count("backups interrupted", backup::interrupted(&self.bucket)?);
        report.count("kills of backup", damage.kills.load(Ordering::Relaxed).into());
        self.count(&damage, report);
        // Ids of backups are told apart by the second.
        tokio::time::sleep(Duration::from_millis(1_050)).await;
        let before = writer.so_far();
        let last = self.backup_in_calm().await.context("the backup after the storm")?;
        Ok((writer.end().await, BTreeMap::from([(String::new(), begun), (last, before)])))
    }

    /// Restores while others write and everything goes wrong, until the restore has ended; once more in calm with another id
    /// where it has failed, which must have changed nothing.
    async fn restore_in_storm(
        &self,
        storm: &Storm,
        whole: f64,
        restore: &str,
        ask: &Value,
        writer: i64,
        report: &mut Report,
    ) -> Result<(String, Written)> {
        let (plan, database) = (self.plan, &self.database);
        let first = FIRST + writer * STEP;
        let before = read_all(database).await?;
        let writer = Writer::start(Arc::clone(database), first, plan.writer_rests);
        let damage = Arc::new(Damage::default());
        let call = Call { function: "restore", payload: ask.to_string() };
        let mut raging = Some(self.rage(storm, whole, &damage).await);
        for round in 0..ASKED_AGAIN {
            if round == ASKED_AGAIN / 2
                && let Some(raging) = raging.take()
            {
                self.calm(raging).await?;
            }
            for _ in 0..if round == 0 { storm.twins.max(1) } else { 1 } {
                self.fleet.invoke(call.clone());
            }
            self.fleet.until_quiet().await?;
            // The database may be down for a moment.
            if raging.as_ref().is_none_or(|raging| raging.crashes.is_finished())
                && Ledger::of(database, restore).await?.is_some_and(|ledger| ledger.status != "running")
            {
                break;
            }
            report.count("restores gone on with", 1);
        }
        if let Some(raging) = raging.take() {
            self.calm(raging).await?;
        }
        self.fleet.until_quiet().await?;
        report.count("kills of restore", damage.kills.load(Ordering::Relaxed).into());
        self.count(&damage, report);
        let ledger = Ledger::of(database, restore).await?.context("nobody knows of the restore")?;
        match ledger.status.as_str() {
            "completed" => Ok((restore.to_owned(), writer.end().await)),
            "failed" => {
                report.count("restores failed", 1);
                let said = self.fleet.warnings("restore");
                println!("seed {}: the restore has failed: {:?}\n{said}", plan.seed, ledger.error);
                let written = writer.end().await;
                let found = Found::read(database, &ledger).await?;
                Expected { before: &before, after: None, written: &written, first }
                    .check(&found)
                    .context("after a restore that has failed")?;
                let again = id();
                let mut ask = ask.clone();
                ask["restore"] = json!(again);
                self.ask("restore", &ask).await.context("the restore after the one that has failed")?;
                Ok((again, written))
            }
            other => bail!("the restore is {other} after {ASKED_AGAIN} rounds: {ledger:?}"),
        }
    }

    fn count(&self, damage: &Damage, report: &mut Report) {
        report.count("stops", damage.stops.load(Ordering::Relaxed).into());
        report.count("crashes of the database", damage.crashes.load(Ordering::Relaxed).into());
        report.count("faults of the Data API", damage.faults.load(Ordering::Relaxed).into());
    }

    /// Lets the restore function sweep; then nothing may be left but what is kept.
    async fn swept(&self, schema: &[(String, String)], ledger: &Ledger) -> Result<()> {
        no_transaction(&self.database, self.plan.transaction_idle).await?;
        self.ask("restore", &json!({"sweep": {}})).await?;
        let kept: Vec<String> = ledger.kept.values().cloned().collect();
        nothing_left(&self.database, schema, &kept).await
    }

    fn progress(&self, whole: f64) -> Progress {
        Progress::new(self.database.data_api().clone(), Arc::clone(&self.bucket), whole)
    }

    /// Begins a storm.
    async fn rage(&self, storm: &Storm, whole: f64, damage: &Arc<Damage>) -> Raging {
        let calm = Arc::new(AtomicBool::new(false));
        self.fleet.hurry(&storm.short_invocations);
        self.database.data_api().set(storm.faults());
        self.bucket.set_weather(storm.weather);
        self.fleet.lambda.set_weather(storm.weather);
        let progress = self.progress(whole);
        let strikes = storm.strikes.clone();
        let strikes = storm::strike(Arc::clone(&self.fleet), strikes, progress.clone(), Arc::clone(damage));
        let crashes = storm::crash(
            Arc::clone(&self.lane.database_server),
            storm.crashes.clone(),
            progress,
            Arc::clone(&calm),
            Arc::clone(damage),
        );
        let damage = Arc::clone(damage);
        Raging { calm, damage, strikes: tokio::spawn(strikes), crashes: tokio::spawn(crashes) }
    }

    /// Ends a storm.
    async fn calm(&self, raging: Raging) -> Result<()> {
        raging.calm.store(true, Ordering::SeqCst);
        raging.strikes.abort();
        raging.crashes.await??;
        // Setting them anew begins to count anew.
        let faults = u32::try_from(self.database.data_api().injected())?;
        raging.damage.faults.fetch_add(faults, Ordering::Relaxed);
        self.database.data_api().set(Faults::default());
        self.bucket.set_weather(Weather::default());
        self.fleet.lambda.set_weather(Weather::default());
        self.fleet.hurry(&[]);
        Ok(())
    }

    async fn tamper(&self, ledger: &Ledger) {
        let done = match self.tampering {
            Some(Tampering::Sql(sql)) => {
                let kept = ledger.kept.get("employees").map_or("", String::as_str);
                self.database.sql(&sql.replace("KEPT", kept)).await.map(drop)
            }
            _ => Ok(()),
        };
        // An error would pass for something noticed.
        assert!(done.is_ok(), "{:?}: {done:?}", self.tampering);
    }

    /// An error with what helps to understand it.
    async fn explained(&self, error: anyhow::Error, logs: &Path) -> anyhow::Error {
        let restores = self.database.sql("SELECT * FROM rowgate_restores").await;
        let tables = self.database.sql("SELECT * FROM rowgate_restore_tables").await;
        let keys = self.bucket.keys("");
        error.context(format!(
            "{:?}\nrestores: {restores:?}\ntables: {tables:?}\nkeys: {keys:?}\nthe functions' output: {}",
            self.plan,
            logs.display()
        ))
    }
}

/// A storm.
struct Raging {
    /// Set when it is to be over.
    calm: Arc<AtomicBool>,
    damage: Arc<Damage>,
    strikes: tokio::task::JoinHandle<()>,
    crashes: tokio::task::JoinHandle<Result<()>>,
}

/// Ends a fleet when it goes.
struct EndOf(Arc<Fleet>);

impl Drop for EndOf {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// `POST /backups` with the operator's key, as API Gateway hands it over.
fn request() -> Value {
    json!({
        "resource": "/backups", "path": "/backups", "httpMethod": "POST",
        "headers": {"x-api-key": "secret"}, "multiValueHeaders": {"x-api-key": ["secret"]},
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "pathParameters": null, "stageVariables": null,
        "requestContext": {
            "accountId": "000000000000", "apiId": "a1", "httpMethod": "POST", "path": "/v1/backups",
            "requestId": "r-1", "resourceId": "x", "resourcePath": "/backups", "stage": "v1",
            "identity": {
                "apiKey": "secret", "apiKeyId": "operator", "sourceIp": "127.0.0.1", "userAgent": "test",
            },
        },
        "body": null, "isBase64Encoded": false,
    })
}

/// An id of a restore.
fn id() -> String {
    format!("{}-{:08x}", jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S"), fastrand::u32(..))
}

fn environment(
    database: &TestDatabase,
    bucket: &Bucket,
    lambda: &Lambda,
    plan: &Plan,
) -> Vec<(String, OsString)> {
    let target = database.target();
    [
        ("AWS_ENDPOINT_URL_S3", bucket.url()),
        ("AWS_ENDPOINT_URL_LAMBDA", lambda.url()),
        ("AWS_ENDPOINT_URL_RDS_DATA", database.data_api_url()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("ROWGATE_CLUSTER_ARN", target.cluster_arn),
        ("ROWGATE_SECRET_ARN", target.secret_arn),
        ("ROWGATE_DATABASE", target.database),
        ("ROWGATE_BUCKET", "never-half".to_owned()),
        ("ROWGATE_OPERATOR_KEY_ID", "operator".to_owned()),
        ("ROWGATE_BACKUP_CODEC", plan.codec.to_owned()),
        ("ROWGATE_BACKUP_PART_BYTES", plan.part_bytes.to_string()),
        ("ROWGATE_LANES", plan.lanes.to_string()),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true".to_owned()),
        ("RUST_BACKTRACE", "1".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.into()))
    .collect()
}
