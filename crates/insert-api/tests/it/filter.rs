//! `GET /tables/{table}/rows` with `filter` and with `ids`.

use lambda_kit::query::Query;
use serde_json::{Value, json};

use crate::row_support::{THINGS, is_problem};
use crate::support::{Api, document, with};

/// A text as part of a query.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The ids of the rows that a query gives.
async fn found(api: &Api, table: &str, query: &str, key: &str) -> Vec<i64> {
    let reply = api.get(&format!("/tables/{table}/rows?{query}")).await;
    assert_eq!(reply.status, 200, "{query} {reply:?}");
    reply.body["rows"].as_array().unwrap().iter().map(|row| row[key].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn text_is_found_anywhere_and_means_nothing_but_itself() {
    let api = Api::start().await;
    let names = [
        "Ada",
        "adam",
        "100% Bob",
        "a_b",
        "a|b",
        "a\\b",
        "O'Hara",
        "Zoë",
        "x:y",
        "'; DROP TABLE tags; --",
        "😀",
        "tab\there",
    ];
    let rows: Vec<Value> = (1..).zip(names).map(|(id, name)| with(document(id), "name", name)).collect();
    assert_eq!(api.post("/tables/documents/rows", &json!(rows)).await.status, 201);
    for (text, expected) in [
        // The collation says that capitals and accents do not count.
        ("ada", vec![1, 2]),
        ("ADAM", vec![2]),
        ("zoe", vec![8]),
        ("%", vec![3]),
        ("_", vec![4]),
        ("|", vec![5]),
        ("\\", vec![6]),
        ("'", vec![7, 10]),
        (":", vec![9]),
        ("; DROP TABLE tags", vec![10]),
        ("😀", vec![11]),
        ("\t", vec![12]),
        ("a%b", vec![]),
        ("nobody", vec![]),
    ] {
        let query = format!("filter=name:{}", encoded(text));
        assert_eq!(found(&api, "documents", &query, "id").await, expected, "{text:?}");
    }
    assert_eq!(
        found(&api, "filed_documents", "filter=datetime_:2021-07-27T16:02:08Z&limit=2", "id").await,
        [1, 2]
    );
    assert_eq!(found(&api, "documents", "filter=collection_id:2", "id").await, [0_i64; 0]);
}

#[tokio::test]
async fn other_columns_equal_the_value() {
    let api = Api::over(THINGS).await;
    let row = |code: i64, price: &str, on_sale: bool, day: &str, moment: &str| json!({"code": code, "price": price, "on_sale": on_sale, "day": day, "moment": moment, "size": 1});
    let rows = json!([
        row(-9_223_372_036_854_775_808, "1.50000", true, "2021-07-27", "2021-07-27T16:02:08Z"),
        row(1, "1.5", false, "1000-01-01", "1000-01-01T00:00:00Z"),
        row(2, "-1.50001", true, "9999-12-31", "9999-12-31T23:59:59Z"),
        {"code": 3, "size": 1},
    ]);
    assert_eq!(api.post("/tables/things/rows", &rows).await.status, 201);
    let least = -9_223_372_036_854_775_808;
    for (query, expected) in [
        ("filter=price:1.5", vec![least, 1]),
        ("filter=price:-1.50001", vec![2]),
        ("filter=on_sale:true", vec![least, 2]),
        ("filter=on_sale:false", vec![1]),
        ("filter=day:2021-07-27", vec![least]),
        ("filter=moment:9999-12-31T23:59:59Z", vec![2]),
        ("filter=moment:2021-07-27T18:02:08%2B02:00", vec![least]),
        ("filter=code:-9223372036854775808", vec![least]),
        ("filter=nr:3", vec![3]),
        ("filter=size:1&after=1", vec![2, 3]),
        ("filter=small:0", vec![]),
    ] {
        assert_eq!(found(&api, "stuff", query, "code").await, expected, "{query}");
    }
}

#[tokio::test]
async fn pages_of_a_filter_cover_what_it_finds_once() {
    let api = Api::start().await;
    let rows: Vec<Value> = (1..=60).map(|id| with(document(id), "collection_id", 1 + id % 2)).collect();
    assert_eq!(api.post("/tables/documents/rows", &json!(rows)).await.status, 201);
    for limit in [1, 7, 29, 30, 31] {
        let (mut ids, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/tables/documents/rows?filter=collection_id:1&limit={limit}{after}");
            let reply = api.get(&path).await;
            ids.extend(reply.body["rows"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()));
            match &reply.body["next"] {
                Value::Null => break,
                next => after = format!("&after={next}"),
            }
        }
        assert_eq!(ids, (1..=30).map(|half| half * 2).collect::<Vec<i64>>(), "limit {limit}");
    }
}

#[tokio::test]
async fn ids_give_the_rows_that_are_there_in_their_order() {
    let api = Api::start().await;
    let rows: Vec<Value> = (1..=300).map(|id| document(id * 2)).collect();
    assert_eq!(api.post("/tables/documents/rows", &json!(rows)).await.status, 201);
    assert_eq!(found(&api, "documents", "ids=8,3,2,8,-1,2147483647", "id").await, [2, 8]);
    assert_eq!(found(&api, "documents", "ids=3", "id").await, [0_i64; 0]);
    let all: Vec<String> = (1..=1000).map(|id| id.to_string()).collect();
    let reply = api.get(&format!("/tables/documents/rows?ids={}", all.join(","))).await;
    assert_eq!((reply.body["rows"].as_array().unwrap().len(), &reply.body["next"]), (300, &Value::Null));
    let reply = api.get("/tables/documents/rows?ids=2,4,6&limit=2").await;
    assert_eq!((reply.body["rows"].as_array().unwrap().len(), &reply.body["next"]), (2, &json!(4)));
}

#[tokio::test]
async fn says_what_is_wrong_with_a_filter_or_ids() {
    let api = Api::start().await;
    for (query, parameter) in [
        ("filter=", "filter"),
        ("filter=salary:1", "filter"),
        ("filter=id:%27%20OR%201=1", "filter"),
        ("filter=datetime:2021-13-01T00:00:00Z", "filter"),
        ("filter=id:1&filter=id:2", "filter"),
        ("ids=1%20OR%201=1", "ids"),
        ("ids=1&after=1", "ids"),
        ("ids=1&filter=id:1", "ids"),
    ] {
        let reply = api.get(&format!("/tables/documents/rows?{query}")).await;
        is_problem(&reply, 400, "invalid-parameter");
        assert_eq!(reply.body["errors"][0]["parameter"], parameter, "{query}");
    }
    assert_eq!(Query::new(Some(&format!("a={}", encoded("%_'")))), Query::new(Some("a=%25_%27")));
}
