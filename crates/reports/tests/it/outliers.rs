//! `GET /outliers`.

use serde_json::{Value, json};
use testkit::gateway::By;

use crate::support::Api;

async fn checks(api: &Api, table: &str) -> Vec<Value> {
    let reply = api.get(&format!("/outliers?table={table}")).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()["checks"].as_array().unwrap().clone()
}

/// Collections 1 to 4 and a tag; each collection has as many documents as it says, one each day of
/// 2021.
async fn with_documents(counts: [u32; 4]) -> Api {
    let api = Api::start().await;
    api.sql(&[
        "INSERT INTO collections VALUES (1, 'A'), (2, 'B'), (3, 'C'), (4, 'D'), (5, 'Nobody')",
        "INSERT INTO tags VALUES (1, 'Clerk')",
    ])
    .await;
    for (collection, count) in (1..).zip(counts) {
        for number in 0..count {
            let insert = format!(
                "INSERT INTO documents (name, datetime, collection_id, tag_id) VALUES \
                 ('E', '2021-01-01' + INTERVAL {number} DAY, {collection}, 1)"
            );
            api.sql(&[&insert]).await;
        }
    }
    api
}

#[tokio::test]
async fn a_reference_that_names_no_row_is_counted_and_listed() {
    let api = with_documents([2, 2, 2, 0]).await;
    api.sql(&[
        "INSERT INTO documents VALUES (1001, 'X', '2021-01-01 00:00:00', 99, NULL)",
        "INSERT INTO documents VALUES (1002, 'Y \"Z\"', '2021-01-02 00:00:00', -7, 1)",
    ])
    .await;
    let found = checks(&api, "documents").await;
    assert_eq!(
        found[0],
        json!({
            "kind": "unknown_reference", "table": "documents", "column": "collection_id", "references": "collections",
            "count": 2,
            "rows": [
                {"id": 1001, "name": "X", "datetime": "2021-01-01T00:00:00Z", "collection_id": 99, "tag_id": null},
                {"id": 1002, "name": "Y \"Z\"", "datetime": "2021-01-02T00:00:00Z", "collection_id": -7, "tag_id": 1},
            ],
        })
    );
    // None is no reference.
    assert_eq!(
        (&found[1]["column"], &found[1]["count"], &found[1]["rows"]),
        (&json!("tag_id"), &json!(0), &json!([]))
    );
}

#[tokio::test]
async fn at_most_a_hundred_rows_are_listed_of_all_that_are_counted() {
    let api = Api::start().await;
    let rows: Vec<String> = (1..=250).map(|id| format!("({id}, 'N', '2021-01-01 00:00:00', 7, 7)")).collect();
    api.sql(&[&format!("INSERT INTO documents VALUES {}", rows.join(","))]).await;
    let found = checks(&api, "filed_documents").await;
    let rows = found[0]["rows"].as_array().unwrap();
    assert_eq!((&found[0]["count"], rows.len(), &rows[99]["id"]), (&json!(250), 100, &json!(100)));
}

#[tokio::test]
async fn a_time_far_from_the_rest_is_found_with_its_neighbours() {
    let api = with_documents([20, 20, 20, 0]).await;
    api.sql(&["INSERT INTO documents VALUES (1001, 'Far', '1921-01-01 00:00:00', 1, 1)"]).await;
    let found = checks(&api, "documents").await;
    let far = &found[2];
    assert_eq!(
        [&far["kind"], &far["column"], &far["count"]],
        [&json!("far_date"), &json!("datetime"), &json!(1)]
    );
    assert_eq!(far["rows"][0]["id"], 1001);
    // As computed by hand from the 61 times: mean and three times the deviation of the population.
    let seconds = |days: f64| days * 86_400.0;
    let start = 25_567.0_f64 + 11_323.0 - 25_567.0;
    let mut days: Vec<f64> = (0..60).map(|number| start + f64::from(number % 20)).collect();
    days.push(start - 36_525.0);
    let mean = days.iter().sum::<f64>() / 61.0;
    let variance = days.iter().map(|day| (day - mean).powi(2)).sum::<f64>() / 61.0;
    let (from, to) =
        (seconds(mean - 3.0 * variance.sqrt() - start), seconds(mean + 3.0 * variance.sqrt() - start));
    let since = |text: &Value| {
        let text = text.as_str().unwrap().trim_end_matches('Z').replace('T', " ");
        format!("SELECT TIMESTAMPDIFF(SECOND, '2021-01-01 00:00:00', '{text}')")
    };
    for (name, expected) in [("from", from.ceil()), ("to", to.floor())] {
        let found: f64 = api.db.value(&since(&far[name])).await.unwrap().parse().unwrap();
        assert!((found - expected).abs() <= 1.0, "{name}: {found} {expected}");
    }
}

#[tokio::test]
async fn equal_moments_are_not_far_from_each_other() {
    let api = Api::start().await;
    api.sql(&["INSERT INTO collections VALUES (1, 'A')", "INSERT INTO tags VALUES (1, 'J')"]).await;
    api.sql(&["INSERT INTO documents VALUES (1, 'A', '9999-12-31 23:59:59', 1, 1), (2, 'B', '9999-12-31 23:59:59', 1, 1)"])
        .await;
    let far = checks(&api, "documents").await[2].clone();
    assert_eq!(
        [&far["from"], &far["to"], &far["count"]],
        [&json!("9999-12-31T23:59:59Z"), &json!("9999-12-31T23:59:59Z"), &json!(0)]
    );
}

#[tokio::test]
async fn a_number_beyond_the_others_is_unusual() {
    let api = with_documents([10, 11, 9, 40]).await;
    let found = checks(&api, "documents").await;
    assert_eq!(
        found[3],
        json!({
            "kind": "unusual_count", "table": "documents", "column": "collection_id", "references": "collections",
            "count": 1, "mean": 17.5, "groups": [{"id": 4, "rows": 40}],
        })
    );
    // One id alone has no others to be held against.
    assert_eq!(
        [&found[4]["count"], &found[4]["mean"], &found[4]["groups"]],
        [&json!(0), &json!(70.0), &json!([])]
    );
    // Ids that name no row are no group, however many rows have them.
    api.sql(&["INSERT INTO documents (name, datetime, collection_id, tag_id) \
               SELECT name, datetime, 99, tag_id FROM documents"])
        .await;
    assert_eq!(checks(&api, "documents").await[3], found[3]);
}

#[tokio::test]
async fn equal_numbers_are_not_unusual() {
    let api = with_documents([7, 7, 7, 7]).await;
    let found = checks(&api, "documents").await;
    assert_eq!([&found[3]["count"], &found[3]["mean"]], [&json!(0), &json!(7.0)]);
}

#[tokio::test]
async fn what_has_nothing_to_look_at_is_left_out() {
    let api = Api::start().await;
    let kinds: Vec<Value> =
        checks(&api, "documents").await.iter().map(|check| check["kind"].clone()).collect();
    assert_eq!(kinds, ["unknown_reference", "unknown_reference"]);
    assert_eq!(checks(&api, "tags").await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_table_has_to_be_named_and_known_and_seen() {
    let api = Api::start().await;
    for (path, kind) in [
        ("/outliers", "invalid-parameter"),
        ("/outliers?table=tags&limit=1", "invalid-parameter"),
        ("/outliers?table=people", "unknown-table"),
        ("/outliers?table=rowgate_canary", "unknown-table"),
        ("/outliers?table=tags%27--", "unknown-table"),
    ] {
        let reply = api.get(path).await;
        assert_eq!(
            (reply.status, &reply.json()["type"]),
            (400, &json!(format!("urn:rowgate:problem:{kind}"))),
            "{path}"
        );
    }
    for caller in [By::Person("reader,table:tags"), By::Key("tags")] {
        assert_eq!(api.by(caller, "/outliers/?table=tags").await.status, 200);
        assert_eq!(api.by(caller, "/outliers?table=filed_documents").await.status, 403);
    }
}
