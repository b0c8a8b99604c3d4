//! `GET`, `PUT` and `DELETE /tables/{table}/rows/{id}`.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use testkit::local_data_api::{ErrorKind, Faults, Operation, Rule};

use crate::row_support::{THINGS, is_problem, row_errors};
use crate::support::{Api, Reply, document, with};

/// A table whose rows may refer to each other.
const NODES: &str = r#"
    [[table]]
    name = "nodes"
    columns = [
        { name = "id", type = "bigint", key = true },
        { name = "parent", type = "bigint", references = "nodes", required = false },
    ]
"#;

fn without(mut row: Value, field: &str) -> Value {
    row.as_object_mut().unwrap().remove(field);
    row
}

#[tokio::test]
async fn put_creates_and_replaces_and_get_reads_it_back() {
    let api = Api::start().await;
    is_problem(&api.get("/tables/documents/rows/7").await, 404, "not-found");
    let created = api.put("/tables/documents/rows/7", &document(7)).await;
    assert_eq!((created.status, &created.body), (201, &document(7)));
    assert_eq!(created.headers["content-type"], "application/json");
    let replaced =
        api.put("/tables/documents/rows/7/", &without(with(document(7), "name", "Grace"), "id")).await;
    assert_eq!((replaced.status, &replaced.body), (200, &with(document(7), "name", "Grace")));
    // The same again is no change, and no other answer.
    let again = api.put("/tables/documents/rows/7", &replaced.body).await;
    assert_eq!((again.status, &again.body), (200, &replaced.body));
    let read = api.get("/tables/documents/rows/7/").await;
    assert_eq!((read.status, &read.bytes), (200, &again.bytes));
    assert_eq!(api.count("documents").await, 1);
}

#[tokio::test]
async fn names_of_tables_and_columns_have_aliases_that_are_never_given_out() {
    let api = Api::start().await;
    let row = json!({"id": -5, "name": "Ada", "datetime_": "2021-07-27T16:02:08Z", "collection_id": 1, "tag_id": 1});
    let put = api.put("/tables/filed_documents/rows/-5", &row).await;
    assert_eq!((put.status, put.body), (201, document(-5)));
    assert_eq!(api.get("/tables/filed_documents/rows/-5").await.body, document(-5));
    assert_eq!(api.get("/tables/filed_documents/rows").await.body["rows"], json!([document(-5)]));
    let put = api.put("/tables/collections/rows/1", &json!({"collection": "Sales and more"})).await;
    assert_eq!((put.status, put.body), (200, json!({"id": 1, "collection_name": "Sales and more"})));
    let missing = api.get("/tables/filed_documents/rows/6").await;
    is_problem(&missing, 404, "not-found");
    let refused = api.put("/tables/filed_documents/rows/6", &json!({"datetime_": "x"})).await;
    for reply in [missing, refused] {
        assert!(!reply.body.to_string().contains("filed_"), "{reply:?}");
        assert!(!reply.body.to_string().contains("datetime_"), "{reply:?}");
    }
}

#[tokio::test]
async fn a_row_that_breaks_rules_is_refused_with_all_its_errors_and_recorded() {
    let api = Api::start().await;
    assert_eq!(api.put("/tables/documents/rows/7", &document(7)).await.status, 201);
    let row = json!({"id": 8, "name": "a".repeat(256), "datetime": "2021-02-30T00:00:00Z", "collection_id": 99, "salary": 1});
    let reply = api.put("/tables/documents/rows/7", &row).await;
    is_problem(&reply, 422, "invalid-row");
    assert_eq!(
        row_errors(&reply),
        [
            "id: out_of_range",
            "name: too_long",
            "datetime: timestamp",
            "collection_id: unknown_reference",
            "tag_id: required",
            "salary: unknown_column",
        ]
    );
    assert_eq!(reply.body["errors"][0]["message"], "id must be 7, as in the path");
    assert_eq!(reply.body["detail"], "The row cannot be taken for 6 reasons; errors has them all.");
    assert_eq!(api.get("/tables/documents/rows/7").await.body, document(7));
    is_problem(&api.get("/tables/documents/rows/8").await, 404, "not-found");
    let sql = "SELECT table_name, row_index, row_json FROM rowgate_rejected_rows";
    let kept = api.db.sql(sql).await.unwrap();
    assert_eq!(kept, [[Some("documents".to_owned()), Some("0".to_owned()), Some(row.to_string())]]);

    let unknown = api.put("/tables/documents/rows/9", &with(document(9), "tag_id", 2)).await;
    is_problem(&unknown, 422, "invalid-row");
    assert_eq!(row_errors(&unknown), ["tag_id: unknown_reference"]);
    assert_eq!(unknown.body["detail"], "The row cannot be taken: tag_id names no row of tags.");
    assert_eq!(api.count("documents").await, 1);
    assert_eq!(api.db.open_transactions(), 0);
}

#[tokio::test]
async fn an_id_that_the_database_would_number_itself_is_refused() {
    let api = Api::start().await;
    let reply = api.put("/tables/documents/rows/0", &without(document(1), "id")).await;
    is_problem(&reply, 422, "invalid-row");
    assert_eq!(row_errors(&reply), ["id: out_of_range"]);
    is_problem(&api.get("/tables/documents/rows/0").await, 404, "not-found");
}

#[tokio::test]
async fn the_id_of_a_path_has_one_spelling() {
    let api = Api::start().await;
    assert_eq!(api.put("/tables/documents/rows/7", &document(7)).await.status, 201);
    for id in [
        "07",
        "+7",
        "-0",
        "7.0",
        "7e0",
        "x",
        "2147483648",
        "-2147483649",
        "%ff",
        "7%20",
        "9999999999999999999999",
    ] {
        let path = format!("/tables/documents/rows/{id}");
        let replies = [api.get(&path).await, api.put(&path, &document(7)).await, api.delete(&path).await];
        for reply in replies {
            let kind = if id == "%ff" { "unknown-table" } else { "invalid-parameter" };
            is_problem(&reply, 400, kind);
        }
    }
    for reply in [
        api.get("/tables/documents/rows/7?limit=1").await,
        api.put("/tables/documents/rows/7?x=1", &document(7)).await,
        api.delete("/tables/documents/rows/7?x=1").await,
    ] {
        is_problem(&reply, 400, "invalid-parameter");
    }
}

#[tokio::test]
async fn put_takes_one_row_object_in_json() {
    let api = Api::start().await;
    let path = "/tables/documents/rows/7";
    for (body, status, kind) in [
        (json!([document(7)]).to_string(), 400, "wrong-shape"),
        ("7".to_owned(), 400, "wrong-shape"),
        ("{".to_owned(), 400, "invalid-json"),
        (String::new(), 400, "invalid-json"),
        ("{\"name\": \"\\ud800\"}".to_owned(), 400, "invalid-json"),
        (" ".repeat(4_000_001), 413, "payload-too-large"),
    ] {
        is_problem(&api.call("writer", "PUT", path, &body).await, status, kind);
    }
    let refused = api.call("writer", "POST", path, "{}").await;
    is_problem(&refused, 405, "method-not-allowed");
    assert_eq!(refused.headers["allow"], "GET,HEAD,PUT,DELETE");
    assert_eq!(api.count("documents").await, 0);
}

#[tokio::test]
async fn delete_is_the_operators() {
    let api = Api::start().await;
    for path in ["/tables/collections/rows/2", "/tables/collections/rows/3", "/tables/people/rows/x"] {
        for caller in ["writer", "", "OPERATOR"] {
            is_problem(&api.call(caller, "DELETE", path, "").await, 403, "forbidden");
        }
    }
    assert_eq!(api.count("collections").await, 2);
    let deleted = api.delete("/tables/collections/rows/2").await;
    assert_eq!((deleted.status, deleted.bytes.len()), (204, 0));
    assert!(!deleted.headers.contains_key("content-type"));
    assert!(deleted.headers.contains_key("x-request-id"));
    is_problem(&api.delete("/tables/collections/rows/2").await, 404, "not-found");
    is_problem(&api.get("/tables/collections/rows/2").await, 404, "not-found");
    assert_eq!(api.count("collections").await, 1);
}

#[tokio::test]
async fn a_row_that_others_refer_to_stays() {
    let api = Api::start().await;
    assert_eq!(api.put("/tables/documents/rows/7", &document(7)).await.status, 201);
    for path in ["/tables/collections/rows/1", "/tables/tags/rows/1"] {
        let refused = api.delete(path).await;
        is_problem(&refused, 409, "referenced");
        assert!(refused.body["detail"].as_str().unwrap().contains("Rows of documents ("), "{refused:?}");
        assert_eq!(api.get(path).await.status, 200);
    }
    assert_eq!(api.db.open_transactions(), 0);
    assert_eq!(api.delete("/tables/filed_documents/rows/7/").await.status, 204);
    assert_eq!(api.delete("/tables/collections/rows/1").await.status, 204);
    assert_eq!(api.delete("/tables/tags/rows/1").await.status, 204);
    let refused = api.put("/tables/documents/rows/7", &document(7)).await;
    assert_eq!(row_errors(&refused), ["collection_id: unknown_reference", "tag_id: unknown_reference"]);
}

#[tokio::test]
async fn a_row_may_refer_to_itself_and_is_not_in_its_own_way() {
    let api = Api::over(NODES).await;
    assert_eq!(api.put("/tables/nodes/rows/1", &json!({"parent": 1})).await.status, 201);
    assert_eq!(api.put("/tables/nodes/rows/2", &json!({"parent": 1})).await.status, 201);
    let unknown = api.put("/tables/nodes/rows/3", &json!({"parent": 4})).await;
    assert_eq!(row_errors(&unknown), ["parent: unknown_reference"]);
    is_problem(&api.delete("/tables/nodes/rows/1").await, 409, "referenced");
    assert_eq!(api.put("/tables/nodes/rows/2", &json!({})).await.body, json!({"id": 2, "parent": null}));
    assert_eq!(api.delete("/tables/nodes/rows/1").await.status, 204);
}

#[tokio::test]
async fn a_row_of_its_key_alone_is_created_and_replaced() {
    let api = Api::over(
        "[[table]]\nname = \"marks\"\ncolumns = [{ name = \"id\", type = \"bigint\", key = true }]",
    )
    .await;
    for status in [201, 200] {
        let put = api.put("/tables/marks/rows/-9223372036854775808", &json!({})).await;
        assert_eq!((put.status, put.body), (status, json!({"id": i64::MIN})));
    }
    assert_eq!(api.delete("/tables/marks/rows/-9223372036854775808").await.status, 204);
}

#[tokio::test]
async fn a_lost_answer_is_reported_and_the_request_may_be_sent_again() {
    let api = Api::start().await;
    let lose = || Faults::default().with(Rule::lose_answer().on(Operation::CommitTransaction).times(1));
    let unknown = |reply: &Reply| {
        is_problem(reply, 503, "unavailable");
        assert_eq!(reply.headers["retry-after"], "10");
        assert!(reply.body["detail"].as_str().unwrap().contains("not known whether the row"), "{reply:?}");
    };
    api.db.data_api().set(lose());
    unknown(&api.put("/tables/collections/rows/3", &json!({"collection": "Lost"})).await);
    assert_eq!(api.put("/tables/collections/rows/3", &json!({"collection": "Lost"})).await.status, 200);
    api.db.data_api().set(lose());
    unknown(&api.delete("/tables/collections/rows/3").await);
    is_problem(&api.delete("/tables/collections/rows/3").await, 404, "not-found");
}

#[tokio::test]
async fn a_failure_in_the_middle_changes_nothing_and_reveals_nothing() {
    let api = Api::start().await;
    let fail = |sql: &str| Faults::default().with(Rule::error(ErrorKind::ForbiddenException).sql(sql));
    api.db.data_api().set(fail("SELECT 1 AS `found`"));
    let deleted = api.delete("/tables/collections/rows/1").await;
    api.db.data_api().set(fail("UPDATE `collections`"));
    let put = api.put("/tables/collections/rows/1", &json!({"collection": "Changed"})).await;
    for reply in [deleted, put] {
        is_problem(&reply, 500, "internal");
        assert!(!reply.body.to_string().contains("Forbidden"), "{reply:?}");
    }
    api.db.data_api().set(Faults::default());
    assert_eq!(api.get("/tables/collections/rows/1").await.body["collection_name"], "Sales");
    assert_eq!(api.db.open_transactions(), 0);
}

#[tokio::test]
async fn reads_and_writes_wait_for_a_database_that_resumes() {
    let api = Api::start().await;
    let resuming = || Faults::default().with(Rule::error(ErrorKind::DatabaseResumingException).times(2));
    for status in [201, 200] {
        api.db.data_api().set(resuming());
        assert_eq!(api.put("/tables/tags/rows/5", &json!({"tag": "Clerk"})).await.status, status);
    }
    api.db.data_api().set(resuming());
    assert_eq!(api.get("/tables/tags/rows/5").await.status, 200);
    api.db.data_api().set(resuming());
    assert_eq!(api.get("/tables/tags/rows").await.body["rows"].as_array().unwrap().len(), 2);
    api.db.data_api().set(resuming());
    assert_eq!(api.delete("/tables/tags/rows/5").await.status, 204);
}

#[tokio::test]
async fn a_row_written_past_the_rules_is_our_fault_and_names_no_value() {
    let api = Api::over(THINGS).await;
    api.db.sql_unchecked("INSERT INTO things (code, day, size) VALUES (1, '0000-00-00', 1)").await.unwrap();
    for path in ["/tables/things/rows/1", "/tables/things/rows"] {
        let reply = api.get(path).await;
        is_problem(&reply, 500, "internal");
        assert!(!reply.body.to_string().contains("0000"), "{reply:?}");
    }
}

/// The literals of a row of [`THINGS`], by its columns.
fn row_in_sql() -> impl Strategy<Value = Vec<String>> {
    let integer = any::<i32>().prop_map(|number| number.to_string());
    let decimal = |digits: u32, scale: usize| {
        let most = 10_i128.pow(digits) - 1;
        (-most..=most).prop_map(move |unscaled| {
            let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            format!("{}{whole}.{fraction}", if unscaled < 0 { "-" } else { "" })
        })
    };
    let text = proptest::collection::vec(any::<char>(), 1..=300).prop_map(|characters| {
        let bytes = characters.into_iter().collect::<String>().into_bytes();
        format!("X'{}'", bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>())
    });
    let day = (1000_u16..=9999, 1_u8..=12, 1_u8..=28)
        .prop_map(|(year, month, day)| format!("{year:04}{month:02}{day:02}"));
    let time = (0_u8..24, 0_u8..60, 0_u8..60)
        .prop_map(|(hour, minute, second)| format!("{hour:02}{minute:02}{second:02}"));
    let moment = (day.clone(), time).prop_map(|(day, time)| format!("{day}{time}"));
    let boolean = prop_oneof!["0", "1"];
    let or_null =
        |literal: BoxedStrategy<String>| prop_oneof![1 => Just("NULL".to_owned()), 5 => literal].boxed();
    let fields = vec![
        or_null(integer.clone().boxed()),
        any::<i64>().prop_map(|number| number.to_string()).boxed(),
        or_null(decimal(38, 5).boxed()),
        or_null(decimal(4, 4).boxed()),
        or_null(text.boxed()),
        or_null(boolean.boxed()),
        or_null(day.boxed()),
        or_null(moment.boxed()),
        integer.boxed(),
    ];
    fields
}

#[test]
fn every_row_that_is_read_can_be_sent_again_as_it_is() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let api = runtime.block_on(Api::over(THINGS));
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() });
    let send_again = |row: Vec<String>| {
        runtime.block_on(async {
            let id = &row[1];
            api.db.sql("DELETE FROM things").await.unwrap();
            api.db.sql(&format!("INSERT INTO things VALUES ({})", row.join(","))).await.unwrap();
            let stored = || api.db.sql("SELECT *, HEX(label) FROM things");
            let before = stored().await.unwrap();
            let path = format!("/tables/things/rows/{id}");
            let read = api.get(&path).await;
            prop_assert_eq!(read.status, 200, "{:?}", read);
            // As a client does that knows nothing of the types.
            let put = api.put(&path, &read.body).await;
            prop_assert_eq!(put.status, 200, "{:?}", put);
            prop_assert_eq!(&put.bytes, &read.bytes);
            prop_assert_eq!(&stored().await.unwrap(), &before);
            // And where it was not there any more.
            api.db.sql("DELETE FROM things").await.unwrap();
            prop_assert_eq!(api.put(&path, &read.body).await.status, 201);
            prop_assert_eq!(&stored().await.unwrap(), &before);
            let listed = api.get("/tables/things/rows").await;
            prop_assert_eq!(&listed.body["rows"][0], &read.body);
            Ok(())
        })
    };
    runner.run(&row_in_sql(), send_again).unwrap();
}
