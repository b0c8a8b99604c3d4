//! Files that existed before Rowgate: the loader finds them and loads each once.

use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::hr::tables;

use crate::support::{Cloud, assert_counts, eventually};

/// Creates a bucket outside the stack, with this test's name.
async fn other_bucket(cloud: &Cloud, is_versioned: bool) -> String {
    let name = format!("old-files-{}", cloud.ids.number);
    cloud.s3.create_bucket().bucket(&name).send().await.unwrap();
    if is_versioned {
        let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let put = cloud.s3.put_bucket_versioning().bucket(&name).versioning_configuration(versioned);
        put.send().await.unwrap();
    }
    cloud.let_loader_read(&name).await;
    name
}

async fn put(cloud: &Cloud, bucket: &str, key: &str, content: String) {
    let put = cloud.s3.put_object().bucket(bucket).key(key).body(content.into_bytes().into());
    put.send().await.unwrap();
}

/// Invokes the loader; returns its answer, and whether that is an error.
async fn invoke(cloud: &Cloud, payload: &Value) -> (Value, bool) {
    cloud.invoke("rowgate-loader", payload).await
}

async fn backfill(cloud: &Cloud, request: Value) -> Value {
    let (answer, failed) = invoke(cloud, &json!({ "backfill": request })).await;
    assert!(!failed, "{answer}");
    answer
}

fn counts(queued: u64, known: u64) -> Value {
    json!({"queued": queued, "known": known, "ignored": [], "ignored_count": 0, "next": null})
}

#[tokio::test]
async fn loads_another_bucket_once_however_often_it_is_asked_to() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let bucket = other_bucket(&cloud, false).await;
    // More than go into one request to the queue, with names that an event encodes.
    let keys: Vec<String> =
        (0..12).map(|number| format!("{}/a b+c%é/{number:02}.csv", cloud.ids.number)).collect();
    for (number, key) in (0..).zip(&keys) {
        put(&cloud, &bucket, key, cloud.ids.lines(number * 10, 10)).await;
    }
    let request = |dry: bool| {
        let prefix = format!("{}/", cloud.ids.number);
        json!({"bucket": bucket, "prefix": prefix, "table": "hired_employees", "dry_run": dry})
    };
    assert_eq!(backfill(&cloud, request(true)).await, counts(12, 0));
    assert_eq!(backfill(&cloud, request(false)).await, counts(12, 0));
    for key in &keys {
        let load = cloud.ended(key, 1).await.remove(0);
        assert_counts(&load, "completed", 10, 10, 0);
        assert_eq!(load["table"], "employees");
    }
    assert_eq!(backfill(&cloud, request(false)).await, counts(0, 12));
    assert_eq!(cloud.database.count("employees", cloud.ids.base, cloud.ids.end()).await, 120);
}

#[tokio::test]
async fn takes_the_newest_version_of_each_file_and_none_that_is_deleted() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let bucket = other_bucket(&cloud, true).await;
    let key = |name: &str| format!("incoming/employees/{}-{name}.csv", cloud.ids.number);
    put(&cloud, &bucket, &key("twice"), cloud.ids.line(0)).await;
    put(&cloud, &bucket, &key("twice"), cloud.ids.line(1)).await;
    put(&cloud, &bucket, &key("deleted"), cloud.ids.line(2)).await;
    cloud.s3.delete_object().bucket(&bucket).key(key("deleted")).send().await.unwrap();
    let request = json!({"bucket": bucket, "prefix": "incoming/"});
    assert_eq!(backfill(&cloud, request.clone()).await, counts(1, 0));
    assert_counts(&cloud.ended(&key("twice"), 1).await[0], "completed", 1, 1, 0);
    assert_eq!(cloud.database.count("employees", cloud.ids.base, cloud.ids.end()).await, 1);
    assert_eq!(backfill(&cloud, request).await, counts(0, 1));
    assert_eq!(cloud.loads_of(&key("deleted")).await, Vec::<Value>::new());
}

#[tokio::test]
async fn knows_what_was_dropped_and_loaded() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let key = cloud.key("employees", "dropped.csv");
    cloud.load(&key, cloud.ids.line(0)).await;
    assert_eq!(backfill(&cloud, json!({"prefix": key})).await, counts(0, 1));
    assert_eq!(cloud.loads_of(&key).await.len(), 1);
}

#[tokio::test]
async fn looks_at_every_one_of_more_files_than_a_page_lists() {
    let cloud = Cloud::connect().await;
    let bucket = other_bucket(&cloud, true).await;
    let mut puts = tokio::task::JoinSet::new();
    for number in 0..1_100 {
        let put = cloud.s3.put_object().bucket(&bucket).key(format!("incoming/jobs/{number:04}.pdf"));
        puts.spawn(put.send());
        if puts.len() >= 20 {
            puts.join_next().await.unwrap().unwrap().unwrap();
        }
    }
    while let Some(put) = puts.join_next().await {
        put.unwrap().unwrap();
    }
    let answer = backfill(&cloud, json!({"bucket": bucket, "prefix": "incoming/"})).await;
    assert_eq!((&answer["ignored_count"], &answer["next"]), (&json!(1_100), &Value::Null), "{answer}");
    assert_eq!(answer["ignored"].as_array().unwrap().len(), 100);
    let on = json!({"bucket": bucket, "prefix": "incoming/", "after": "incoming/jobs/1089.pdf"});
    assert_eq!(backfill(&cloud, on).await["ignored_count"], 10);
}

#[tokio::test]
async fn says_what_is_wrong_with_a_request() {
    let cloud = Cloud::connect().await;
    let failure = async |request: Value| {
        let (answer, failed) = invoke(&cloud, &json!({ "backfill": request })).await;
        assert!(failed, "{answer}");
        answer
    };
    let message = async |error_type: &str, request: Value| {
        let answer = failure(request).await;
        assert_eq!(answer["errorType"], error_type, "{answer}");
        answer["errorMessage"].as_str().unwrap().to_owned()
    };
    let unknown = message("InvalidPayload", json!({"prefix": "incoming/", "table": "people"})).await;
    let expected = format!("there is no table \"people\"; the tables are {}", tables().join(", "));
    assert_eq!(unknown, expected);
    let elsewhere = message("InvalidPayload", json!({"prefix": "rejected/"})).await;
    assert!(elsewhere.contains("under incoming/ alone"), "{elsewhere}");
    let nowhere = message("BackfillFailed", json!({"bucket": "no-such-bucket", "prefix": "incoming/"})).await;
    assert!(nowhere.contains("no-such-bucket cannot be listed"), "{nowhere}");
    let unreadable = failure(json!({})).await;
    let expected = "the payload cannot be used: missing field `prefix`";
    assert_eq!(unreadable, json!({"errorType": "InvalidPayload", "errorMessage": expected}));
}

#[tokio::test]
async fn a_load_that_nobody_works_on_is_abandoned_and_continues_with_a_backfill() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let bucket = other_bucket(&cloud, true).await;
    let key = format!("incoming/employees/{}-left.csv", cloud.ids.number);
    put(&cloud, &bucket, &key, cloud.ids.lines(0, 10)).await;
    let request = json!({"bucket": bucket, "prefix": "incoming/"});
    assert_eq!(backfill(&cloud, request.clone()).await, counts(1, 0));
    let load = cloud.ended(&key, 1).await.remove(0);
    let id = load["load"].as_str().unwrap();
    // The state of the ledger when the function was killed before its first chunk and the message
    // was lost.
    for sql in [
        format!("DELETE FROM employees WHERE id >= {} AND id < {}", cloud.ids.base, cloud.ids.end()),
        format!("DELETE FROM rowgate_load_chunks WHERE load_id = '{id}'"),
        format!(
            "UPDATE rowgate_loads SET status = 'running', finished_at = NULL, rows_read = 0, rows_loaded = 0, \
             active_at = UTC_TIMESTAMP(3) - INTERVAL 30 HOUR WHERE load_id = '{id}'"
        ),
    ] {
        cloud.database.rows(&sql).await;
    }
    // An audit asks the database only after a load.
    cloud.load(&cloud.key("employees", "other.csv"), cloud.ids.line(10)).await;
    let (audited, failed) = invoke(&cloud, &json!({ "audit": {} })).await;
    assert!(!failed, "{audited}");
    // That of another test may have been quicker, so what counts is the ledger.
    let given_up = cloud.load_by_id(&load).await;
    assert_eq!(given_up["status"], "failed", "{given_up}");
    assert!(given_up["error"].as_str().unwrap().contains("backfill"), "{given_up}");

    assert_eq!(backfill(&cloud, request).await, counts(1, 0));
    eventually("the load completes", async || cloud.load_by_id(&load).await["status"] == "completed").await;
    assert_counts(&cloud.ended(&key, 1).await[0], "completed", 10, 10, 0);
    assert_eq!(cloud.database.count("employees", cloud.ids.base, cloud.ids.end()).await, 11);
}

#[tokio::test]
async fn an_audit_tells_its_metrics() {
    let cloud = Cloud::connect().await;
    let (since, audit) = (Timestamp::now(), json!({ "audit": {} }));
    let (payload, failed) = invoke(&cloud, &audit).await;
    assert!(!failed, "{payload}");
    assert_eq!(payload["faults"], json!([]), "{payload}");
    assert!(payload["spared"].is_boolean(), "{payload}");
    let is_logged = |line: &Value| {
        line.get("_aws").is_some() && (&line["LedgerFaults"], &line["LoadsStalled"]) == (&json!(0), &json!(0))
    };
    cloud.logged("rowgate-loader", since, &audit, |lines| lines.iter().any(is_logged)).await;
}
