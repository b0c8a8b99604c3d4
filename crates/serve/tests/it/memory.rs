//! The memory of the process.

use std::fs;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Process, WRITER, World, send};

const CLIENTS: u32 = 32;
const MIB: u64 = 1024;
/// The memory of a container of 128 MiB.
const LIMIT: u64 = 128 * MIB;
const TIME: Duration = Duration::from_secs(5);

/// The most memory that it has had, in KiB.
fn high_water(process: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The most rows that a request may have.
fn batch(first: u32) -> Value {
    (first..first + 1000)
        .map(|id| json!({"id": id, "tag_name": format!("Tag {id}{}", "x".repeat(200))}))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_clients_fit_into_128_mib() {
    let world = World::start().await;
    let process = world.serve(&["--rate", "10000", "--burst", "5000"]).await;
    let before = high_water(&process);
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let post = process.request(Method::POST, "/tables/tags/rows", WRITER);
        let get = process.request(Method::GET, "/tables/tags/rows?limit=1000", WRITER);
        clients.spawn(async move {
            let (started, mut sent) = (Instant::now(), 0);
            while started.elapsed() < TIME {
                let rows = batch(client * 100_000 + sent * 1000 + 1);
                let reply = send(post.try_clone().unwrap().json(&rows)).await;
                assert_eq!(reply.status, 201, "{reply:?}");
                assert_eq!(send(get.try_clone().unwrap()).await.status, 200);
                sent += 1;
            }
            sent * 2
        });
    }
    let sent: u32 = clients.join_all().await.into_iter().sum();
    let after = high_water(&process);
    println!("{sent} requests of {CLIENTS} clients: {} MiB, at first {} MiB", after / MIB, before / MIB);
    assert!(after < LIMIT, "{after} KiB");
}

/// The largest bodies that there may be, all at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_of_the_largest_bodies_fit_too() {
    let world = World::start().await;
    let process = world.serve(&[]).await;
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let post = process.request(Method::POST, "/tables/tags/rows", WRITER);
        let rows: Value = (1..=1000).map(|id| json!({"id": id, "tag_name": "x".repeat(3900)})).collect();
        clients.spawn(send(post.json(&rows)));
    }
    for reply in clients.join_all().await {
        assert!([422, 503].contains(&reply.status), "{}", reply.status);
    }
    let after = high_water(&process);
    println!("{CLIENTS} bodies of 3.9 MB: {} MiB", after / MIB);
    assert!(after < LIMIT, "{after} KiB");
}
