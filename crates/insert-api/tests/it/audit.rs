//! The audit trail of rows: who, what, before and after, in the transaction of the change.

use axum::http::{Request, header};
use serde_json::{Value, json};
use testkit::gateway::{REQUEST_ID, by_person};
use testkit::local_data_api::{ErrorKind, Faults, Operation, Rule};

use crate::row_support::{THINGS, is_problem};
use crate::support::{Api, employee, with};

const ANN: (&str, &str) = ("ann@x.example", "operator");

impl Api {
    /// `action table row before after`, in the order of the trail.
    async fn trail(&self) -> Vec<String> {
        let sql = "SELECT CONCAT_WS(' ', action, table_name, row_key, IFNULL(before_json, '-'), IFNULL(after_json, '-')) \
                   FROM rowgate_audit ORDER BY id";
        self.db.sql(sql).await.unwrap().into_iter().map(|row| row[0].clone().unwrap()).collect()
    }
}

fn job(id: i64, name: &str) -> Value {
    json!({"id": id, "job_name": name})
}

#[tokio::test]
async fn every_row_that_a_person_brings_in_has_an_entry() {
    let api = Api::start().await;
    let body = json!({"jobs": [job(11, "Pilot"), job(10, "Cook")], "employees": [employee(7)]});
    assert_eq!(api.by(ANN, "POST", "/insert_data", &[], &body).await.status, 201);
    assert_eq!(
        api.trail().await,
        [
            r#"insert-rows jobs 11 - {"id":11,"job_name":"Pilot"}"#.to_owned(),
            r#"insert-rows jobs 10 - {"id":10,"job_name":"Cook"}"#.to_owned(),
            format!("insert-rows employees 7 - {}", employee(7)),
        ]
    );
    let who = "SELECT DISTINCT username, request_id, at > UTC_TIMESTAMP() - INTERVAL 1 MINUTE, detail_json FROM rowgate_audit";
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(api.db.sql(who).await.unwrap(), [[text("ann@x.example"), text(REQUEST_ID), text("1"), None]]);
}

#[tokio::test]
async fn one_table_with_a_key_and_without_leaves_the_same() {
    for headers in [&[][..], &[("idempotency-key", "k")]] {
        let api = Api::start().await;
        let path = "/tables/jobs/rows";
        for expected in [201, if headers.is_empty() { 422 } else { 201 }] {
            let reply = api.by(ANN, "POST", path, headers, &json!([job(10, "Cook")])).await;
            assert_eq!(reply.status, expected, "{reply:?}");
        }
        assert_eq!(api.trail().await, [r#"insert-rows jobs 10 - {"id":10,"job_name":"Cook"}"#]);
        // Some in, some not: those that are in.
        let key = [("idempotency-key", "k2")];
        let headers = if headers.is_empty() { headers } else { &key[..] };
        let mixed = json!([job(10, "Cook"), job(12, "Baker"), job(13, "")]);
        assert_eq!(api.by(ANN, "POST", path, headers, &mixed).await.status, 207);
        assert_eq!(api.trail().await[1..], [r#"insert-rows jobs 12 - {"id":12,"job_name":"Baker"}"#]);
    }
}

#[tokio::test]
async fn what_is_not_in_has_no_entry() {
    let api = Api::start().await;
    let mixed = json!({"jobs": [job(10, "Cook"), job(11, "")]});
    for (prefer, status) in [("tx=atomic", 422), ("tx=dry-run", 207)] {
        for key in [&[("prefer", prefer)][..], &[("prefer", prefer), ("idempotency-key", "k")]] {
            assert_eq!(api.by(ANN, "POST", "/insert_data", key, &mixed).await.status, status);
        }
    }
    let rejected = api.by(ANN, "PUT", "/tables/jobs/rows/9", &[], &job(9, "")).await;
    is_problem(&rejected, 422, "invalid-row");
    let taken = api.by(ANN, "PUT", "/tables/jobs/rows/1", &[("if-none-match", "*")], &job(1, "Cook")).await;
    assert_eq!(taken.status, 412);
    is_problem(&api.by(ANN, "DELETE", "/tables/jobs/rows/99", &[], &Value::Null).await, 404, "not-found");
    is_problem(
        &api.by(ANN, "DELETE", "/tables/employees/rows/99", &[], &Value::Null).await,
        404,
        "not-found",
    );
    api.put("/tables/employees/rows/7", &employee(7)).await;
    is_problem(&api.by(ANN, "DELETE", "/tables/jobs/rows/1", &[], &Value::Null).await, 409, "referenced");
    assert_eq!(api.trail().await, [""; 0]);
    assert_eq!(api.count("jobs").await, 1);
}

#[tokio::test]
async fn scripts_leave_no_trail() {
    let api = Api::start().await;
    api.ask("/insert_data", &[("idempotency-key", "k")], &json!({"employees": [employee(7)]})).await;
    api.put("/tables/employees/rows/8", &employee(8)).await;
    assert_eq!(api.delete("/tables/employees/rows/8").await.status, 204);
    assert_eq!(api.count("rowgate_audit").await, 0);
}

#[tokio::test]
async fn a_put_and_a_delete_are_recorded_with_the_row_before_and_after() {
    let api = Api::start().await;
    let path = "/tables/employees/rows/7";
    let (ada, grace) = (employee(7), with(employee(7), "name", "Gr'a\"c\\e\n%"));
    assert_eq!(api.by(ANN, "PUT", path, &[("if-none-match", "*")], &ada).await.status, 201);
    assert_eq!(api.by(ANN, "PUT", path, &[], &grace).await.status, 200);
    assert_eq!(api.by(ANN, "PUT", path, &[], &grace).await.status, 200);
    assert_eq!(api.by(ANN, "DELETE", path, &[], &Value::Null).await.status, 204);
    assert_eq!(api.by(ANN, "PUT", path, &[], &ada).await.status, 201);
    assert_eq!(
        api.trail().await,
        [
            format!("put-row employees 7 - {ada}"),
            format!("put-row employees 7 {ada} {grace}"),
            format!("put-row employees 7 {grace} {grace}"),
            format!("delete-row employees 7 {grace} -"),
            format!("put-row employees 7 - {ada}"),
        ]
    );
}

#[tokio::test]
async fn before_and_after_are_what_the_api_gives_of_a_row() {
    let api = Api::over(THINGS).await;
    let odd: String = (0_u32..0x250).filter_map(char::from_u32).chain("😀\u{2028}\u{FFFD}".chars()).collect();
    let odd: Vec<String> = odd
        .chars()
        .collect::<Vec<_>>()
        .chunks(250)
        .map(|part| format!("x{}", String::from_iter(part)))
        .collect();
    let mut rows = vec![
        json!({"small": null, "code": -9_223_372_036_854_775_808_i64, "price": null, "rate": null, "label": null,
               "on_sale": null, "day": null, "moment": null, "size": 0}),
        json!({"small": -7, "code": 1, "price": "-0.05000", "rate": "0.1000", "label": "a\"b", "on_sale": true,
               "day": "1000-01-01", "moment": "9999-12-31T23:59:59Z", "size": 2_147_483_647}),
        json!({"small": 7, "code": 2, "price": "123456789012345678901234567890123.45678", "rate": "-0.9999",
               "label": "x", "on_sale": false, "day": "2024-02-29", "moment": "2021-07-27T00:00:00Z", "size": -1}),
    ];
    for (code, label) in (3..).zip(odd) {
        rows.push(with(with(rows[1].clone(), "code", code), "label", label));
    }
    let insert = api.by(ANN, "POST", "/tables/things/rows", &[], &json!(rows)).await;
    assert_eq!(insert.status, 201, "{insert:?}");
    let mut given = Vec::new();
    for row in &rows {
        let path = format!("/tables/things/rows/{}", row["code"]);
        let read = api.get(&path).await;
        assert_eq!(&read.body, row);
        let text = String::from_utf8(read.bytes.to_vec()).unwrap();
        // Replaced by itself: before and after are the same, though one is the database's and one
        // is ours.
        assert_eq!(api.by(ANN, "PUT", &path, &[], row).await.status, 200);
        given.push(text);
    }
    let sql = "SELECT IFNULL(before_json, '-'), after_json FROM rowgate_audit WHERE table_name = 'things' ORDER BY id";
    let kept = api.db.sql(sql).await.unwrap();
    let (inserted, put) = kept.split_at(rows.len());
    for (entry, text) in inserted.iter().zip(&given) {
        assert_eq!(entry[0].as_deref(), Some("-"));
        let (kept, given): (Value, Value) =
            (serde_json::from_str(entry[1].as_ref().unwrap()).unwrap(), serde_json::from_str(text).unwrap());
        assert_eq!(kept, given);
    }
    for (entry, text) in put.iter().zip(&given) {
        let [before, after] =
            [0, 1].map(|index| serde_json::from_str::<Value>(entry[index].as_ref().unwrap()).unwrap());
        assert_eq!((&before, entry[1].as_ref()), (&after, Some(text)));
    }
}

#[tokio::test]
async fn a_row_that_breaks_the_dictionary_can_be_put_right() {
    let api = Api::start().await;
    let zeros = "INSERT INTO employees VALUES (7, '', '0000-00-00 00:00:00', 99, 0)";
    api.db.sql_unchecked(zeros).await.unwrap();
    assert_eq!(api.by(ANN, "PUT", "/tables/employees/rows/7", &[], &employee(7)).await.status, 200);
    let before = r#"{"id":7,"name":"","datetime":"0000-00-00T00:00:00Z","department_id":99,"job_id":0}"#;
    assert_eq!(api.trail().await, [format!("put-row employees 7 {before} {}", employee(7))]);
}

#[tokio::test]
async fn a_change_whose_entry_cannot_be_written_is_not_in() {
    let api = Api::start().await;
    api.put("/tables/employees/rows/7", &employee(7)).await;
    let rule = || Rule::error(ErrorKind::ForbiddenException).sql("INSERT INTO `rowgate_audit`");
    api.db.data_api().set(Faults::default().with(rule()));
    let other = with(employee(7), "name", "Grace");
    for (method, path, headers, body) in [
        ("POST", "/tables/employees/rows", &[][..], json!([employee(8)])),
        ("POST", "/tables/employees/rows", &[("idempotency-key", "k")], json!([employee(8)])),
        ("POST", "/insert_data", &[], json!({"jobs": [job(10, "Cook"), job(11, "")]})),
        ("PUT", "/tables/employees/rows/7", &[], other.clone()),
        ("PUT", "/tables/employees/rows/8", &[], employee(8)),
        ("DELETE", "/tables/employees/rows/7", &[], Value::Null),
    ] {
        is_problem(&api.by(ANN, method, path, headers, &body).await, 500, "internal");
    }
    api.db.data_api().clear();
    assert_eq!((api.count("employees").await, api.count("jobs").await), (1, 1));
    assert_eq!(api.get("/tables/employees/rows/7").await.body, employee(7));
    assert_eq!((api.count("rowgate_audit").await, api.count("rowgate_rejected_rows").await), (0, 0));
}

#[tokio::test]
async fn a_commit_that_is_done_again_leaves_one_entry() {
    let api = Api::start().await;
    for error in [ErrorKind::TransactionNotFoundException, ErrorKind::ThrottlingException] {
        api.db
            .data_api()
            .set(Faults::default().with(Rule::error(error).on(Operation::CommitTransaction).times(1)));
        let reply = api.by(ANN, "PUT", "/tables/employees/rows/7", &[], &employee(7)).await;
        assert!(reply.status < 300, "{reply:?}");
    }
    assert_eq!(api.count("rowgate_audit").await, 2);
}

#[tokio::test]
async fn a_thousand_rows_take_a_handful_of_statements() {
    let api = Api::start().await;
    let rows: Vec<Value> = (1..=1000).map(employee).collect();
    let calls = async |path: &str, headers: &[(&str, &str)], body: Value, status: u16| {
        let before = api.db.data_api().calls();
        let reply = api.by(ANN, "POST", path, headers, &body).await;
        assert_eq!(reply.status, status);
        api.db.data_api().calls() - before
    };
    // BEGIN, two for the rows, one for the trail, COMMIT, and those that ask what is there.
    let plain = calls("/tables/employees/rows", &[], json!(rows), 201).await;
    assert!(plain <= 10, "{plain}");
    assert_eq!(api.count("rowgate_audit").await, 1000);
    let more: Vec<Value> = (2000..=2998).map(employee).chain([employee(1)]).collect();
    let mixed = calls("/tables/employees/rows", &[("idempotency-key", "k")], json!(more), 207).await;
    assert!(mixed <= 16, "{mixed}");
    assert_eq!(api.count("rowgate_audit").await, 1999);
}

#[tokio::test]
async fn what_is_no_persons_word_is_no_part_of_the_statement() {
    let api = Api::start().await;
    let name = "ann'); DROP TABLE jobs; -- \"\\";
    let request = Request::put("/tables/jobs/rows/5")
        .header(header::CONTENT_TYPE, "application/json")
        .extension(by_person(name, "writer"));
    let reply = api.run(request.body(job(5, name).to_string().into()).unwrap()).await;
    assert_eq!(reply.status, 201);
    assert_eq!(api.db.value("SELECT username FROM rowgate_audit").await.unwrap(), name);
    assert_eq!(api.trail().await, [format!("put-row jobs 5 - {}", job(5, name))]);
}
