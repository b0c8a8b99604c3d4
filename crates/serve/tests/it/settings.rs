//! The settings of the process.

use std::process::Command;

use axum::Router;
use axum::routing::post;
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::{WRITER, World, send};

fn failed(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_the_variable_that_is_missing_or_wrong() {
    let world = World::start().await;
    for variable in ["ROWGATE_CLUSTER_ARN", "ROWGATE_SECRET_ARN", "ROWGATE_DATABASE", "ROWGATE_BUCKET"] {
        let mut command = world.command(&[]);
        command.env_remove(variable);
        let message = failed(command);
        assert!(
            message.starts_with(&format!("error: {variable} is not set; set it, or give --")),
            "{message}"
        );
    }
    let message = |variable: &str, value: &str| {
        let mut command = world.command(&[]);
        command.env(variable, value);
        failed(command)
    };
    let mut without_keys = world.command(&[]);
    without_keys.env_remove("ROWGATE_KEYS");
    assert!(failed(without_keys).contains("there are no keys: name a file in ROWGATE_KEYS"));
    assert!(message("ROWGATE_KEYS", "/no/such/file").contains("cannot be read: No such file"));
    assert!(message("ROWGATE_LANES", "0").contains("ROWGATE_LANES=\"0\" is not a whole number"));
    assert!(message("ROWGATE_LISTEN", "8080").contains("--listen <ADDRESS>"));
    assert!(message("ROWGATE_RATE", "0").contains("--rate <COUNT>"));

    let process = world.serve(&[]).await;
    let taken = process.url.strip_prefix("http://").unwrap();
    assert!(message("ROWGATE_LISTEN", taken).contains("ROWGATE_LISTEN: listening on"));
}

#[tokio::test]
async fn says_by_a_command_of_its_own_whether_it_serves() {
    let world = World::start().await;
    let process = world.serve(&[]).await;
    let address = process.url.strip_prefix("http://").unwrap().to_owned();
    let health = |address: &str| world.command(&["health", "--listen", address]).output().unwrap();
    let every = format!("0.0.0.0:{}", address.rsplit_once(':').unwrap().1);
    assert!(health(&address).status.success() && health(&every).status.success());
    process.kill().await;
    assert!(!health(&address).status.success());
}

#[tokio::test]
async fn keys_may_come_from_a_secret() {
    let keys = format!("[[keys]]\nname = \"hr\"\nright = \"writer\"\nkey = \"{WRITER}\"\n");
    let answer = json!({"ARN": "arn:keys", "Name": "keys", "SecretString": keys}).to_string();
    let secrets = Router::new().route("/", post(async move || answer.clone()));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, secrets).await });

    let world = World::start().await;
    let mut command = world.command(&["--keys-secret", "arn:keys"]);
    command.env_remove("ROWGATE_KEYS").env("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint);
    let process = world.serve_with(command).await;
    let reply = send(process.request(reqwest::Method::GET, "/reports", WRITER)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test]
async fn links_are_signed_for_the_endpoint_of_s3() {
    let world = World::start().await;
    // By name: an address would be put into the path in any case.
    let place = world.bucket.url().replace("127.0.0.1", "localhost");
    let load = format!("{:032x}", 9);
    let rejects = format!("rejected/tags/{load}/{load}-00000.csv");
    let ledger = [
        format!(
            "INSERT INTO rowgate_loads (load_id, bucket, object_key, object_version, table_name, mode, status, \
             rows_read, rows_loaded, rows_rejected, unknown_references, bytes, started_at, finished_at, attempts) \
             VALUES ('{load}', 'data', 'incoming/tags/a.csv', 'v', 'tags', 'append', 'completed', 4, 1, 3, 0, 345, \
             UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), 1)"
        ),
        format!(
            "INSERT INTO rowgate_load_chunks (load_id, chunk_no, first_line, end_line, start_byte, end_byte, digest, rows_read, \
             rows_loaded, rows_rejected, unknown_references, rejects_key, committed_at) \
             VALUES ('{load}', 0, 1, 9, 0, 9, REPEAT('0', 64), 4, 1, 3, 0, '{rejects}', UTC_TIMESTAMP(3))"
        ),
    ];
    for sql in &ledger {
        world.db.sql(sql).await.unwrap();
    }
    for (of_all, of_s3) in [("http://localhost:9", Some(&*place)), (&*place, None)] {
        let mut command = world.command(&[]);
        command.env("AWS_ENDPOINT_URL", of_all).env_remove("AWS_ENDPOINT_URL_S3");
        command.envs(of_s3.map(|url| ("AWS_ENDPOINT_URL_S3", url)));
        let process = world.serve_with(command).await;
        let body = json!({"table": "tags", "file": "tags.csv", "bytes": 10});
        let upload = process.post("/uploads", &body).await;
        assert_eq!(upload.status, 201, "{upload:?}");
        let upload = upload.json();
        assert!(
            upload["url"].as_str().unwrap().starts_with(&format!("{place}/data/incoming/tags/")),
            "{upload}"
        );
        let load = process.get(&format!("/loads/{load}")).await.json();
        let link = load["rejects"][0]["url"].as_str().unwrap();
        assert!(link.starts_with(&format!("{place}/data/{rejects}?")), "{load}");
    }
}

#[tokio::test]
async fn metrics_may_be_turned_off_and_are_not_at_the_apis_address() {
    let world = World::start().await;
    let process = world.serve(&["--url", "https://rowgate.example/api/"]).await;
    process.get("/metrics").await.is_problem(404, "not-found");
    let document = process.get("/openapi.json").await.json();
    assert_eq!(document["servers"][0]["url"], "https://rowgate.example/api");
    assert_eq!(process.metric("rowgate_requests_in_flight").await, 0.0);
}
