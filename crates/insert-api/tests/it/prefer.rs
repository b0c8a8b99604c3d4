//! `Prefer: tx=atomic` and `tx=dry-run`.

use serde_json::{Value, json};
use testkit::local_data_api::Faults;

use crate::support::{Api, Reply, codes, document, with};

const ROWS: &str = "/tables/documents/rows";

async fn post(api: &Api, path: &str, prefer: &str, body: &Value) -> Reply {
    api.ask(path, &[("prefer", prefer)], body).await
}

fn applied(reply: &Reply) -> Option<&str> {
    reply.headers.get("preference-applied").map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn atomic_with_one_bad_row_leaves_nothing_in_and_keeps_the_bad_row() {
    let api = Api::start().await;
    let body = json!({
        "collections": [{"id": 50, "collection_name": "Research"}],
        "documents": [with(document(1), "collection_id", 50), with(document(2), "name", ""), document(3)],
    });
    let reply = post(&api, "/insert_data", "tx=atomic", &body).await;
    assert_eq!((reply.status, applied(&reply)), (422, Some("tx=atomic")));
    assert_eq!(
        reply.body,
        json!({"inserted": 0, "rejected": 1, "tables": {
            "collections": {"inserted": 0, "rejected": []},
            "documents": {"inserted": 0, "rejected": [
                {"index": 1, "row": with(document(2), "name", ""), "errors": [
                    {"column": "name", "code": "required", "message": "name is required"}]}]}}})
    );
    assert_eq!((api.count("collections").await, api.count("documents").await), (2, 0));
    let kept = api.db.sql("SELECT table_name, row_index FROM rowgate_rejected_rows").await.unwrap();
    assert_eq!(kept, [[Some("documents".to_owned()), Some("1".to_owned())]]);
}

#[tokio::test]
async fn atomic_finds_every_fault_that_only_the_database_knows() {
    let api = Api::start().await;
    assert_eq!(post(&api, ROWS, "tx=atomic", &document(7)).await.status, 201);
    let body = json!([document(1), document(7), with(document(2), "collection_id", 99), document(1)]);
    let reply = post(&api, ROWS, "tx=atomic", &body).await;
    let expected = ["1: duplicate_id", "2: unknown_reference", "3: duplicate_in_batch"];
    assert_eq!((reply.status, codes(&reply, "documents")), (422, expected.map(str::to_owned).to_vec()));
    assert_eq!(api.count("documents").await, 1);
    assert_eq!(api.count("rowgate_rejected_rows").await, 3);
}

#[tokio::test]
async fn atomic_without_a_bad_row_is_in_whole() {
    let api = Api::start().await;
    let body = json!({
        "collections": [{"id": 50, "collection_name": "Research"}],
        "documents": [with(document(1), "collection_id", 50), document(2)],
    });
    let reply = post(&api, "/insert_data", "tx=atomic", &body).await;
    assert_eq!((reply.status, applied(&reply)), (201, Some("tx=atomic")));
    assert_eq!(reply.body["inserted"], 3);
    assert_eq!((api.count("collections").await, api.count("documents").await), (3, 2));
}

/// Returns the key that the next document gets from the database, as SHOW CREATE TABLE writes it:
/// information_schema answers from a cache on MySQL.
async fn next_document(api: &Api) -> String {
    let made = api.db.sql("SHOW CREATE TABLE documents").await.unwrap().remove(0).remove(1).unwrap();
    let next = made.split_whitespace().find(|word| word.starts_with("AUTO_INCREMENT="));
    next.unwrap().to_owned()
}

#[tokio::test]
async fn a_dry_run_answers_as_the_insert_would_and_leaves_nothing() {
    let api = Api::start().await;
    assert_eq!(api.post(ROWS, &document(7)).await.status, 201);
    let before = next_document(&api).await;
    assert_eq!(before, "AUTO_INCREMENT=8");
    for (path, body) in [
        (ROWS, json!([document(1), document(2)])),
        (ROWS, json!([document(1), document(7), document(1), with(document(3), "tag_id", 99), {"id": "x"}])),
        (ROWS, json!([document(7)])),
        (
            "/insert_data",
            json!({
                "collections": [{"id": 50, "collection_name": "Research"}, {"id": 51, "collection_name": ""}],
                "documents": [with(document(1), "collection_id", 50), with(document(2), "collection_id", 51)],
            }),
        ),
    ] {
        let dry = post(&api, path, "tx=dry-run", &body).await;
        assert_eq!(applied(&dry), Some("tx=dry-run"));
        assert_eq!((api.count("collections").await, api.count("documents").await), (2, 1));
        assert_eq!(api.count("rowgate_rejected_rows").await, 0);
        assert_eq!(next_document(&api).await, before);

        let real = api.post(path, &body).await;
        assert_eq!((dry.status, &dry.body), (real.status, &real.body));
        assert_eq!(applied(&real), None);
        api.db.sql("DELETE FROM documents WHERE id <> 7").await.unwrap();
        api.db.sql("DELETE FROM collections WHERE id > 2").await.unwrap();
        api.db.sql("DELETE FROM rowgate_rejected_rows").await.unwrap();
        api.db.sql("ALTER TABLE documents AUTO_INCREMENT = 1").await.unwrap();
    }
}

#[tokio::test]
async fn a_dry_run_opens_no_transaction_and_waits_for_no_lock() {
    let api = Api::start().await;
    let mut rival = api.db.connect().await.unwrap();
    use mysql_async::prelude::Queryable;
    rival.query_drop("BEGIN").await.unwrap();
    rival.query_drop("UPDATE collections SET collection_name = 'x' WHERE id = 1").await.unwrap();
    let reply = post(&api, ROWS, "tx=dry-run", &json!([document(1), with(document(2), "name", "")])).await;
    assert_eq!((reply.status, codes(&reply, "documents")), (207, vec!["1: required".to_owned()]));
    rival.query_drop("ROLLBACK").await.unwrap();
}

#[tokio::test]
async fn the_first_tx_counts_and_an_unknown_one_is_ignored() {
    let api = Api::start().await;
    let body = json!([document(1), with(document(2), "name", "")]);
    let two = api.ask(ROWS, &[("prefer", "respond-async"), ("prefer", "tx=dry-run, tx=atomic")], &body).await;
    assert_eq!((two.status, applied(&two)), (207, Some("tx=dry-run")));
    let unknown = api.ask(ROWS, &[("prefer", "tx=rollback"), ("prefer", "tx=atomic")], &body).await;
    assert_eq!((unknown.status, applied(&unknown)), (207, None));
    assert_eq!(api.count("documents").await, 1);
}

#[tokio::test]
async fn a_problem_says_nothing_of_preferences() {
    let api = Api::start().await;
    for path in ["/tables/nobody/rows", "/tables/%FF/rows"] {
        let reply = post(&api, path, "tx=atomic", &document(1)).await;
        assert_eq!((reply.status, applied(&reply)), (400, None));
        assert_eq!(reply.body["type"], "urn:rowgate:problem:unknown-table");
    }
}

#[tokio::test]
async fn a_good_batch_for_one_table_is_one_call_with_a_preference_and_without() {
    let api = Api::start().await;
    for (id, headers) in [(1, &[][..]), (2, &[("prefer", "tx=atomic")])] {
        api.db.data_api().set(Faults::default());
        assert_eq!(api.ask(ROWS, headers, &document(id)).await.status, 201);
        assert_eq!(api.db.data_api().calls(), 1, "{headers:?}");
    }
}
