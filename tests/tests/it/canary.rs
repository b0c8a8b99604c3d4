//! The canary, invoked as an operator invokes it.

use serde_json::{Value, json};

use crate::support::Cloud;

/// The names of the checks, in their order.
fn checks() -> Vec<&'static str> {
    let reports = testkit::hr::folder().reports.iter().map(|report| &*report.name);
    let names = ["key", "status"].into_iter().chain(reports);
    names.chain(["insert", "delete", "leftovers", "file"]).collect()
}

#[tokio::test]
async fn canaries_at_once_find_everything_in_order_and_leave_nothing_but_their_loads() {
    let cloud = Cloud::connect().await;
    // Of a canary that was killed long ago.
    let left = json!({"id": cloud.ids.base, "note": "insert", "at": "2021-07-27T16:02:08Z"});
    assert_eq!(cloud.api.post("/tables/rowgate_canary/rows", &left).await.status, 201);
    let invoke = async || cloud.invoke("rowgate-canary", &json!({})).await;
    let (one, other) = tokio::join!(invoke(), invoke());
    for (answer, failed) in [one, other] {
        assert_eq!((failed, &answer["status"]), (false, &json!("ok")), "{answer}");
        let found = answer["checks"].as_array().unwrap();
        let names: Vec<&str> = found.iter().map(|check| check["check"].as_str().unwrap()).collect();
        assert_eq!(names, checks());
        for check in found {
            assert_eq!(check["status"], "ok", "{answer}");
            assert!(check["duration_ms"].is_u64(), "{answer}");
        }
    }
    let id = cloud.ids.base;
    let rows = format!("SELECT COUNT(*) FROM rowgate_canary WHERE id = {id}");
    assert_eq!(cloud.database.number(&rows).await, 0);

    let loads = |reply: &Value| -> Vec<Value> {
        let loads = reply["loads"].as_array().unwrap();
        loads.iter().filter(|load| load["table"] == "rowgate_canary").cloned().collect()
    };
    let asked_for = loads(&cloud.api.get("/loads?table=rowgate_canary").await.json());
    assert!(asked_for.len() >= 2, "{asked_for:?}");
    assert_eq!(loads(&cloud.api.get("/loads?limit=1000").await.json()), [Value::Null; 0]);
    assert!(!cloud.api.get("/tables").await.text.contains("rowgate_canary"));
}
