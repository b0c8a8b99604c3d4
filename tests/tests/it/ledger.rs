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
    // A table that nobody has: its failed loads are in the ledger all the same.
    let people = cloud.load(&cloud.key("people", "people.csv"), "1,Ada\n").await;
    let page = cloud.api.get("/loads?table=people&limit=1000").await.json();
    let loads = page["loads"].as_array().unwrap();
    assert!(loads.iter().any(|load| load["load"] == people["load"]), "{page}");
    assert!(loads.iter().all(|load| load["table"] == "people" && load["status"] == "failed"), "{page}");
    assert_eq!(cloud.api.get("/loads?table=nobody").await.json(), json!({"loads": [], "next": null}));
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
        "table": "departments", "key": key, "mode": "append", "format": "csv", "status": "completed", "rows_read": 2,
        "rows_loaded": 1, "rows_rejected": 1, "unknown_references": 0, "bytes": file.len(), "attempts": 1,
        "error": null, "warnings": [], "parent": null, "same_as": null, "rejects_files": 1, "rejects_next": null,
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
async fn rejected_records_can_be_fetched_by_their_link_without_a_key() {
    let cloud = Cloud::connect().await;
    let clean = load_department(&cloud, 1).await;
    let none = cloud.load_by_id(&clean).await;
    for (field, value) in
        [("rejects", json!([])), ("rejects_files", json!(0)), ("rejects_expire_at", Value::Null)]
    {
        assert_eq!(none[field], value, "{none}");
    }
    let file = format!("{},Parks\n{},\n", cloud.ids.at(2), cloud.ids.at(3));
    let load = cloud.load(&cloud.key("departments", "a rejected one.csv"), file).await;
    let alone = cloud.load_by_id(&load).await;
    let id = load["load"].as_str().unwrap();
    let [rejects] = &alone["rejects"].as_array().unwrap()[..] else { panic!("{alone}") };
    assert_eq!(rejects["key"], format!("rejected/departments/{id}/{id}-00000.csv"));
    assert_eq!(rejects["rows"], 1);

    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = rejects["url"].as_str().unwrap();
    let response = client.get(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let header = |name| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-disposition"), format!("attachment; filename=\"{id}-00000.csv\""));
    assert!(header("content-type").starts_with("text/csv"));
    let expected = format!(
        "\u{FEFF}id,department_name,line,code,reason\r\n{},,2,required,department_name is required\r\n",
        cloud.ids.at(3)
    );
    assert_eq!(response.text().await.unwrap(), expected);

    // The link is for this file alone, and for a quarter of an hour.
    let other = url.replace("-00000.csv?", "-00001.csv?");
    assert_eq!(client.get(other).send().await.unwrap().status(), 403);
    let longer = url.replace("X-Amz-Expires=900", "X-Amz-Expires=9000");
    assert!(longer != url && client.get(longer).send().await.unwrap().status() == 403);
    let now = cloud.database.now().await;
    let expire_at = alone["rejects_expire_at"].as_str().unwrap();
    assert!(expire_at > &*now && expire_at.len() == now.len(), "{now} {expire_at}");
}

#[tokio::test]
async fn mended_rejects_name_the_load_that_they_came_from() {
    let cloud = Cloud::connect().await;
    let file = format!("{},Parks\n{},\n", cloud.ids.at(1), cloud.ids.at(2));
    let first = cloud.load(&cloud.key("departments", "first.csv"), file).await;
    let id = first["load"].as_str().unwrap();
    let mended = cloud.rejects(&first).await.join("\n").replace(",,2,", ",Gardens,2,");
    let second = cloud.load(&format!("incoming/departments/{id}-00000.csv"), mended).await;
    assert_eq!((&second["parent"], &second["rows_loaded"]), (&first["load"], &json!(1)), "{second}");
    assert_eq!(first["parent"], Value::Null);
}

#[tokio::test]
async fn says_what_is_wrong_with_a_question() {
    let cloud = Cloud::connect().await;
    for (query, parameter) in [
        (("limit", "0"), "limit"),
        (("limit", "1001"), "limit"),
        (("limit", "ten"), "limit"),
        (("status", "done"), "status"),
        (("table", "équipe"), "table"),
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
