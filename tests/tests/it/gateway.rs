//! Functions get what callers write: every line of a header, paths with their encoding, and headers
//! that could be made into a URL.

use std::process::Command;

use reqwest::Method;
use serde_json::json;

use crate::support::{Cloud, assert_problem};

#[tokio::test]
async fn a_header_may_be_repeated() {
    let cloud = Cloud::connect().await;
    let (api, id) = (&cloud.api, cloud.ids.at(1));
    let rows = json!([{"id": id, "job_name": "Clerk"}]);
    let count = async || cloud.database.count("jobs", id, id).await;
    for values in [["tx=dry-run", "return=minimal"], ["return=minimal", "tx=dry-run"]] {
        let request = api.request(Method::POST, "/tables/jobs/rows").json(&rows);
        let reply = api.send(request.header("prefer", values[0]).header("prefer", values[1])).await;
        assert_eq!((reply.status, reply.header("preference-applied")), (201, "tx=dry-run"), "{reply:?}");
        assert_eq!(count().await, 0, "{values:?}");
    }
    let request = api.request(Method::POST, "/tables/jobs/rows").json(&rows);
    let reply = api.send(request.header("idempotency-key", "one").header("idempotency-key", "another")).await;
    assert_problem(&reply, 400, "invalid-idempotency-key");
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn an_id_is_read_as_a_whole_however_it_is_encoded() {
    let cloud = Cloud::connect().await;
    let (operator, id) = (cloud.as_operator(), cloud.ids.base);
    let row = json!({"id": id, "job_name": "Clerk"});
    assert_eq!(cloud.api.post("/tables/jobs/rows", &row).await.status, 201);
    let digits = id.to_string();
    let (first, rest) = digits.split_at(1);
    for wrong in [
        format!("{id}%23x"),
        format!("{id}%3Fx=1"),
        format!("{id}%20"),
        format!("%20{id}"),
        format!("{id}%09"),
        format!("{id}%2F"),
        format!("{id}%2Fx"),
        format!("{id}%5C"),
        format!("{first}%0A{rest}"),
        format!("{id}%00"),
        "%20".to_owned(),
        "%0D%0A".to_owned(),
    ] {
        let path = format!("/tables/jobs/rows/{wrong}");
        for method in [Method::GET, Method::DELETE] {
            let reply = operator.send(operator.request(method, &path)).await;
            assert_problem(&reply, 400, "invalid-parameter");
        }
    }
    // The same digits, encoded as they need not be.
    let (path, encoded) = (format!("/tables/jobs/rows/{id}"), format!("/tables/jobs/rows/%3{first}{rest}"));
    assert_eq!(operator.get(&path).await.json(), row);
    assert_eq!(operator.send(operator.request(Method::DELETE, &encoded)).await.status, 204);
    assert_problem(&operator.get(&path).await, 404, "not-found");
}

/// Sent by a program that sends any bytes.
#[tokio::test]
async fn headers_that_make_no_url_harm_nothing() {
    let cloud = Cloud::connect().await;
    for header in [
        "x-forwarded-proto: http, https",
        "x-forwarded-proto: ://",
        "x-forwarded-proto;",
        "host: 127.0.0.1:99999",
        "host: a:b",
        "host: [::1",
        "host: elsewhere/x?y",
    ] {
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--noproxy", "*", "--write-out", "\n%{http_code}"])
            .arg(format!("{}/tables/jobs/rows?limit=1", cloud.api.url))
            .args(["-H", &format!("x-api-key: {}", cloud.api.key), "-H", header])
            .output()
            .expect("curl is installed");
        let text = String::from_utf8(output.stdout).unwrap();
        let (answer, status) = text.rsplit_once('\n').unwrap();
        assert_eq!(status, "200", "{header}: {answer} {}", String::from_utf8_lossy(&output.stderr));
        assert!(answer.starts_with("{\"rows\":["), "{header}: {answer}");
    }
}
