//! Limits, and the answers of refusals.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{OPERATOR, WRITER, World, send, tag, until};

const BODY: usize = 4_000_000;

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_and_while_it_is_read() {
    let world = World::start().await;
    let process = world.serve(&[]).await;
    let post = || {
        let request = process.request(Method::POST, "/tables/tags/rows", WRITER);
        request.header("content-type", "application/json")
    };
    for size in [BODY + 1, 12_000_000] {
        send(post().body(vec![b' '; size])).await.is_problem(413, "payload-too-large");
    }
    // Its length is not declared.
    let address = process.url.strip_prefix("http://").unwrap().to_owned();
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = "POST /tables/tags/rows HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
        let rest = format!("x-api-key: {WRITER}\r\ntransfer-encoding: chunked\r\n\r\n");
        stream.write_all(format!("{head}{rest}").as_bytes()).unwrap();
        let piece = format!("{:x}\r\n{}\r\n", 50_000, " ".repeat(50_000));
        for _ in 0..=BODY / 50_000 {
            stream.write_all(piece.as_bytes()).unwrap();
        }
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).unwrap();
        String::from_utf8(answer.to_vec()).unwrap()
    });
    assert_eq!(answer.await.unwrap(), "HTTP/1.1 413 Pa");
    let mut largest = json!([tag(1)]).to_string();
    largest.push_str(&" ".repeat(BODY - largest.len()));
    assert_eq!(send(post().body(largest)).await.status, 201);
}

#[tokio::test]
async fn a_key_over_its_rate_gets_retry_after_and_others_are_not_slowed_down() {
    let world = World::start().await;
    world.write_keys(&format!(
        "[[keys]]\nname = \"hr\"\nright = \"writer\"\nkey = \"{WRITER}\"\nrate = 1\nburst = 3\n\
         [[keys]]\nname = \"ops\"\nright = \"operator\"\nkey = \"{OPERATOR}\"\n"
    ));
    let process = world.serve(&[]).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let reply = send(process.request(Method::GET, "/reports", WRITER)).await;
        if reply.status == 429 {
            reply.is_problem(429, "throttled");
            assert_eq!(reply.header("retry-after"), "1");
        }
        statuses.push(reply.status);
    }
    assert_eq!(statuses[..3], [200; 3]);
    assert!(statuses.contains(&429), "{statuses:?}");
    for _ in 0..20 {
        assert_eq!(process.get("/reports").await.status, 200);
    }
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(send(process.request(Method::GET, "/reports", WRITER)).await.status, 200);
}

#[tokio::test]
async fn requests_beyond_those_at_once_are_refused_at_once() {
    let world = World::start().await;
    let process = world.serve(&["--requests", "2"]).await;
    assert_eq!(process.get("/tables/tags/rows").await.status, 200);
    world.slow_down(1500);
    let mut slow = JoinSet::new();
    for _ in 0..2 {
        slow.spawn(send(process.request(Method::GET, "/tables/tags/rows", OPERATOR)));
    }
    until("under way", async || process.metric("rowgate_requests_in_flight").await == 2.0).await;
    let started = Instant::now();
    let refused = process.get("/reports").await;
    refused.is_problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(started.elapsed() < Duration::from_secs(1), "it did not wait");
    for reply in slow.join_all().await {
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    assert_eq!(process.get("/reports").await.status, 200);
    assert_eq!(process.metric("rowgate_requests_refused_total{reason=\"busy\"}").await, 1.0);
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_its_connection() {
    let world = World::start().await;
    let process = world.serve(&["--head-seconds", "1"]).await;
    let address = process.url.strip_prefix("http://").unwrap().to_owned();
    let ended = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\nx-slow: ").unwrap();
        let started = Instant::now();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut answer = String::new();
        // Closed, or reset: either way over.
        let _ = stream.read_to_string(&mut answer);
        (started.elapsed(), answer)
    });
    let (time, answer) = ended.await.unwrap();
    assert!(time < Duration::from_secs(10) && !answer.contains("200"), "{time:?}: {answer}");
}

/// A connection on which one request has been answered.
fn answered(address: &str, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut status = [0; 15];
    stream.read_exact(&mut status).unwrap();
    assert!(status.starts_with(b"HTTP/1.1 "), "{status:?}");
    stream
}

/// Returns the time until a connection is closed, or reset.
fn closed(mut stream: TcpStream) -> Duration {
    let started = Instant::now();
    let _ = stream.read_to_end(&mut Vec::new());
    started.elapsed()
}

#[tokio::test]
async fn connections_without_a_key_or_without_requests_do_not_stay() {
    let world = World::start().await;
    let process = world.serve(&["--idle-seconds", "5"]).await;
    let address = process.url.strip_prefix("http://").unwrap().to_owned();
    let ended = tokio::task::spawn_blocking(move || {
        let with_key =
            answered(&address, &format!("GET /reports HTTP/1.1\r\nhost: a\r\nx-api-key: {OPERATOR}\r\n\r\n"));
        let without = ["GET /health", "POST /health", "GET /reports"]
            .map(|request| closed(answered(&address, &format!("{request} HTTP/1.1\r\nhost: a\r\n\r\n"))));
        (closed(with_key), without)
    });
    let (with_key, without) = ended.await.unwrap();
    assert!(without.iter().all(|time| *time < Duration::from_secs(4)), "{without:?}");
    assert!(with_key < Duration::from_secs(20), "{with_key:?}");
}

#[tokio::test]
async fn silent_connections_make_room() {
    let world = World::start().await;
    let process = world.serve(&["--connections", "2", "--head-seconds", "60"]).await;
    let address = process.url.strip_prefix("http://").unwrap().to_owned();
    let silent: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(&address).unwrap()).collect();
    until("connected", async || process.metric("rowgate_connections").await == 2.0).await;
    let started = Instant::now();
    let health = send(process.client.get(format!("{}/health", process.url))).await;
    assert_eq!(health.status, 200, "{health:?}");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    drop(silent);
}

#[tokio::test]
async fn connections_beyond_those_at_once_wait() {
    let world = World::start().await;
    let process = world.serve(&["--connections", "1"]).await;
    let address = process.url.strip_prefix("http://").unwrap().to_owned();
    let request = format!("GET /reports HTTP/1.1\r\nhost: a\r\nx-api-key: {OPERATOR}\r\n\r\n");
    let first = tokio::task::spawn_blocking(move || answered(&address, &request)).await.unwrap();
    let request = process.request(Method::GET, "/reports", OPERATOR);
    let waiting = tokio::spawn(send(request));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    drop(first);
    assert_eq!(waiting.await.unwrap().status, 200);
}

#[tokio::test]
async fn a_request_runs_to_its_end_when_its_client_disconnects() {
    let world = World::start().await;
    let process = world.serve(&[]).await;
    world.slow_down(700);
    let request = process.request(Method::POST, "/tables/tags/rows", WRITER).json(&tag(7));
    let timed_out = request.timeout(Duration::from_millis(300)).send().await;
    assert!(timed_out.unwrap_err().is_timeout());
    until("inserted", async || world.db.value("SELECT COUNT(*) FROM tags").await.unwrap() == "1").await;
}
