//! Rows of tables with a text key, a key of several columns, and references to them.

use serde_json::{Value, json};

use crate::row_support::{is_problem, row_errors};
use crate::support::{Api, codes};

pub(crate) const SHOP: &str = r#"
    [[table]]
    name = "currencies"
    columns = [{ name = "code", type = "string(12)", key = true }, { name = "digits", type = "smallint", required = false }]

    [[table]]
    name = "prices"
    columns = [
        { name = "product", type = "string(40)", key = true },
        { name = "amount", type = "decimal(9,2)" },
        { name = "since", type = "timestamp(3)", key = true },
        { name = "currency", type = "string(12)", references = "currencies" },
        { name = "seen_in", type = "string(12)", required = false, references = "currencies", on_unknown = "accept" },
    ]

    [[table]]
    name = "sales"
    columns = [
        { name = "id", type = "uuid", key = true },
        { name = "product", type = "string(40)", required = false },
        { name = "since", type = "timestamp(3)", required = false },
    ]
    references = [{ columns = ["product", "since"], table = "prices" }]
"#;

fn price(product: &str, second: u32) -> Value {
    let since = format!("2021-07-27T16:02:{second:02}.120Z");
    json!({"product": product, "amount": "1.50", "since": since, "currency": "EUR", "seen_in": null})
}

fn path(product: &str, second: u32) -> String {
    format!("/tables/prices/rows/{product},2021-07-27T16%3A02%3A{second:02}.120Z")
}

const SALE: &str = "/tables/sales/rows/1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a";

async fn shop() -> Api {
    let api = Api::over(SHOP).await;
    assert_eq!(api.post("/tables/currencies/rows", &json!([{"code": "EUR", "digits": 2}])).await.status, 201);
    api
}

#[tokio::test]
async fn a_row_is_written_read_replaced_and_deleted_under_a_text_key() {
    let api = shop().await;
    // Everything that a path has a meaning for, and what comes before and behind letters.
    let codes = ["a/b", "a b", "100%", "%41", "?x#y", "a,b", "a;b", "é", "😀", "..", "'", "\\", "Z", "z"];
    for code in codes {
        let row = json!({"code": code, "digits": 3});
        let text: String = code.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let path = format!("/tables/currencies/rows/{text}");
        is_problem(&api.get(&path).await, 404, "not-found");
        let body = json!({"digits": 3});
        let put = api.put(&path, &body).await;
        assert_eq!((put.status, &put.body), (201, &row));
        assert_eq!(api.get(&path).await.body, row);
        assert_eq!(api.put(&path, &json!({"code": code, "digits": 4})).await.status, 200);
        let other = api.put(&path, &json!({"code": "other"})).await;
        assert_eq!((other.status, row_errors(&other)), (422, vec!["code: out_of_range".to_owned()]));
        let create = api.ask("/tables/currencies/rows", &[], &json!([row])).await;
        assert_eq!(
            (create.status, crate::support::codes(&create, "currencies")),
            (422, vec!["0: duplicate_id".to_owned()])
        );
    }
    let mut expected: Vec<&str> = [&["EUR"][..], &codes].concat();
    // utf8mb4_bin orders as bytes of UTF-8 are.
    expected.sort_unstable();
    for limit in [1, 3, 14, 15, 100] {
        let (rows, _) = api.pages("currencies", limit).await;
        let found: Vec<&str> = rows.iter().map(|row| row["code"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{limit}");
    }
    let some = api.get("/tables/currencies/rows?ids=Z,100%2525,a%252Cb,none").await;
    let found: Vec<&str> =
        some.body["rows"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap()).collect();
    assert_eq!(found, ["100%", "Z", "a,b"]);
    assert_eq!(api.delete("/tables/currencies/rows/a%2Fb").await.status, 204);
    is_problem(&api.get("/tables/currencies/rows/a%2fb/").await, 404, "not-found");
    assert_eq!(api.count("currencies").await, codes.len());
}

#[tokio::test]
async fn a_row_is_written_read_replaced_and_deleted_under_a_key_of_several_columns() {
    let api = shop().await;
    let rows: Vec<Value> =
        (0..30).map(|number| price(["A/1", "B,2", "C"][number % 3], number as u32)).collect();
    assert_eq!(api.post("/tables/prices/rows", &json!(rows)).await.status, 201);
    let mut expected = rows.clone();
    expected.sort_by_key(|row| (row["product"].to_string(), row["since"].to_string()));
    for limit in [1, 7, 29, 30, 31] {
        assert_eq!(api.pages("prices", limit).await.0, expected, "{limit}");
    }
    let read = api.get(&path("B%2C2", 1)).await;
    assert_eq!((read.status, read.body), (200, rows[1].clone()));
    // The columns of the key stay, whatever is between them.
    let mut changed = rows[1].clone();
    changed["amount"] = json!("2.00");
    assert_eq!(api.put(&path("B%2C2", 1), &changed).await.status, 200);
    assert_eq!(api.get(&path("B%2C2", 1)).await.body, changed);
    assert_eq!(api.put(&path("B%2C2", 1), &rows[2]).await.status, 422);
    let ids = format!(
        "/tables/prices/rows?ids={}%3B{}",
        "A%252F1,2021-07-27T16%253A02%253A03.120Z", "C,2021-07-27T16%253A02%253A59.120Z"
    );
    assert_eq!(api.get(&ids).await.body, json!({"rows": [rows[3]], "next": null}));
    for wrong in
        ["/tables/prices/rows/C", "/tables/prices/rows/C,x", "/tables/prices/rows/C,2021-07-27T16%3A02%3A00Z"]
    {
        is_problem(&api.get(wrong).await, 400, "invalid-parameter");
    }
    is_problem(&api.get("/tables/prices/rows?after=C").await, 400, "invalid-parameter");
    let again = api.post("/tables/prices/rows", &json!([rows[5], price("D", 5), price("D", 5)])).await;
    assert_eq!(
        (again.status, codes(&again, "prices")),
        (207, vec!["0: duplicate_id".to_owned(), "2: duplicate_in_batch".to_owned()])
    );
    assert_eq!(api.delete(&path("C", 2)).await.status, 204);
    is_problem(&api.delete(&path("C", 2)).await, 404, "not-found");
    let create = api.call("writer", "PUT", &path("C", 2), "{\"amount\": 1, \"currency\": \"EUR\"}").await;
    assert_eq!(create.status, 201);
    let filtered = api.get("/tables/prices/rows?filter=since:2021-07-27T16%3A02%3A02.12Z").await;
    assert_eq!(filtered.body["rows"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn references_name_rows_of_any_key() {
    let api = shop().await;
    assert_eq!(api.post("/tables/prices/rows", &json!([price("A", 1)])).await.status, 201);
    let named = json!({"id": null, "product": "A", "since": "2021-07-27T16:02:01.120Z"});
    let unknown = json!({"product": "A", "since": "2021-07-27T16:02:01Z"});
    let calls = api.db.data_api().calls();
    let uuid = |number: u32| format!("1f0e7c1c-6c9d-4f2a-8f51-{number:012}");
    let sale = |number: u32, row: &Value| {
        let mut row = row.clone();
        row["id"] = json!(uuid(number));
        row
    };
    let good =
        api.post("/tables/sales/rows", &json!([sale(1, &named), sale(2, &json!({"product": "Z"}))])).await;
    assert_eq!((good.status, api.db.data_api().calls() - calls), (201, 1), "{good:?}");
    let mixed = api.post("/tables/sales/rows", &json!([sale(3, &named), sale(4, &unknown)])).await;
    assert_eq!((mixed.status, codes(&mixed, "sales")), (207, vec!["1: unknown_reference".to_owned()]));
    let put = api.put(SALE, &unknown).await;
    assert_eq!((put.status, row_errors(&put)), (422, vec!["product: unknown_reference".to_owned()]));
    assert_eq!(
        api.put(SALE, &json!({"product": "A", "since": "2021-07-27T16:02:01.120Z"})).await.status,
        201
    );
    // A UUID is one row in any case.
    assert_eq!(api.get(&SALE.replace("1f0e7c1c", "1F0E7C1C")).await.status, 200);
    let referenced = api.delete(&path("A", 1)).await;
    is_problem(&referenced, 409, "referenced");
    let detail = "Rows of sales (product, since) refer to row A,2021-07-27T16%3A02%3A01.120Z of prices.";
    assert!(referenced.body["detail"].as_str().unwrap().starts_with(detail), "{referenced:?}");
    is_problem(&api.delete("/tables/currencies/rows/EUR").await, 409, "referenced");
    for number in [1, 2, 3] {
        assert_eq!(api.delete(&format!("/tables/sales/rows/{}", uuid(number))).await.status, 204);
    }
    assert_eq!(api.delete(SALE).await.status, 204);
    assert_eq!(api.delete(&path("A", 1)).await.status, 204);
    assert_eq!(api.delete("/tables/currencies/rows/EUR").await.status, 204);
}

#[tokio::test]
async fn one_request_brings_rows_and_those_that_refer_to_them() {
    let api = Api::over(SHOP).await;
    let id = "1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a";
    let body = json!({
        "sales": [{"id": id, "product": "A", "since": "2021-07-27T16:02:01.120Z"}],
        "prices": [price("A", 1)],
        "currencies": [{"code": "EUR"}],
    });
    assert_eq!(api.post("/insert_data", &body).await.status, 201);
    assert_eq!(api.get(SALE).await.status, 200);
}

#[tokio::test]
async fn what_may_be_unknown_is_not_asked_for() {
    let api = shop().await;
    let mut row = price("A", 1);
    row["seen_in"] = json!("XXX");
    let calls = api.db.data_api().calls();
    assert_eq!(api.post("/tables/prices/rows", &json!([row])).await.status, 201);
    assert_eq!(api.db.data_api().calls() - calls, 1);
    assert_eq!(api.put(&path("A", 1), &row).await.status, 200);
    row["currency"] = json!("XXX");
    let put = api.put(&path("A", 1), &row).await;
    assert_eq!((put.status, row_errors(&put)), (422, vec!["currency: unknown_reference".to_owned()]));
    // It stays in the way of a DELETE.
    assert_eq!(api.post("/tables/currencies/rows", &json!([{"code": "XXX"}])).await.status, 201);
    is_problem(&api.delete("/tables/currencies/rows/XXX").await, 409, "referenced");
}

#[tokio::test]
async fn the_trail_has_the_text_of_every_key() {
    const ANN: (&str, &str) = ("ann@x.example", "operator");
    let api = shop().await;
    let row = price("A/é,\"1", 1);
    let insert = api.by(ANN, "POST", "/tables/prices/rows", &[], &json!([row])).await;
    assert_eq!(insert.status, 201, "{insert:?}");
    let path = path("A%2F%C3%A9%2C%221", 1);
    assert_eq!(api.by(ANN, "PUT", &path, &[], &row).await.status, 200);
    assert_eq!(api.by(ANN, "DELETE", &path, &[], &Value::Null).await.status, 204);
    let long = "😀".repeat(12);
    assert_eq!(
        api.by(ANN, "POST", "/tables/currencies/rows", &[], &json!([{"code": long}])).await.status,
        201
    );
    let sql = "SELECT action, row_key, before_json, after_json FROM rowgate_audit ORDER BY id";
    let key = "A%2F%C3%A9%2C%221,2021-07-27T16%3A02%3A01.120Z";
    let entries = api.db.sql(sql).await.unwrap();
    let entry = |action: &str, before: Option<&Value>, after: Option<&Value>| {
        let json = |row: Option<&Value>| row.map(ToString::to_string);
        vec![Some(action.to_owned()), Some(key.to_owned()), json(before), json(after)]
    };
    let parsed = |entry: &Vec<Option<String>>| {
        let json = |text: &Option<String>| {
            text.as_ref().map(|text| serde_json::from_str::<Value>(text).unwrap().to_string())
        };
        vec![entry[0].clone(), entry[1].clone(), json(&entry[2]), json(&entry[3])]
    };
    assert_eq!(
        entries[..3].iter().map(parsed).collect::<Vec<_>>(),
        [
            entry("insert-rows", None, Some(&row)),
            entry("put-row", Some(&row), Some(&row)),
            entry("delete-row", Some(&row), None),
        ]
    );
    assert_eq!(entries[3][1].as_deref(), Some(&*"%F0%9F%98%80".repeat(12)));
}
