//! Restores that are interrupted anywhere: a table is either unchanged or restored, and the next
//! invocation continues.

use std::sync::Arc;
use std::time::Duration;

use aurora::Deadline;
use restore::{Answer, invoke};
use serde_json::{Value as Json, json};
use testkit::TestDatabase;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Operation, Rule};

use crate::support::{BACKUP, INVOCATION, Made, World, documents, named, restorer_over};

/// Long enough for a call to fail for good, short enough for many of them.
const KILLED_AFTER: Duration = Duration::from_millis(900);

/// A backup of two tables that have other rows, where what a killed function leaves open ends soon.
async fn world(rows: i64) -> World {
    let test = TestDatabase::start_with(|config| {
        config.limits.transaction_idle = Duration::from_millis(500);
        config.limits.call = Duration::from_secs(10);
    })
    .await
    .unwrap();
    test.migrate().await.unwrap();
    let world = World::over(test, testkit::dictionary());
    let tables = [("tags", &*named(1..=40)), ("documents", &documents(1..=rows))];
    let made = Made { part_rows: usize::try_from(rows / 2 + 1).unwrap(), ..Made::default() };
    world.back_up(BACKUP, &tables, made).await;
    reset(&world).await;
    world
}

/// Puts the tables back to before the restore.
async fn reset(world: &World) {
    for sql in [
        "DELETE FROM tags",
        "DELETE FROM documents",
        "INSERT INTO tags VALUES (99, 'before')",
        "INSERT INTO documents VALUES (999999, 'before', '2020-01-01', NULL, NULL)",
    ] {
        world.sql(sql).await;
    }
}

/// Returns true if both tables are restored; fails if they are neither that nor unchanged.
async fn is_restored(world: &World, rows: i64) -> bool {
    let sql = "SELECT CONCAT((SELECT CONCAT(COUNT(*), ':', SUM(id)) FROM tags), ' ', \
               (SELECT CONCAT(COUNT(*), ':', SUM(id)) FROM documents))";
    let found = world.db.value(sql).await.unwrap();
    let restored = format!("40:820 {rows}:{}", rows * (rows + 1) / 2);
    assert!(found == restored || found == "1:99 1:999999", "half a state: {found}");
    found == restored
}

fn payload(number: usize) -> Json {
    json!({ "backup": BACKUP, "restore": format!("20261121-100000-{number:08x}") })
}

/// Kills one invocation after a short time, and then invokes the function until the restore has
/// ended.
async fn killed_and_taken_up(world: &World, number: usize, rows: i64, mend: impl AsyncFnOnce()) {
    let killed = tokio::time::timeout(KILLED_AFTER, world.invoke(payload(number))).await;
    is_restored(world, rows).await;
    mend().await;
    drop(killed);
    let restored = world.restore(payload(number)).await;
    assert_eq!(restored.tables["documents"].rows_restored, u64::try_from(rows).unwrap());
    assert!(is_restored(world, rows).await, "after call {number}");
}

#[tokio::test]
async fn continues_after_the_bucket_failed_at_any_call() {
    let world = world(300).await;
    let calls = world.bucket.calls();
    world.restore(payload(9999)).await;
    let calls = usize::try_from(world.bucket.calls() - calls).unwrap();
    assert!(calls > 8, "{calls}");
    for number in 0..calls {
        reset(&world).await;
        world.bucket.stop_after(number as u64);
        killed_and_taken_up(&world, number, 300, async || world.bucket.resume()).await;
    }
}

#[tokio::test]
async fn continues_after_the_database_failed_at_any_call() {
    let world = world(300).await;
    let before = world.db.data_api().calls();
    world.restore(payload(9999)).await;
    let calls = usize::try_from(world.db.data_api().calls() - before).unwrap();
    assert!(calls > 20, "{calls}");
    // Each third call, from another one on each time that the test runs.
    for number in (fastrand::usize(..3)..calls).step_by(3) {
        reset(&world).await;
        let lost = Rule::new(Effect::DropRequest).after(u32::try_from(number).unwrap());
        world.db.data_api().set(Faults::default().with(lost));
        killed_and_taken_up(&world, number, 300, async || world.db.data_api().clear()).await;
    }
}

/// Invokes the function on a runtime of its own and drops that runtime after `life`: tasks that
/// would roll transactions back never run, as after kill -9.
fn invoke_and_kill(world: &Arc<World>, payload: Json, life: Duration) {
    let world = Arc::clone(world);
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let World { db, bucket, next, dictionary, .. } = &*world;
            let restorer = restorer_over(db.database(), bucket.clone(), next.clone(), dictionary);
            let invoked = invoke(&restorer, payload, Deadline::after(INVOCATION));
            let _ = tokio::time::timeout(life, invoked).await;
        });
        runtime.shutdown_background();
    });
    thread.join().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_time_no_table_is_half_restored() {
    const ROWS: i64 = 12_000;
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let world = Arc::new(world(ROWS).await);
    let started = std::time::Instant::now();
    world.restore(payload(9999)).await;
    let whole = started.elapsed();
    for kill in 0..8 {
        reset(&world).await;
        for _ in 0..2 {
            let life = whole.mul_f64(random.f64());
            let (killed, payload) = (Arc::clone(&world), payload(kill));
            tokio::task::spawn_blocking(move || invoke_and_kill(&killed, payload, life)).await.unwrap();
            is_restored(&world, ROWS).await;
        }
        world.restore(payload(kill)).await;
        assert!(is_restored(&world, ROWS).await, "seed {seed}, kill {kill}");
    }
}

#[tokio::test]
async fn a_table_that_differs_from_what_was_put_into_it_is_not_swapped_in() {
    let world = World::start().await;
    world.back_up(BACKUP, &[("tags", &named(1..=20))], Made::default()).await;
    world.sql("INSERT INTO tags VALUES (99, 'before')").await;
    let before = world.tables().await;
    // The first invocation is killed when it has filled the shadow table and waits for the
    // checksum.
    let slow_sum = Rule::new(Effect::DelayMs(120_000)).sql("SUM(CAST(CONV");
    world.db.data_api().set(Faults::default().with(slow_sum));
    let filled = async {
        while world.db.value("SELECT COUNT(*) FROM rowgate_restore_chunks").await.unwrap() == "0" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        ended = world.invoke(payload(0)) => panic!("{ended:?}"),
        () = filled => {}
    }
    world.db.data_api().clear();
    let shadow = world.db.value("SELECT shadow_table FROM rowgate_job_tables").await.unwrap();
    world.sql(&format!("UPDATE `{shadow}` SET tag_name = 'altered' WHERE id = 7")).await;
    let error = world.invoke(payload(0)).await.unwrap_err();
    let restore::InvocationError::Failed { reason, .. } = error else { panic!("{error}") };
    assert!(reason.starts_with("tags: the filled table has 20 rows, checksum "), "{reason}");
    assert!(reason.ends_with(" were put into it; the tables are as they were before"), "{reason}");
    assert_eq!(world.rows("tags").await, [[Some("99".to_owned()), Some("before".to_owned())]]);
    assert_eq!(world.tables().await, before);
}

#[tokio::test]
async fn gets_through_lost_answers_and_errors() {
    let world = world(2_000).await;
    for (number, faults) in [
        Faults::default().with(Rule::lose_answer().on(Operation::CommitTransaction).times(6)),
        Faults { seed: 7, ..Faults::default() }.with(Rule::lose_answer().rate(0.1)),
        Faults { seed: 11, resume_ms: 500, ..Faults::default() }
            .with(Rule::error(ErrorKind::ServiceUnavailableError).rate(0.1)),
    ]
    .into_iter()
    .enumerate()
    {
        reset(&world).await;
        world.db.data_api().set(faults);
        let answer = loop {
            match world.invoke(payload(number)).await {
                Ok(Answer::Restored(answer)) => break answer,
                Ok(other) => panic!("{other:?}"),
                Err(restore::InvocationError::Failed { reason, .. }) => panic!("{reason}"),
                Err(_) => {}
            }
        };
        world.db.data_api().clear();
        assert_eq!(answer.tables["documents"].rows_restored, 2_000);
        assert!(is_restored(&world, 2_000).await);
    }
}
