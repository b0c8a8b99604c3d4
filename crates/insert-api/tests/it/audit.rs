//! The audit trail of rows: who, what, before and after, in the transaction of the change.

use axum::http::{Request, header};
use serde_json::{Value, json};
use testkit::gateway::{REQUEST_ID, by_person};
use testkit::local_data_api::{ErrorKind, Faults, Operation, Rule};

use crate::row_support::{THINGS, is_problem};
use crate::support::{Api, document, with};

const ANN: (&str, &str) = ("ann@x.example", "operator");

impl Api {
    /// `action table row before after`, in the order of the trail.
    async fn trail(&self) -> Vec<String> {
        let sql = "SELECT CONCAT_WS(' ', action, table_name, row_key, IFNULL(before_json, '-'), IFNULL(after_json, '-')) \
                   FROM rowgate_audit ORDER BY id";
        self.db.sql(sql).await.unwrap().into_iter().map(|row| row[0].clone().unwrap()).collect()
    }
}

fn tag(id: i64, name: &str) -> Value {
    json!({"id": id, "tag_name": name})
}

#[tokio::test]
async fn every_row_that_a_person_brings_in_has_an_entry() {
    let api = Api::start().await;
    let body = json!({"tags": [tag(11, "Pilot"), tag(10, "Cook")], "documents": [document(7)]});
    assert_eq!(api.by(ANN, "POST", "/insert_data", &[], &body).await.status, 201);
    assert_eq!(
        api.trail().await,
        [
            r#"insert-rows tags 11 - {"id":11,"tag_name":"Pilot"}"#.to_owned(),
            r#"insert-rows tags 10 - {"id":10,"tag_name":"Cook"}"#.to_owned(),
            format!("insert-rows documents 7 - {}", document(7)),
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
        let path = "/tables/tags/rows";
        for expected in [201, if headers.is_empty() { 422 } else { 201 }] {
            let reply = api.by(ANN, "POST", path, headers, &json!([tag(10, "Cook")])).await;
            assert_eq!(reply.status, expected, "{reply:?}");
        }
        assert_eq!(api.trail().await, [r#"insert-rows tags 10 - {"id":10,"tag_name":"Cook"}"#]);
        // Some in, some not: those that are in.
        let key = [("idempotency-key", "k2")];
        let headers = if headers.is_empty() { headers } else { &key[..] };
        let mixed = json!([tag(10, "Cook"), tag(12, "Baker"), tag(13, "")]);
        assert_eq!(api.by(ANN, "POST", path, headers, &mixed).await.status, 207);
        assert_eq!(api.trail().await[1..], [r#"insert-rows tags 12 - {"id":12,"tag_name":"Baker"}"#]);
    }
}

#[tokio::test]
async fn what_is_not_in_has_no_entry() {
    let api = Api::start().await;
    let mixed = json!({"tags": [tag(10, "Cook"), tag(11, "")]});
    for (prefer, status) in [("tx=atomic", 422), ("tx=dry-run", 207)] {
        for key in [&[("prefer", prefer)][..], &[("prefer", prefer), ("idempotency-key", "k")]] {
            assert_eq!(api.by(ANN, "POST", "/insert_data", key, &mixed).await.status, status);
        }
    }
    let rejected = api.by(ANN, "PUT", "/tables/tags/rows/9", &[], &tag(9, "")).await;
    is_problem(&rejected, 422, "invalid-row");
    let taken = api.by(ANN, "PUT", "/tables/tags/rows/1", &[("if-none-match", "*")], &tag(1, "Cook")).await;
    assert_eq!(taken.status, 412);
    is_problem(&api.by(ANN, "DELETE", "/tables/tags/rows/99", &[], &Value::Null).await, 404, "not-found");
    is_problem(
        &api.by(ANN, "DELETE", "/tables/documents/rows/99", &[], &Value::Null).await,
        404,
        "not-found",
    );
    api.put("/tables/documents/rows/7", &document(7)).await;
    is_problem(&api.by(ANN, "DELETE", "/tables/tags/rows/1", &[], &Value::Null).await, 409, "referenced");
    assert_eq!(api.trail().await, [""; 0]);
    assert_eq!(api.count("tags").await, 1);
}

#[tokio::test]
async fn scripts_leave_no_trail() {
    let api = Api::start().await;
    api.ask("/insert_data", &[("idempotency-key", "k")], &json!({"documents": [document(7)]})).await;
    api.put("/tables/documents/rows/8", &document(8)).await;
    assert_eq!(api.delete("/tables/documents/rows/8").await.status, 204);
    assert_eq!(api.count("rowgate_audit").await, 0);
}

#[tokio::test]
async fn a_put_and_a_delete_are_recorded_with_the_row_before_and_after() {
    let api = Api::start().await;
    let path = "/tables/documents/rows/7";
    let (ada, grace) = (document(7), with(document(7), "name", "Gr'a\"c\\e\n%"));
    assert_eq!(api.by(ANN, "PUT", path, &[("if-none-match", "*")], &ada).await.status, 201);
    assert_eq!(api.by(ANN, "PUT", path, &[], &grace).await.status, 200);
    assert_eq!(api.by(ANN, "PUT", path, &[], &grace).await.status, 200);
    assert_eq!(api.by(ANN, "DELETE", path, &[], &Value::Null).await.status, 204);
    assert_eq!(api.by(ANN, "PUT", path, &[], &ada).await.status, 201);
    assert_eq!(
        api.trail().await,
        [
            format!("put-row documents 7 - {ada}"),
            format!("put-row documents 7 {ada} {grace}"),
            format!("put-row documents 7 {grace} {grace}"),
            format!("delete-row documents 7 {grace} -"),
            format!("put-row documents 7 - {ada}"),
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
    let zeros = "INSERT INTO documents VALUES (7, '', '0000-00-00 00:00:00', 99, 0)";
    api.db.sql_unchecked(zeros).await.unwrap();
    assert_eq!(api.by(ANN, "PUT", "/tables/documents/rows/7", &[], &document(7)).await.status, 200);
    let before = r#"{"id":7,"name":"","datetime":"0000-00-00T00:00:00Z","collection_id":99,"tag_id":0}"#;
    assert_eq!(api.trail().await, [format!("put-row documents 7 {before} {}", document(7))]);
}

#[tokio::test]
async fn a_change_whose_entry_cannot_be_written_is_not_in() {
    let api = Api::start().await;
    api.put("/tables/documents/rows/7", &document(7)).await;
    let rule = || Rule::error(ErrorKind::ForbiddenException).sql("INSERT INTO `rowgate_audit`");
    api.db.data_api().set(Faults::default().with(rule()));
    let other = with(document(7), "name", "Grace");
    for (method, path, headers, body) in [
        ("POST", "/tables/documents/rows", &[][..], json!([document(8)])),
        ("POST", "/tables/documents/rows", &[("idempotency-key", "k")], json!([document(8)])),
        ("POST", "/insert_data", &[], json!({"tags": [tag(10, "Cook"), tag(11, "")]})),
        ("PUT", "/tables/documents/rows/7", &[], other.clone()),
        ("PUT", "/tables/documents/rows/8", &[], document(8)),
        ("DELETE", "/tables/documents/rows/7", &[], Value::Null),
    ] {
        is_problem(&api.by(ANN, method, path, headers, &body).await, 500, "internal");
    }
    api.db.data_api().clear();
    assert_eq!((api.count("documents").await, api.count("tags").await), (1, 1));
    assert_eq!(api.get("/tables/documents/rows/7").await.body, document(7));
    assert_eq!((api.count("rowgate_audit").await, api.count("rowgate_rejected_rows").await), (0, 0));
}

#[tokio::test]
async fn a_commit_that_is_done_again_leaves_one_entry() {
    let api = Api::start().await;
    for error in [ErrorKind::TransactionNotFoundException, ErrorKind::ThrottlingException] {
        api.db
            .data_api()
            .set(Faults::default().with(Rule::error(error).on(Operation::CommitTransaction).times(1)));
        let reply = api.by(ANN, "PUT", "/tables/documents/rows/7", &[], &document(7)).await;
        assert!(reply.status < 300, "{reply:?}");
    }
    assert_eq!(api.count("rowgate_audit").await, 2);
}

#[tokio::test]
async fn a_thousand_rows_take_a_handful_of_statements() {
    let api = Api::start().await;
    let rows: Vec<Value> = (1..=1000).map(document).collect();
    let calls = async |path: &str, headers: &[(&str, &str)], body: Value, status: u16| {
        let before = api.db.data_api().calls();
        let reply = api.by(ANN, "POST", path, headers, &body).await;
        assert_eq!(reply.status, status);
        api.db.data_api().calls() - before
    };
    // BEGIN, two for the rows, one for the trail, COMMIT, and those that ask what is there.
    let plain = calls("/tables/documents/rows", &[], json!(rows), 201).await;
    assert!(plain <= 10, "{plain}");
    assert_eq!(api.count("rowgate_audit").await, 1000);
    let more: Vec<Value> = (2000..=2998).map(document).chain([document(1)]).collect();
    let mixed = calls("/tables/documents/rows", &[("idempotency-key", "k")], json!(more), 207).await;
    assert!(mixed <= 16, "{mixed}");
    assert_eq!(api.count("rowgate_audit").await, 1999);
}

#[tokio::test]
async fn what_is_no_persons_word_is_no_part_of_the_statement() {
    let api = Api::start().await;
    let name = "ann'); DROP TABLE tags; -- \"\\";
    let request = Request::put("/tables/tags/rows/5")
        .header(header::CONTENT_TYPE, "application/json")
        .extension(by_person(name, "writer"));
    let reply = api.run(request.body(tag(5, name).to_string().into()).unwrap()).await;
    assert_eq!(reply.status, 201);
    assert_eq!(api.db.value("SELECT username FROM rowgate_audit").await.unwrap(), name);
    assert_eq!(api.trail().await, [format!("put-row tags 5 - {}", tag(5, name))]);
}
