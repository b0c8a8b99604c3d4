//! `GET /loads` and `GET /loads/{id}`.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::{Cloud, assert_problem, ended};

async fn load_department(cloud: &Cloud, index: i64) -> Value {
    let file = format!("{},Department {index}\n", cloud.ids.at(index));
    cloud.load(&cloud.key("departments", &format!("{index}.csv")), file).await
}

#[tokio::test]
async fn pages_through_the_loads_newest_first() {
    let cloud = Cloud::connect().await;
    let mut ours = Vec::new();
    for index in 1..=3 {
        ours.push(load_department(&cloud, index).await["load"].clone());
    }
    ours.reverse();
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let reply = cloud.api.get(&format!("/loads?table=departments&limit=2{after}")).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"), "{}", reply.text);
        let page = reply.json();
        let loads = page["loads"].as_array().unwrap();
        assert!(loads.len() <= 2);
        assert!(loads.iter().all(|load| load["table"] == "departments"));
        seen.extend(loads.iter().map(|load| load["load"].clone()));
        let next = &page["next"];
        if next.is_null() || ours.iter().all(|load| seen.contains(load)) {
            break;
        }
        assert_eq!(loads.len(), 2, "a page that is not the last one is full");
        after = format!("&after={}", next.as_str().map_or_else(|| next.to_string(), str::to_owned));
    }
    let of_ours: Vec<Value> = seen.iter().filter(|load| ours.contains(load)).cloned().collect();
    assert_eq!(of_ours, ours);
    let distinct: HashSet<String> = seen.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), seen.len(), "no load is on two pages");
}

#[tokio::test]
async fn filters_by_table_and_status() {
    let cloud = Cloud::connect().await;
    let good = load_department(&cloud, 1).await;
    let bad = cloud.load(&cloud.key("departments", "bad.csv"), "id,colour\n1,red\n").await;
    assert_eq!((&good["status"], &bad["status"]), (&json!("completed"), &json!("failed")));
    for (status, wanted, other) in [("completed", &good, &bad), ("failed", &bad, &good)] {
        let reply = cloud.api.get(&format!("/loads?table=departments&status={status}&limit=1000")).await;
        let page = reply.json();
        let loads = page["loads"].as_array().unwrap();
        assert!(loads.iter().all(|load| load["table"] == "departments" && load["status"] == status));
        let ids: Vec<&Value> = loads.iter().map(|load| &load["load"]).collect();
        assert!(ids.contains(&&wanted["load"]) && !ids.contains(&&other["load"]));
    }
    let by_alias = cloud.api.get("/loads?table=hired_employees&limit=5").await;
    assert_eq!(by_alias.status, 200, "{}", by_alias.text);
    let names = by_alias.json()["loads"].clone();
    assert!(names.as_array().unwrap().iter().all(|load| load["table"] == "employees"), "{names}");
}

#[tokio::test]
async fn one_load_tells_all_its_fields() {
    let cloud = Cloud::connect().await;
    let key = cloud.key("departments", "one.csv");
    let file = format!("{},Parks\n{},\n", cloud.ids.at(1), cloud.ids.at(2));
    let load = cloud.load(&key, file.clone()).await;
    assert!(ended(&load));
    let alone = cloud.load_by_id(&load).await;
    let expected = json!({
        "table": "departments", "key": key, "mode": "append", "status": "completed", "rows_read": 2,
        "rows_loaded": 1, "rows_rejected": 1, "unknown_references": 0, "bytes": file.len(), "attempts": 1,
        "error": null,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&alone[field], value, "{field} of {alone}");
    }
    let expected = [
        "id,department_name,line,code,reason".to_owned(),
        format!("{},,2,required,department_name is required", cloud.ids.at(2)),
    ];
    assert_eq!(cloud.rejects(&load).await, expected);
}

#[tokio::test]
async fn says_what_is_wrong_with_a_question() {
    let cloud = Cloud::connect().await;
    for (query, parameter) in [
        (("limit", "0"), "limit"),
        (("limit", "1001"), "limit"),
        (("limit", "ten"), "limit"),
        (("status", "done"), "status"),
        (("table", "people"), "table"),
        (("after", "'; DROP TABLE rowgate_loads; --"), "after"),
        (("colour", "red"), "colour"),
    ] {
        let reply = cloud.api.query("/loads", &[query]).await;
        assert_problem(&reply, 400, "invalid-parameter");
        assert_eq!(reply.json()["errors"][0]["parameter"], parameter, "{}", reply.text);
    }
    for id in ["0", "00000000000000000000000000000000", "unknown", "%27%20OR%201=1"] {
        assert_problem(&cloud.api.get(&format!("/loads/{id}")).await, 404, "not-found");
    }
}
