//! `Prefer: tx=atomic` and `tx=dry-run`.

use serde_json::{Value, json};
use testkit::local_data_api::Faults;

use crate::support::{Api, Reply, codes, employee, with};

const ROWS: &str = "/tables/employees/rows";

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
        "departments": [{"id": 50, "department_name": "Research"}],
        "employees": [with(employee(1), "department_id", 50), with(employee(2), "name", ""), employee(3)],
    });
    let reply = post(&api, "/insert_data", "tx=atomic", &body).await;
    assert_eq!((reply.status, applied(&reply)), (422, Some("tx=atomic")));
    assert_eq!(
        reply.body,
        json!({"inserted": 0, "rejected": 1, "tables": {
            "departments": {"inserted": 0, "rejected": []},
            "employees": {"inserted": 0, "rejected": [
                {"index": 1, "row": with(employee(2), "name", ""), "errors": [
                    {"column": "name", "code": "required", "message": "name is required"}]}]}}})
    );
    assert_eq!((api.count("departments").await, api.count("employees").await), (2, 0));
    let kept = api.db.sql("SELECT table_name, row_index FROM rowgate_rejected_rows").await.unwrap();
    assert_eq!(kept, [[Some("employees".to_owned()), Some("1".to_owned())]]);
}

#[tokio::test]
async fn atomic_finds_every_fault_that_only_the_database_knows() {
    let api = Api::start().await;
    assert_eq!(post(&api, ROWS, "tx=atomic", &employee(7)).await.status, 201);
    let body = json!([employee(1), employee(7), with(employee(2), "department_id", 99), employee(1)]);
    let reply = post(&api, ROWS, "tx=atomic", &body).await;
    let expected = ["1: duplicate_id", "2: unknown_reference", "3: duplicate_in_batch"];
    assert_eq!((reply.status, codes(&reply, "employees")), (422, expected.map(str::to_owned).to_vec()));
    assert_eq!(api.count("employees").await, 1);
    assert_eq!(api.count("rowgate_rejected_rows").await, 3);
}

#[tokio::test]
async fn atomic_without_a_bad_row_is_in_whole() {
    let api = Api::start().await;
    let body = json!({
        "departments": [{"id": 50, "department_name": "Research"}],
        "employees": [with(employee(1), "department_id", 50), employee(2)],
    });
    let reply = post(&api, "/insert_data", "tx=atomic", &body).await;
    assert_eq!((reply.status, applied(&reply)), (201, Some("tx=atomic")));
    assert_eq!(reply.body["inserted"], 3);
    assert_eq!((api.count("departments").await, api.count("employees").await), (3, 2));
}

/// Returns the key that the next employee gets from the database, as SHOW CREATE TABLE writes it:
/// information_schema answers from a cache on MySQL.
async fn next_employee(api: &Api) -> String {
    let made = api.db.sql("SHOW CREATE TABLE employees").await.unwrap().remove(0).remove(1).unwrap();
    let next = made.split_whitespace().find(|word| word.starts_with("AUTO_INCREMENT="));
    next.unwrap().to_owned()
}

#[tokio::test]
async fn a_dry_run_answers_as_the_insert_would_and_leaves_nothing() {
    let api = Api::start().await;
    assert_eq!(api.post(ROWS, &employee(7)).await.status, 201);
    let before = next_employee(&api).await;
    assert_eq!(before, "AUTO_INCREMENT=8");
    for (path, body) in [
        (ROWS, json!([employee(1), employee(2)])),
        (ROWS, json!([employee(1), employee(7), employee(1), with(employee(3), "job_id", 99), {"id": "x"}])),
        (ROWS, json!([employee(7)])),
        (
            "/insert_data",
            json!({
                "departments": [{"id": 50, "department_name": "Research"}, {"id": 51, "department_name": ""}],
                "employees": [with(employee(1), "department_id", 50), with(employee(2), "department_id", 51)],
            }),
        ),
    ] {
        let dry = post(&api, path, "tx=dry-run", &body).await;
        assert_eq!(applied(&dry), Some("tx=dry-run"));
        assert_eq!((api.count("departments").await, api.count("employees").await), (2, 1));
        assert_eq!(api.count("rowgate_rejected_rows").await, 0);
        assert_eq!(next_employee(&api).await, before);

        let real = api.post(path, &body).await;
        assert_eq!((dry.status, &dry.body), (real.status, &real.body));
        assert_eq!(applied(&real), None);
        api.db.sql("DELETE FROM employees WHERE id <> 7").await.unwrap();
        api.db.sql("DELETE FROM departments WHERE id > 2").await.unwrap();
        api.db.sql("DELETE FROM rowgate_rejected_rows").await.unwrap();
        api.db.sql("ALTER TABLE employees AUTO_INCREMENT = 1").await.unwrap();
    }
}

#[tokio::test]
async fn a_dry_run_opens_no_transaction_and_waits_for_no_lock() {
    let api = Api::start().await;
    let mut rival = api.db.connect().await.unwrap();
    use mysql_async::prelude::Queryable;
    rival.query_drop("BEGIN").await.unwrap();
    rival.query_drop("UPDATE departments SET department_name = 'x' WHERE id = 1").await.unwrap();
    let reply = post(&api, ROWS, "tx=dry-run", &json!([employee(1), with(employee(2), "name", "")])).await;
    assert_eq!((reply.status, codes(&reply, "employees")), (207, vec!["1: required".to_owned()]));
    rival.query_drop("ROLLBACK").await.unwrap();
}

#[tokio::test]
async fn the_first_tx_counts_and_an_unknown_one_is_ignored() {
    let api = Api::start().await;
    let body = json!([employee(1), with(employee(2), "name", "")]);
    let two = api.ask(ROWS, &[("prefer", "respond-async"), ("prefer", "tx=dry-run, tx=atomic")], &body).await;
    assert_eq!((two.status, applied(&two)), (207, Some("tx=dry-run")));
    let unknown = api.ask(ROWS, &[("prefer", "tx=rollback"), ("prefer", "tx=atomic")], &body).await;
    assert_eq!((unknown.status, applied(&unknown)), (207, None));
    assert_eq!(api.count("employees").await, 1);
}

#[tokio::test]
async fn a_problem_says_nothing_of_preferences() {
    let api = Api::start().await;
    for path in ["/tables/nobody/rows", "/tables/%FF/rows"] {
        let reply = post(&api, path, "tx=atomic", &employee(1)).await;
        assert_eq!((reply.status, applied(&reply)), (400, None));
        assert_eq!(reply.body["type"], "urn:rowgate:problem:unknown-table");
    }
}

#[tokio::test]
async fn a_good_batch_for_one_table_is_one_call_with_a_preference_and_without() {
    let api = Api::start().await;
    for (id, headers) in [(1, &[][..]), (2, &[("prefer", "tx=atomic")])] {
        api.db.data_api().set(Faults::default());
        assert_eq!(api.ask(ROWS, headers, &employee(id)).await.status, 201);
        assert_eq!(api.db.data_api().calls(), 1, "{headers:?}");
    }
}
