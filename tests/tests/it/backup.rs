//! Backups over HTTP and by invocation.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::hr::tables;

use crate::support::{Api, Cloud, assert_problem, read_avro};

const UNKNOWN: &str = "20000101-000000-00000000";

#[tokio::test]
async fn the_writer_key_may_look_at_backups_and_restores_and_start_none() {
    let cloud = Cloud::connect().await;
    for (path, body) in [("/backups", json!({})), ("/restores", json!({"backup": "latest"}))] {
        assert_problem(&cloud.api.post(path, &body).await, 403, "forbidden");
    }
    for api in [&cloud.api, &cloud.as_operator()] {
        assert_eq!(api.get("/backups").await.status, 200);
        assert_problem(&api.get(&format!("/backups/{UNKNOWN}")).await, 404, "not-found");
        assert_problem(&api.get(&format!("/restores/{UNKNOWN}")).await, 404, "not-found");
    }
    for (method, path) in [
        (Method::GET, "/backups"),
        (Method::POST, "/backups"),
        (Method::GET, "/backups/0"),
        (Method::POST, "/restores"),
        (Method::GET, "/restores/0"),
    ] {
        let keyless = cloud.api.keyless(method, path).body("{}");
        assert_problem(&cloud.api.send(keyless).await, 403, "forbidden");
    }
}

#[tokio::test]
async fn what_is_asked_for_in_a_wrong_way_is_refused_with_the_reason() {
    let cloud = Cloud::connect().await;
    let operator = cloud.as_operator();
    for (path, body, kind) in [
        ("/backups", "{", "invalid-json"),
        ("/backups", "[]", "wrong-shape"),
        ("/backups", r#"{"tables": []}"#, "wrong-shape"),
        ("/backups", r#"{"tables": "employees"}"#, "wrong-shape"),
        ("/backups", r#"{"table": ["jobs"]}"#, "wrong-shape"),
        ("/backups", r#"{"tables": ["people"]}"#, "unknown-table"),
        ("/restores", "{", "invalid-json"),
        ("/restores", "{}", "wrong-shape"),
        ("/restores", r#"{"backup": 7}"#, "wrong-shape"),
        ("/restores", r#"{"backup": "latest", "mode": "append"}"#, "wrong-shape"),
        ("/restores", r#"{"backup": "latest", "tables": []}"#, "wrong-shape"),
        ("/restores", r#"{"backup": "latest", "tables": ["people"]}"#, "unknown-table"),
    ] {
        let reply = operator.post_bytes(path, "application/json", body).await;
        assert_problem(&reply, 400, kind);
    }
    for backup in [UNKNOWN, "../../incoming", "x"] {
        let reply = operator.post("/restores", &json!({"backup": backup})).await;
        assert_problem(&reply, 404, "not-found");
    }
    for path in ["/backups", "/restores"] {
        let reply = operator.post_bytes(path, "text/csv", "{}").await;
        assert_problem(&reply, 415, "unsupported-media-type");
        let reply = operator.post_bytes(path, "application/json", " ".repeat(4_000_001)).await;
        assert_problem(&reply, 413, "payload-too-large");
    }
    for query in ["limit=0", "limit=x", "limit=101", "after=x", "order=id"] {
        assert_problem(&cloud.api.get(&format!("/backups?{query}")).await, 400, "invalid-parameter");
    }
}

#[tokio::test]
async fn a_backup_over_http_is_listed_with_its_manifest_and_holds_every_row() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let rows: Vec<Value> = (0..300).map(|index| cloud.ids.employee(index)).collect();
    let reply = cloud.api.post("/tables/employees/rows", &Value::from(rows)).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let started = cloud.as_operator().post_bytes("/backups", "application/json", "").await;
    assert_eq!(started.status, 202, "{started:?}");
    let id = started.json()["backup"].as_str().unwrap().to_owned();
    let backup = cloud.backed_up(&id).await;
    assert_eq!((&backup["status"], &backup["error"]), (&json!("completed"), &Value::Null), "{backup}");
    let manifest = &backup["manifest"];
    let backed_up: Vec<&String> = manifest["tables"].as_object().unwrap().keys().collect();
    assert_eq!(backed_up, tables());
    let listed = backups(&cloud.api, "?limit=100").await;
    let ids: Vec<&str> = listed.iter().map(|backup| backup["backup"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");
    let mut listed = listed.iter().find(|backup| backup["backup"] == id.as_str()).unwrap().clone();
    // Page by page it is the same list; this one is on its second page, if not on the first.
    let after = ids.iter().position(|listed| *listed == id).and_then(|index| ids[..index].last());
    if let Some(newer) = after {
        let page = backups(&cloud.api, &format!("?limit=1&after={newer}")).await;
        assert_eq!(page, [listed.clone()]);
    }
    listed["manifest"] = manifest.clone();
    assert_eq!(listed, backup);
    let raw: Value =
        serde_json::from_slice(&cloud.bytes(&format!("backups/{id}/manifest.json")).await).unwrap();
    assert_eq!(raw, *manifest);
    assert_same_rows(&cloud, &id).await;
}

#[tokio::test]
async fn a_backup_by_invocation_has_the_tables_that_are_asked_for() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let (id, answer) = cloud.backup(&json!({"tables": ["jobs", "hired_employees"]})).await;
    let tables = answer["tables"].as_object().unwrap();
    assert_eq!(tables.keys().collect::<Vec<_>>(), ["jobs", "employees"]);
    assert!(tables["jobs"]["rows"].as_u64().unwrap() >= 1);
    let files: Vec<Value> = cloud.files(&id, "jobs").await.into_iter().map(Value::from).collect();
    assert_eq!(tables["jobs"]["files"], Value::from(files));
    let (wrong, failed) = cloud.invoke("rowgate-backup", &json!({"tables": ["people"]})).await;
    assert!(failed && wrong["errorMessage"].as_str().unwrap().contains("people"), "{wrong}");
    assert_eq!(wrong["errorType"], "InvalidPayload", "{wrong}");
}

/// Chunks are committed in parallel; a snapshot has some of them, and each as a whole.
#[tokio::test]
async fn a_backup_while_a_file_is_loaded_has_every_chunk_or_none_of_it() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let key = cloud.key("employees", "loaded.csv");
    cloud.put(&key, cloud.ids.lines(0, 60_000)).await;
    let mut taken = Vec::new();
    loop {
        let (backup, _) = cloud.backup(&json!({"tables": ["employees"]})).await;
        taken.push(backup);
        let loads = cloud.loads_of(&key).await;
        if taken.len() > 12 || loads.first().is_some_and(|load| load["status"] != "running") {
            break;
        }
    }
    let load = cloud.ended(&key, 1).await.remove(0);
    let sql = format!(
        "SELECT rows_loaded FROM rowgate_load_chunks WHERE load_id = '{}' ORDER BY chunk_no",
        load["load"].as_str().unwrap()
    );
    let mut chunks = Vec::new();
    let mut first = cloud.ids.base;
    for row in cloud.database.rows(&sql).await {
        let next = first + row[0].parse::<i64>().unwrap();
        chunks.push(first..next);
        first = next;
    }
    assert_eq!(first, cloud.ids.at(60_000));
    for backup in &taken {
        let found = ids(&cloud, backup, "employees").await;
        for chunk in &chunks {
            let there = found.range(chunk.clone()).count() as i64;
            assert!(
                there == 0 || there == chunk.end - chunk.start,
                "{there} rows of {chunk:?} are in {backup}"
            );
        }
    }
}

#[tokio::test]
async fn expiry_and_reaping_are_scheduled() {
    let cloud = Cloud::connect().await;
    let rules = cloud.aws_json("events", "AWSEvents.ListRules", &json!({})).await.unwrap();
    let mut inputs = Vec::new();
    for rule in rules["Rules"].as_array().unwrap() {
        let rule_name = json!({"Rule": rule["Name"]});
        let targets = cloud.aws_json("events", "AWSEvents.ListTargetsByRule", &rule_name).await.unwrap();
        for target in targets["Targets"].as_array().unwrap() {
            let (function, input) =
                (target["Arn"].as_str().unwrap(), target["Input"].as_str().unwrap_or("{}"));
            let function = function.rsplit(':').next().unwrap().to_owned();
            inputs.push((
                function,
                rule["ScheduleExpression"].as_str().unwrap_or_default().to_owned(),
                input.to_owned(),
            ));
        }
    }
    for (function, schedule, input) in [
        ("rowgate-backup", "rate(1 hour)", r#"{"expire":{}}"#),
        ("rowgate-restore", "rate(1 hour)", r#"{"sweep":{}}"#),
    ] {
        let expected = (function.to_owned(), schedule.to_owned(), input.to_owned());
        assert!(inputs.contains(&expected), "{expected:?} is not among {inputs:?}");
    }
    // With the lake on, backup and drill are steps of its nightly run.
    let lake = std::env::var("ROWGATE_LAKE_BUCKET").is_ok();
    for input in ["{}", r#"{"drill":{}}"#] {
        let mut nightly = inputs.iter().filter(|(_, schedule, _)| schedule.starts_with("cron"));
        assert_eq!(nightly.any(|(_, _, found)| found == input), !lake, "{input} in {inputs:?}");
    }
}

async fn backups(api: &Api, query: &str) -> Vec<Value> {
    let reply = api.get(&format!("/backups{query}")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["backups"].as_array().unwrap().clone()
}

/// Returns the ids of a table in a backup, as fastavro reads them.
async fn ids(cloud: &Cloud, backup: &str, table: &str) -> BTreeSet<i64> {
    let folder = tempfile::tempdir().unwrap();
    let rows = rows(cloud, backup, table, folder.path()).await;
    rows.into_iter().map(|row| row[0].as_deref().unwrap().parse().unwrap()).collect()
}

async fn rows(cloud: &Cloud, backup: &str, table: &str, folder: &Path) -> Vec<Vec<Option<String>>> {
    let mut paths = Vec::new();
    for key in cloud.files(backup, table).await {
        let path = folder.join(format!("{table}-{}", paths.len()));
        fs::write(&path, cloud.bytes(&key).await).unwrap();
        paths.push(path);
    }
    read_avro(&paths).into_iter().flat_map(|file| file.rows).collect()
}

/// Compares this test's own rows, which nobody changes, with those that fastavro reads from the
/// backup.
async fn assert_same_rows(cloud: &Cloud, backup: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (cloud.ids.base, cloud.ids.end());
    for table in tables() {
        let is_own = |row: &Vec<Option<String>>| {
            (from..to).contains(&row[0].as_deref().unwrap().parse::<i64>().unwrap())
        };
        let found: Vec<Vec<String>> = rows(cloud, backup, table, folder.path())
            .await
            .into_iter()
            .filter(is_own)
            .map(|row| row.into_iter().map(|value| value.unwrap_or_else(|| "NULL".to_owned())).collect())
            .collect();
        let sql = format!("SELECT * FROM {table} WHERE id >= {from} AND id < {to} ORDER BY id");
        assert_eq!(found, cloud.database.rows(&sql).await, "{table}");
    }
}
