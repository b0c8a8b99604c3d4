//! Unique columns: whose value is taken, in a batch and in the table.

use serde_json::{Value, json};

use crate::row_support::{is_problem, row_errors};
use crate::support::{Api, codes};

/// A table with a unique column, two that are unique together, and a reference to itself.
pub(crate) const PEOPLE: &str = r#"
    [[table]]
    name = "people"
    columns = [
        { name = "id", type = "integer", key = true },
        { name = "email", type = "string(40)", required = false, unique = true },
        { name = "team", type = "smallint", required = false },
        { name = "seat", type = "date", required = false },
        { name = "note", type = "string(40)", required = false },
    ]
    unique = [["team", "seat"]]
"#;

pub(crate) fn person(id: i64, email: &str) -> Value {
    json!({"id": id, "email": email, "team": null, "seat": null, "note": null})
}

fn seated(id: i64, team: i64, day: u32) -> Value {
    json!({"id": id, "email": null, "team": team, "seat": format!("2021-07-{day:02}"), "note": null})
}

const ROWS: &str = "/tables/people/rows";

#[tokio::test]
async fn a_batch_without_a_fault_is_one_call_and_a_taken_value_is_found() {
    let api = Api::over(PEOPLE).await;
    let calls = || api.db.data_api().calls();
    let before = calls();
    let rows: Vec<Value> = (1..=50).map(|id| person(id, &format!("p{id}@x"))).collect();
    assert_eq!(api.post(ROWS, &json!(rows)).await.status, 201);
    assert_eq!(calls() - before, 1);
    let mixed = json!([
        person(51, "p51@x"),
        person(52, "p7@x"),
        person(53, "p51@x"),
        person(54, "P7@x"),
        person(7, "p7@x"),
        person(55, "p7@x "),
        seated(56, 1, 1),
        seated(57, 1, 1),
        seated(58, 1, 2),
    ]);
    for (prefer, status) in [("tx=dry-run", 207), ("tx=atomic", 422), ("tx=partial", 207)] {
        let reply = api.ask(ROWS, &[("prefer", prefer)], &mixed).await;
        assert_eq!(reply.status, status, "{reply:?}");
        assert_eq!(
            codes(&reply, "people"),
            ["1: duplicate_value", "2: duplicate_value", "4: duplicate_id", "5: rule", "7: duplicate_value",]
        );
        let error = &reply.body["tables"]["people"]["rejected"][4]["errors"][0];
        assert_eq!(error["column"], "team");
        assert!(error["message"].as_str().unwrap().contains("seat"), "{error}");
    }
    assert_eq!(api.count("people").await, 54);
    let kept = "SELECT COUNT(*) FROM rowgate_rejected_rows WHERE errors_json LIKE '%duplicate_value%'";
    assert_eq!(api.db.value(kept).await.unwrap(), "6");
    // Nothing equals nothing.
    let nothing = json!([{"id": 60}, {"id": 61}, {"id": 62, "team": 1}, {"id": 63, "team": 1}]);
    assert_eq!(api.post(ROWS, &nothing).await.status, 201);
    let again = api.ask(ROWS, &[("idempotency-key", "k")], &json!([person(70, "p1@x")])).await;
    assert_eq!((again.status, codes(&again, "people")), (422, vec!["0: duplicate_value".to_owned()]));
}

#[tokio::test]
async fn a_put_never_takes_the_value_of_another_row() {
    let api = Api::over(PEOPLE).await;
    let rows = json!([person(1, "a@x"), person(2, "b@x"), seated(3, 1, 1), seated(4, 1, 2)]);
    assert_eq!(api.post(ROWS, &rows).await.status, 201);
    let path = |id: i64| format!("{ROWS}/{id}");
    // To another existing row, to a new one, and with a condition.
    for (id, row, column) in
        [(2, person(2, "a@x"), "email"), (9, person(9, "a@x"), "email"), (4, seated(4, 1, 1), "team")]
    {
        for headers in [&[][..], &[("if-none-match", "*")]] {
            let reply = api.by(("ann@x.example", "writer"), "PUT", &path(id), headers, &row).await;
            is_problem(&reply, 422, "invalid-row");
            assert_eq!(row_errors(&reply), [format!("{column}: duplicate_value")]);
        }
    }
    for row in rows.as_array().unwrap() {
        assert_eq!(&api.get(&path(row["id"].as_i64().unwrap())).await.body, row);
    }
    assert_eq!((api.count("people").await, api.count("rowgate_audit").await), (4, 0));
    // Its own values are no other row's.
    let mut row = person(2, "b@x");
    row["note"] = json!("x");
    assert_eq!(api.put(&path(2), &row).await.status, 200);
    let taken = api.by(("ann@x.example", "writer"), "PUT", &path(2), &[("if-none-match", "*")], &row).await;
    is_problem(&taken, 412, "precondition-failed");
    // What a row gives up is free.
    assert_eq!(api.put(&path(1), &person(1, "c@x")).await.status, 200);
    assert_eq!(api.put(&path(2), &person(2, "a@x")).await.status, 200);
    assert_eq!(api.delete(&path(2)).await.status, 204);
    assert_eq!(api.put(&path(5), &person(5, "a@x")).await.status, 201);
}
