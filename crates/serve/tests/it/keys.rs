//! The right to call, and the log of callers.

use reqwest::Method;
use serde_json::json;

use crate::support::{OPERATOR, WRITER, World, send, tag};

#[tokio::test]
async fn without_a_valid_key_there_is_only_the_health() {
    let world = World::start().await;
    let process = world.serve(&[]).await;
    let health = send(process.client.get(format!("{}/health", process.url))).await;
    assert_eq!((health.status, &*health.text), (200, "{\"status\":\"ok\"}"));
    for path in ["/tables", "/status", "/docs", "/openapi.json", "/no/such/path", "/metrics", "/insert_data"]
    {
        let url = format!("{}{path}", process.url);
        let get = || process.client.get(&url);
        send(get()).await.is_problem(403, "forbidden");
        for wrong in ["", "hr", "Writer-writer-writer-writer", &WRITER[1..]] {
            send(get().header("x-api-key", wrong)).await.is_problem(403, "forbidden");
        }
        send(get().header("x-api-key", WRITER).header("x-api-key", WRITER))
            .await
            .is_problem(403, "forbidden");
    }
    let database = process.metric("rowgate_requests_refused_total{reason=\"key\"}").await;
    assert!(database >= 42.0, "{database}");
    assert!(process.log().contains("\"http.status\":403"));
}

#[tokio::test]
async fn every_right_is_the_keys_and_no_header_is_believed() {
    let world = World::start().await;
    let process = world.serve(&[]).await;
    let post = send(process.request(Method::POST, "/tables/tags/rows", WRITER).json(&tag(1))).await;
    assert_eq!(post.status, 201, "{post:?}");
    let delete = |key| process.request(Method::DELETE, "/tables/tags/rows/1", key);
    send(delete(WRITER)).await.is_problem(403, "forbidden");
    send(process.request(Method::POST, "/backups", WRITER).json(&json!({})))
        .await
        .is_problem(403, "forbidden");
    let deleted =
        send(delete(OPERATOR).header("x-request-id", "mine").header("x-forwarded-for", "1.2.3.4")).await;
    assert_eq!((deleted.status, deleted.header("x-request-id").len()), (204, 32), "{deleted:?}");
    send(process.request(Method::GET, "/no/such/path", WRITER)).await.is_problem(404, "not-found");
    send(process.request(Method::PATCH, "/tables", WRITER)).await.is_problem(405, "method-not-allowed");

    let log = process.log();
    let id = deleted.header("x-request-id");
    let line = log.lines().find(|line| line.contains(id) && line.contains("request answered")).unwrap();
    assert!(line.contains("\"key.id\":\"ops\"") && line.contains("\"rows\":1"), "{line}");
    assert!(!log.contains(WRITER) && !log.contains(OPERATOR) && !log.contains("1.2.3.4"), "{log}");
    let of = "rowgate_rows_total{method=\"DELETE\",route=\"/tables/{table}/rows/{id}\"}";
    assert_eq!(process.metric(of).await, 1.0);
    let counted =
        "rowgate_requests_total{method=\"DELETE\",route=\"/tables/{table}/rows/{id}\",status=\"204\"}";
    assert_eq!(process.metric(counted).await, 1.0);
}

#[tokio::test]
async fn a_key_reads_and_writes_its_tables_alone() {
    let world = World::start().await;
    world.write_keys(&format!(
        "[[keys]]\nname = \"team\"\nright = \"write\"\ntables = [\"tags\"]\nkey = \"{WRITER}\"\n\
         [[keys]]\nname = \"viewer\"\nright = \"read\"\nkey = \"{OPERATOR}\"\n"
    ));
    let process = world.serve(&[]).await;
    let rows = |method, table: &str, key| process.request(method, &format!("/tables/{table}/rows"), key);
    assert_eq!(send(rows(Method::POST, "tags", WRITER).json(&tag(1))).await.status, 201);
    assert_eq!(send(rows(Method::GET, "tags", WRITER)).await.status, 200);
    for method in [Method::GET, Method::POST] {
        let reply = send(rows(method, "documents", WRITER).json(&json!([]))).await;
        reply.is_problem(403, "forbidden");
        assert_eq!(reply.json()["detail"], "This key does not see the table documents.");
    }
    send(process.request(Method::GET, "/backups", WRITER)).await.is_problem(403, "forbidden");
    assert_eq!(send(rows(Method::GET, "documents", OPERATOR)).await.status, 200);
    send(rows(Method::POST, "tags", OPERATOR).json(&tag(2))).await.is_problem(403, "forbidden");
}

#[tokio::test]
async fn several_operators_have_a_key_each() {
    let world = World::start().await;
    let other = "another-another-another";
    world.write_keys(&format!(
        "[[keys]]\nname = \"a\"\nright = \"operator\"\nkey = \"{OPERATOR}\"\n\
         [[keys]]\nname = \"b\"\nright = \"operator\"\nkey = \"{other}\"\n"
    ));
    let process = world.serve(&[]).await;
    for key in [OPERATOR, other] {
        let reply = send(process.request(Method::DELETE, "/tables/tags/rows/1", key)).await;
        reply.is_problem(404, "not-found");
    }
}
