//! Verdicts on rows: which are inserted, which are rejected, and why.

use serde_json::{Value, json};

use crate::support::{Cloud, with};

#[tokio::test]
async fn a_good_batch_is_in_whole() {
    let cloud = Cloud::connect().await;
    let ids = cloud.ids;
    let employees: Vec<Value> = (0..998).map(|index| ids.employee(index)).collect();
    let body = json!({
        "hired_employees": employees,
        "department": null,
    });
    // An unknown name beside good rows: nothing is in.
    assert_eq!(cloud.api.post("/insert_data", &body).await.status, 400);
    let body = json!({
        "hired_employees": employees,
        "jobs": [{"id": ids.base, "job": "Clerk"}],
        "departments": [{"id": ids.base, "department": "Sales"}],
    });
    let reply = cloud.api.post("/insert_data", &body).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_eq!(reply.header("content-type"), "application/json");
    let expected = json!({"inserted": 1000, "rejected": 0, "tables": {
        "departments": {"inserted": 1, "rejected": []},
        "jobs": {"inserted": 1, "rejected": []},
        "employees": {"inserted": 998, "rejected": []}}});
    assert_eq!(reply.json(), expected);
    assert_eq!(cloud.database.count("employees", ids.base, ids.end()).await, 998);
    let stored =
        format!("SELECT id, name, `datetime`, department_id, job_id FROM employees WHERE id = {}", ids.at(7));
    let id = ids.base.to_string();
    let row = &cloud.database.rows(&stored).await[0];
    assert_eq!(row[..2], [ids.at(7).to_string(), format!("Person {}", ids.at(7))]);
    assert!(row[2].starts_with(&format!("{}-07-27 16:02:08", ids.year)), "{row:?}");
    assert_eq!(row[3..], [id.clone(), id]);
}

#[tokio::test]
async fn the_status_says_whether_all_some_or_none_are_in() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let path = "/tables/employees/rows";
    let row = |index| cloud.ids.employee(index);
    let bad = |index| with(row(index), "name", "");
    assert_eq!(cloud.api.post(path, &json!([row(1), row(2)])).await.status, 201);
    assert_eq!(cloud.api.post(path, &row(3)).await.status, 201);

    let some = cloud.api.post("/tables/hired_employees/rows", &json!([row(4), bad(5)])).await;
    assert_eq!(some.status, 207);
    let errors = json!([{"column": "name", "code": "required", "message": "name is required"}]);
    let expected = json!({"inserted": 1, "rejected": 1, "tables": {"employees": {"inserted": 1, "rejected": [
        {"index": 1, "row": bad(5), "errors": errors}]}}});
    assert_eq!(some.json(), expected);

    let none = cloud.api.post(path, &bad(5)).await;
    assert_eq!(none.status, 422);
    let expected = json!({"inserted": 0, "rejected": 1, "tables": {"employees": {"inserted": 0, "rejected": [
        {"index": 0, "row": bad(5), "errors": errors}]}}});
    assert_eq!(none.json(), expected);
    assert_eq!(cloud.database.count("employees", cloud.ids.base, cloud.ids.end()).await, 4);
}

#[tokio::test]
async fn a_bad_row_gets_every_one_of_its_codes() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let ids = cloud.ids;
    let good = |index| ids.employee(index);
    assert_eq!(cloud.api.post("/tables/employees/rows", &good(1)).await.status, 201);
    let mut missing = good(2);
    missing.as_object_mut().unwrap().remove("department_id");
    let body = json!([
        good(1),
        good(3),
        good(3),
        missing,
        with(good(4), "name", Value::Null),
        with(good(4), "name", 5),
        with(good(4), "name", "a".repeat(256)),
        with(good(4), "id", 2_147_483_648_i64),
        with(good(4), "id", -2_147_483_649_i64),
        with(good(4), "id", 0),
        with(good(4), "id", "x"),
        with(good(4), "id", 1.5),
        with(good(4), "id", true),
        with(good(4), "department_id", ids.at(99)),
        with(good(4), "job_id", ids.at(99)),
        with(good(4), "salary", 1),
        {"id": ids.at(5), "name": "", "department_id": ids.at(99), "job_id": "x", "datetime": "2021-02-30T00:00:00Z",
         "salary": 1},
        "not a row",
        [1, 2],
        null,
        with(good(6), "name", "😀".repeat(255)),
    ]);
    let reply = cloud.api.post("/tables/employees/rows", &body).await;
    assert_eq!(reply.status, 207, "{}", reply.text);
    let expected = [
        "0: duplicate_id",
        "2: duplicate_in_batch",
        "3: required",
        "4: required",
        "5: type",
        "6: too_long",
        "7: out_of_range",
        "8: out_of_range",
        "9: out_of_range",
        "10: type",
        "11: type",
        "12: type",
        "13: unknown_reference",
        "14: unknown_reference",
        "15: unknown_column",
        "16: required timestamp unknown_reference type unknown_column",
        "17: type",
        "18: type",
        "19: type",
    ];
    assert_eq!(reply.codes("employees"), expected);
    assert_eq!(reply.json()["inserted"], 2);
    let rejected = &reply.json()["tables"]["employees"]["rejected"];
    assert_eq!(rejected[0]["row"], good(1));
    assert_eq!(rejected[16]["row"], "not a row");
    assert_eq!(cloud.database.count("employees", ids.base, ids.end()).await, 3);
}

/// JSON that no careful client writes, and values that look like another type.
#[tokio::test]
async fn odd_json_is_judged_as_it_stands() {
    let cloud = Cloud::connect().await;
    let id = cloud.ids.at(1);
    for (row, code) in [
        (format!(r#"{{"id": {id}, "id": {id}, "job_name": "x"}}"#), "unknown_column"),
        (format!(r#"{{"id": {id}, "job_name": "x", "job": "y"}}"#), "unknown_column"),
        (format!(r#"{{"id": {id}, "job_name": {{"first": "x"}}}}"#), "type"),
        (format!(r#"{{"id": "{id}", "job_name": "x"}}"#), "type"),
        (format!(r#"{{"id": {id}.0, "job_name": "x"}}"#), "type"),
        (r#"{"id": 1e3, "job_name": "x"}"#.to_owned(), "type"),
        (r#"{"id": -0, "job_name": "x"}"#.to_owned(), "out_of_range"),
        (r#"{"id": 99999999999999999999999999, "job_name": "x"}"#.to_owned(), "out_of_range"),
    ] {
        let reply = cloud.api.post_bytes("/tables/jobs/rows", "application/json", row.clone()).await;
        assert_eq!((reply.status, reply.codes("jobs")), (422, vec![format!("0: {code}")]), "{row}");
        assert!(reply.text.contains(&row.replace(": ", ":")) || reply.text.contains(&row), "{}", reply.text);
    }
    let escaped = format!(r#"{{"\u0069d": {id}, "job_name": "a\ud83d\ude00b"}}"#);
    let reply = cloud.api.post_bytes("/tables/jobs/rows", "application/json", escaped).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let sql = format!("SELECT job_name FROM jobs WHERE id = {id}");
    assert_eq!(cloud.database.rows(&sql).await.concat(), ["a😀b"]);
}

#[tokio::test]
async fn only_times_that_exist_are_taken_and_stored_in_utc() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let bad = [
        "2021-02-30T00:00:00Z",
        "2021-02-29T00:00:00Z",
        "2021-13-01T00:00:00Z",
        "2021-07-27T24:00:00Z",
        "2021-07-27T16:02:60Z",
        "2021-07-27T16:02:08.5Z",
        "2021-07-27T16:02:08+24:00",
        "2021-07-27T16:02Z",
        "27.07.2021 16:02:08",
        "2021-07-27",
        "0000-00-00T00:00:00Z",
        "yesterday",
    ];
    let rows: Vec<Value> =
        (1..).zip(bad).map(|(index, time)| with(cloud.ids.employee(index), "datetime", time)).collect();
    let reply = cloud.api.post("/tables/employees/rows", &json!(rows)).await;
    assert_eq!(reply.status, 422);
    let expected: Vec<String> = (0..bad.len()).map(|index| format!("{index}: timestamp")).collect();
    assert_eq!(reply.codes("employees"), expected);
    let good = ["2024-02-29T23:59:59Z", "2024-02-29 23:59:59.000", "2024-02-29T18:59:59-05:00"];
    let rows: Vec<Value> =
        (1..).zip(good).map(|(index, time)| with(cloud.ids.employee(index), "datetime", time)).collect();
    assert_eq!(cloud.api.post("/tables/employees/rows", &json!(rows)).await.status, 201);
    let sql = format!(
        "SELECT DISTINCT DATE_FORMAT(`datetime`, '%Y-%m-%d %H:%i:%s') FROM employees WHERE id BETWEEN {} AND {}",
        cloud.ids.at(1),
        cloud.ids.at(3)
    );
    assert_eq!(cloud.database.rows(&sql).await.concat(), ["2024-02-29 23:59:59"]);
}

#[tokio::test]
async fn text_arrives_as_it_was_sent() {
    let cloud = Cloud::connect().await;
    let names = [
        "O'Neil".to_owned(),
        "say \"hi\"".to_owned(),
        "back\\slash\\".to_owned(),
        "nul\0nul".to_owned(),
        "100%".to_owned(),
        ":name".to_owned(),
        "'; DROP TABLE employees; --".to_owned(),
        "\\'; DROP TABLE jobs; --".to_owned(),
        "line\nbreak\ttab".to_owned(),
        "Zoë 😀 \u{200d} ﷺ".to_owned(),
        " a ".to_owned(),
        "a".repeat(255),
        "𝒳".repeat(255),
    ];
    let row = |(index, name): (i64, &String)| json!({"id": cloud.ids.at(index), "job_name": name});
    let rows: Vec<Value> = (1..).zip(&names).map(row).collect();
    assert_eq!(cloud.api.post("/tables/jobs/rows", &json!(rows)).await.status, 201);
    // The same names on the way that asks first, beside a row that is rejected.
    let mut again: Vec<Value> = (101..).zip(&names).map(row).collect();
    again.push(rows[0].clone());
    assert_eq!(cloud.api.post("/tables/jobs/rows", &json!(again)).await.status, 207);
    let sent: Vec<String> =
        names.iter().map(|name| name.bytes().map(|byte| format!("{byte:02X}")).collect()).collect();
    for first in [1, 101] {
        let (from, to) = (cloud.ids.at(first), cloud.ids.at(first + 50));
        let sql = format!("SELECT HEX(job_name) FROM jobs WHERE id BETWEEN {from} AND {to} ORDER BY id");
        assert_eq!(cloud.database.rows(&sql).await.concat(), sent);
    }
}

/// Too much text for a few statements is still one batch.
#[tokio::test]
async fn a_thousand_rows_as_wide_as_can_be_are_in() {
    let cloud = Cloud::connect().await;
    let name = "𝒳".repeat(255);
    let rows: Vec<Value> =
        (1..=1000).map(|index| json!({"id": cloud.ids.at(index), "job_name": name})).collect();
    let reply = cloud.api.post("/tables/jobs/rows", &json!(rows)).await;
    assert_eq!((reply.status, &reply.json()["inserted"]), (201, &json!(1000)), "{}", reply.text);
    let again = cloud.api.post("/tables/jobs/rows", &json!(rows)).await;
    assert_eq!((again.status, &again.json()["rejected"]), (422, &json!(1000)));
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, 1000);
}

/// Several concurrent writers insert the same ids: each id is in once, and every answer is true.
#[tokio::test]
async fn writers_that_race_for_ids_count_each_row_once() {
    let cloud = Cloud::connect().await;
    let rows: Vec<Value> =
        (1..=50).map(|index| json!({"id": cloud.ids.at(index), "job_name": "Racer"})).collect();
    let body = json!(rows);
    let posts = (0..6).map(|_| {
        let (api, body) = (cloud.api.clone(), body.clone());
        tokio::spawn(async move { api.post("/tables/jobs/rows", &body).await })
    });
    let mut inserted = 0;
    for post in posts.collect::<Vec<_>>() {
        let reply = post.await.unwrap();
        assert!(matches!(reply.status, 201 | 207 | 422), "{reply:?}");
        assert!(reply.codes("jobs").iter().all(|code| code.ends_with(": duplicate_id")), "{}", reply.text);
        inserted += reply.json()["inserted"].as_i64().unwrap();
    }
    assert_eq!(inserted, 50);
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, 50);
}
