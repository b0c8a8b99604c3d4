//! The end of the process.

use std::time::{Duration, Instant};

use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{OPERATOR, WRITER, World, send, tag, until};

#[tokio::test]
async fn requests_under_way_are_answered_and_new_ones_refused() {
    for signal in [Signal::TERM, Signal::INT] {
        let world = World::start().await;
        let mut process = world.serve(&[]).await;
        world.slow_down(1500);
        let request = process.request(Method::POST, "/tables/tags/rows", WRITER).json(&tag(1));
        let under_way = tokio::spawn(send(request));
        until("under way", async || process.metric("rowgate_requests_in_flight").await == 1.0).await;
        process.signal(signal);
        process.logged(|line| line["message"] == "the process stops").await;
        // A connection of its own, after the listener is gone.
        until("refused", async || {
            let fresh = reqwest::Client::builder().no_proxy().build().unwrap();
            fresh.get(format!("{}/health", process.url)).send().await.is_err()
        })
        .await;
        assert_eq!(under_way.await.unwrap().status, 201);
        assert!(process.ended().await.success());
        assert!(process.log().contains("has ended all that was under way"), "{}", process.log());
    }
}

#[tokio::test]
async fn a_backup_under_way_is_finished() {
    let world = World::start().await;
    world.add_tags(5000).await;
    let mut process = world.serve(&[]).await;
    world.slow_down(200);
    let started = process.post("/backups", &json!({})).await;
    assert_eq!(started.status, 202, "{started:?}");
    let backup = started.json()["backup"].as_str().unwrap().to_owned();
    process.signal(Signal::TERM);
    assert!(process.ended().await.success());
    world.db.data_api().clear();
    let process = world.serve(&[]).await;
    let found = process.get(&format!("/backups/{backup}")).await.json();
    assert_eq!(found["status"], "completed", "{found}");
}

#[tokio::test]
async fn a_backup_that_waits_is_logged_and_abandoned() {
    let world = World::start().await;
    let mut process = world.serve(&[]).await;
    world.slow_down(300);
    let mut backups = Vec::new();
    for _ in 0..3 {
        let started = process.post("/backups", &json!({})).await;
        assert_eq!(started.status, 202, "{started:?}");
        backups.push(started.json()["backup"].as_str().unwrap().to_owned());
    }
    let series = |state| format!("rowgate_work_in_flight{{kind=\"backup\",state=\"{state}\"}}");
    until("begun", async || process.metric(&series("begun")).await == 2.0).await;
    assert_eq!(process.metric(&series("waiting")).await, 1.0);
    process.signal(Signal::TERM);
    assert!(process.ended().await.success());
    let log = process.log();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let says =
        |line: &Value, text: &str| line["message"].as_str().is_some_and(|message| message.contains(text));
    let left: Vec<&Value> = lines.iter().filter(|line| says(line, "the backup was not begun")).collect();
    assert_eq!(left.len(), 1, "{log}");
    assert_eq!(left[0]["backup.id"], backups[2], "{log}");
    let last = lines.iter().find(|line| says(line, "but for what was not begun")).unwrap();
    assert_eq!((&last["backups_not_begun"], &last["restores_not_begun"]), (&json!(1), &json!(0)), "{log}");

    world.db.data_api().clear();
    let process = world.serve(&[]).await;
    for (backup, status) in backups.iter().zip(["completed", "completed", "running"]) {
        let found = process.get(&format!("/backups/{backup}")).await.json();
        assert_eq!(found["status"], status, "{found}");
    }
}

#[tokio::test]
async fn slow_calls_time_out() {
    let world = World::start().await;
    let mut process = world.serve(&["--stop-seconds", "1"]).await;
    world.slow_down(15_000);
    let under_way = process.request(Method::GET, "/tables/tags/rows", OPERATOR);
    let under_way = tokio::spawn(async move { under_way.send().await.is_err() });
    until("under way", async || process.metric("rowgate_requests_in_flight").await == 1.0).await;
    let started = Instant::now();
    process.signal(Signal::TERM);
    assert!(process.ended().await.success());
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(process.log().contains("before all that was under way has ended"), "{}", process.log());
    assert!(under_way.await.unwrap(), "it was cut off");
}
