//! Events: a rule of EventBridge puts them into a queue. That of a restore is with the restores.

use serde_json::json;

use crate::support::{Cloud, Listener, assert_counts};

#[tokio::test]
async fn who_listens_learns_what_became_of_a_dropped_file() {
    let cloud = Cloud::connect().await;
    let (good, bad) = (cloud.key("jobs", "told.csv"), cloud.key("jobs", "told-bad.csv"));
    let listener = Listener::start(&cloud, "load", &json!({"key": [good, bad]})).await;
    let load = cloud.load(&good, format!("{},Told\n{},\n", cloud.ids.at(1), cloud.ids.at(2))).await;
    assert_counts(&load, "completed", 2, 1, 1);
    let event = listener.next(|_| true).await;
    assert_eq!((&event["detail-type"], &event["detail"]), (&json!("Load Completed"), &load));

    let load = cloud.load(&bad, "Name,Vorname\n").await;
    let event = listener.next(|event| event["detail"]["key"] == bad).await;
    assert_eq!((&event["detail-type"], &event["detail"]["load"]), (&json!("Load Failed"), &load["load"]));
    assert!(load["error"].as_str().unwrap().contains("Vorname"));
    assert!(!event.to_string().contains("Vorname"), "{event}");
    listener.end().await;
}

#[tokio::test]
async fn who_listens_learns_that_a_backup_is_complete() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let listener = Listener::start(&cloud, "backup", &json!({"backup": [{"exists": true}]})).await;
    let (backup, _) = cloud.backup(&json!({"tables": ["jobs"]})).await;
    let manifest = &cloud.backed_up(&backup).await["manifest"];
    let event = listener.next(|event| event["detail"]["backup"] == backup).await;
    let (detail, jobs) = (&event["detail"], &manifest["tables"]["jobs"]);
    assert_eq!(event["detail-type"], "Backup Completed");
    assert_eq!(detail["tables"], json!({"jobs": {"rows": jobs["rows"], "bytes": jobs["bytes"]}}));
    for time in ["started_at", "finished_at", "moment"] {
        assert_eq!(detail[time], manifest[time], "{time}");
    }
    listener.end().await;
}
