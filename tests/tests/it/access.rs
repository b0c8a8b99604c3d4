//! Authorisation, and the headers of every answer.

use std::process::Command;

use reqwest::Method;
use serde_json::json;

use crate::support::{Cloud, Reply, assert_problem};

#[tokio::test]
async fn both_keys_may_write_and_read() {
    let cloud = Cloud::connect().await;
    let operator = cloud.as_operator();
    for (index, api) in [(1, &cloud.api), (2, &operator)] {
        let row = json!({"id": cloud.ids.at(index), "job_name": "Keeper"});
        assert_eq!(api.post("/tables/jobs/rows", &row).await.status, 201);
        assert_eq!(api.get("/reports").await.status, 200);
    }
}

/// The keys `team`, which writes the table `jobs`, and `viewer`, which reads every table.
#[tokio::test]
async fn a_key_may_do_what_it_was_given_on_its_tables_alone() {
    let cloud = Cloud::connect().await;
    let [team, viewer] = ["ROWGATE_TEAM_KEY", "ROWGATE_VIEWER_KEY"].map(|key| cloud.with_key(key));
    let jobs = "/tables/jobs/rows";
    let row = json!({"id": cloud.ids.at(1), "job_name": "Rigger"});
    let mixed = json!({"jobs": [{"id": cloud.ids.at(2), "job_name": "Roofer"}], "departments": []});
    assert_problem(&viewer.post(jobs, &row).await, 403, "forbidden");
    assert_eq!(team.post(jobs, &row).await.status, 201);
    assert_problem(&team.post("/insert_data", &mixed).await, 403, "forbidden");
    let written = format!("SELECT id FROM jobs WHERE id IN ({}, {})", cloud.ids.at(1), cloud.ids.at(2));
    assert_eq!(cloud.database.rows(&written).await, [[cloud.ids.at(1).to_string()]]);

    for api in [&team, &viewer] {
        assert_eq!(api.get(&format!("{jobs}/{}", cloud.ids.at(1))).await.json()["job_name"], "Rigger");
        assert_problem(&api.post("/backups", &json!({})).await, 403, "forbidden");
        let delete = api.request(Method::DELETE, &format!("{jobs}/{}", cloud.ids.at(1)));
        assert_problem(&api.send(delete).await, 403, "forbidden");
    }
    let others = "/tables/departments/rows";
    assert_eq!(viewer.get(others).await.status, 200);
    assert_problem(&team.get(others).await, 403, "forbidden");
    let tables = team.get("/tables").await.json();
    let names: Vec<_> = tables["tables"].as_array().unwrap().iter().map(|table| &table["name"]).collect();
    assert_eq!(names, ["jobs"]);
}

#[tokio::test]
async fn says_that_a_path_or_method_does_not_exist() {
    let cloud = Cloud::connect().await;
    for path in ["/nowhere", "/tables/jobs", "/insert_data/more", "/reports/hires-by-quarter/more"] {
        assert_problem(&cloud.api.get(path).await, 404, "not-found");
    }
    for (method, path, allowed) in [
        (Method::GET, "/insert_data", "POST"),
        (Method::DELETE, "/insert_data", "POST"),
        (Method::POST, "/reports", "GET,HEAD"),
        (Method::PATCH, "/backups", "GET,HEAD,POST"),
        (Method::PUT, "/restores/x", "GET,HEAD"),
    ] {
        let reply = cloud.api.send(cloud.api.request(method, path)).await;
        assert_problem(&reply, 405, "method-not-allowed");
        assert_eq!(reply.header("allow"), allowed, "{path}");
    }
}

#[tokio::test]
async fn every_request_has_an_id_of_its_own() {
    let cloud = Cloud::connect().await;
    let id = |reply: &Reply| reply.header("x-request-id").to_owned();
    let row = json!({"id": cloud.ids.at(1), "job_name": "Counter"});
    let first = cloud.api.post("/tables/jobs/rows", &row).await;
    let second = cloud.api.post("/tables/jobs/rows", &row).await;
    assert_ne!(id(&first), id(&second));
    let stored = format!(
        "SELECT table_name, row_index FROM rowgate_rejected_rows WHERE request_id = '{}'",
        id(&second)
    );
    assert_eq!(cloud.database.rows(&stored).await, [["jobs", "0"]]);
}

/// Uses the operator's key, whose limits are lower and which the other tests hardly use.
#[tokio::test]
async fn a_key_that_calls_too_often_is_throttled() {
    let operator = Cloud::connect().await.as_operator();
    let (throttled, others) = operator.flood(operator.request(Method::GET, "/reports"), 100).await;
    assert!(others.iter().all(|reply| reply.status == 200), "{others:?}");
    assert!(!throttled.is_empty());
}

/// Makes the call of the documentation with curl.
#[tokio::test]
async fn curl_posts_a_batch() {
    let cloud = Cloud::connect().await;
    let id = cloud.ids.base;
    let body = json!({
        "departments": [{"id": id, "department_name": "Logistics"}],
        "employees": [cloud.ids.employee(1)],
    });
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--include", "--noproxy", "*"])
        .arg(format!("{}/insert_data", cloud.api.url))
        .args(["-H", &format!("x-api-key: {}", cloud.api.key)])
        .args(["-H", "content-type: application/json"])
        .args(["-d", &body.to_string()])
        .output()
        .expect("curl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (head, answer) = text.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 207"), "{head}");
    assert!(head.contains("\r\nx-request-id: "), "{head}");
    assert!(head.contains("\r\ncontent-type: application/json"), "{head}");
    let rejected = json!({"index": 0, "row": cloud.ids.employee(1), "errors": [
        {"column": "job_id", "code": "unknown_reference", "message": "job_id names no row of jobs"}]});
    let expected = json!({"inserted": 1, "rejected": 1, "tables": {
        "departments": {"inserted": 1, "rejected": []},
        "employees": {"inserted": 0, "rejected": [rejected]}}});
    assert_eq!(serde_json::from_str::<serde_json::Value>(answer).unwrap(), expected);
}
