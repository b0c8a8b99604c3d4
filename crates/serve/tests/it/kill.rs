//! A process that is killed in the middle of a backup or a restore, and started again.
//!
//! The functions' own code does here what their schedules do on AWS.

use std::sync::Arc;
use std::time::Duration;

use aurora::Deadline;
use backup::{Backups, Continuation, ContinuationError, Times};
use bucket::S3Bucket;
use domain::backup::RestoreId;
use restore::{Command, Restorer};
use serde_json::{Value, json};

use crate::support::{Process, World, until};

/// Long ago for the one who looks for interrupted work.
const LONG_AGO: &str = "2026-01-01T00:00:00.000Z";

/// No other invocation is asked for.
#[derive(Debug, Clone, Copy)]
struct Nowhere;

impl<W: Send> Continuation<W> for Nowhere {
    async fn continue_later(&self, _: W) -> Result<(), ContinuationError> {
        Err(ContinuationError("nowhere to continue".into()))
    }
}

fn bucket(world: &World) -> S3Bucket {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .credentials_provider(aws_sdk_s3::config::Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(world.bucket.url())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    S3Bucket::new(&config, "data")
}

/// Does what `rowgate-backup` does every hour.
async fn hourly_of_backup(world: &World) -> Value {
    let backups = Backups {
        database: world.db.database(),
        store: bucket(world),
        continuation: Nowhere,
        events: Default::default(),
        dictionary: testkit::dictionary(),
        dictionary_version: &testkit::folder().version,
        options: backup::Options::default(),
    };
    let times = Times::before(Deadline::after(Duration::from_secs(60)));
    let done = backup::invoke(&backups, json!({"expire": {}}), times).await.unwrap();
    serde_json::to_value(done).unwrap()
}

fn restorer(world: &World) -> Restorer<S3Bucket, Nowhere> {
    Restorer {
        database: world.db.database(),
        store: bucket(world),
        continuation: Nowhere,
        events: Default::default(),
        options: restore::Options::default(),
        dictionary: testkit::dictionary(),
    }
}

async fn of_restore(world: &World, command: Command) -> Value {
    let deadline = Deadline::after(Duration::from_secs(60));
    let done = restore::invoke_command(&restorer(world), command, deadline).await.unwrap();
    serde_json::to_value(done).unwrap()
}

async fn ended(process: &Process, path: &str) -> Value {
    until("ended", async || process.get(path).await.json()["status"] != "running").await;
    process.get(path).await.json()
}

async fn back_up(process: &Process) -> String {
    let started = process.post("/backups", &json!({})).await;
    assert_eq!(started.status, 202, "{started:?}");
    started.json()["backup"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_backup_that_is_killed_is_undone_and_the_next_one_is_made() {
    let world = World::start().await;
    world.add_tags(20_000).await;
    let process = world.serve(&[]).await;
    world.slow_down(300);
    let backup = back_up(&process).await;
    let path = format!("/backups/{backup}");
    until("begun", async || {
        process.metric("rowgate_work_in_flight{kind=\"backup\",state=\"begun\"}").await == 1.0
    })
    .await;
    process.kill().await;
    world.db.data_api().clear();

    let process = world.serve(&[]).await;
    let running = process.get(&path).await.json();
    assert_eq!(
        (&running["status"], running.get("manifest")),
        (&json!("running"), Some(&Value::Null)),
        "{running}"
    );
    // Nobody has worked on it for more than a quarter of an hour.
    let key = format!("backups/{backup}/state.json");
    let mut state: Value = serde_json::from_slice(&world.bucket.get(&key).unwrap()).unwrap();
    state["active_at"] = json!(LONG_AGO);
    world.bucket.put(&key, state.to_string());
    let failed = process.get(&path).await.json();
    assert_eq!(failed["status"], "failed", "{failed}");
    assert!(failed["error"].as_str().unwrap().contains("interrupted"), "{failed}");
    let hourly = hourly_of_backup(&world).await;
    assert_eq!(hourly["interrupted"], json!([backup]), "{hourly}");

    let next = back_up(&process).await;
    let made = ended(&process, &format!("/backups/{next}")).await;
    assert_eq!((&made["status"], &made["tables"]["tags"]["rows"]), (&json!("completed"), &json!(20_000)));
}

/// A restore that is killed before it swaps has changed nothing.
async fn killed_restore(world: &World) -> (Process, String) {
    world.add_tags(20_000).await;
    let process = world.serve(&[]).await;
    let backup = back_up(&process).await;
    let made = ended(&process, &format!("/backups/{backup}")).await;
    assert_eq!(made["status"], "completed", "{made}");
    world.db.sql("DELETE FROM tags WHERE id > 10").await.unwrap();
    world.slow_down(300);
    let started = process.post("/restores", &json!({"backup": backup, "tables": ["tags"]})).await;
    assert_eq!(started.status, 202, "{started:?}");
    let restore = started.json()["restore"].as_str().unwrap().to_owned();
    until("begun", async || {
        process.metric("rowgate_work_in_flight{kind=\"restore\",state=\"begun\"}").await == 1.0
    })
    .await;
    process.kill().await;
    world.db.data_api().clear();
    let process = world.serve(&[]).await;
    assert_eq!(tags(world).await, "10");
    let running = process.get(&format!("/restores/{restore}")).await.json();
    assert_eq!(running["status"], "running", "{running}");
    (process, restore)
}

async fn tags(world: &World) -> String {
    world.db.value("SELECT COUNT(*) FROM tags").await.unwrap()
}

#[tokio::test]
async fn a_restore_that_is_killed_is_continued_by_an_invocation() {
    let world = World::start().await;
    let (process, restore) = killed_restore(&world).await;
    let command =
        Command::Continue(restore::Unfinished { restore: RestoreId::parse(&restore).unwrap(), drill: false });
    let done = of_restore(&world, command).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(tags(&world).await, "20000");
    assert_eq!(process.get(&format!("/restores/{restore}")).await.json()["status"], "completed");
}

#[tokio::test]
async fn a_restore_that_is_killed_and_left_alone_is_undone() {
    let world = Arc::new(World::start().await);
    let (process, restore) = killed_restore(&world).await;
    let sql = "UPDATE rowgate_restores SET active_at = UTC_TIMESTAMP(3) - INTERVAL 31 MINUTE";
    world.db.sql(sql).await.unwrap();
    let reaped = of_restore(&world, Command::Reap).await;
    assert_eq!(reaped["failed"], json!([restore]), "{reaped}");
    let failed = process.get(&format!("/restores/{restore}")).await.json();
    assert_eq!(failed["status"], "failed", "{failed}");
    assert_eq!(tags(&world).await, "10");
    assert_eq!(process.post("/tables/tags/rows", &json!({"id": 99, "tag_name": "a"})).await.status, 201);
}
