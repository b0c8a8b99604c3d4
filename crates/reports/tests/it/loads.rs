//! `GET /loads` and `GET /loads/{id}`.

use serde_json::{Value, json};

use crate::support::Api;

fn id(number: u32) -> String {
    format!("{number:032x}")
}

/// Seven loads, of which the seventh came last.
async fn with_loads() -> Api {
    let api = Api::start().await;
    for number in 1..=7 {
        let table = if number % 2 == 0 { "tags" } else { "documents" };
        let status = if number == 3 { "failed" } else { "completed" };
        add_load(&api, number, table, status, 1).await;
    }
    api
}

async fn add_load(api: &Api, number: u32, table: &str, status: &str, rejected: u32) {
    let error = if status == "failed" { "'the file is not UTF-8'" } else { "NULL" };
    let insert = format!(
        "INSERT INTO rowgate_loads (load_id, bucket, object_key, object_version, table_name, mode, status, rows_read, \
         rows_loaded, rows_rejected, unknown_references, bytes, started_at, finished_at, attempts, error) VALUES \
         ('{}', 'data', 'incoming/{table}/a b+{number}.csv', 'v', '{table}', 'append', '{status}', {rejected} + 9, 9, \
         {rejected}, 2, 345, '2021-07-27 16:02:08.120', '2021-07-27 16:02:09.005', 1, {error})",
        id(number)
    );
    api.sql(&[&insert]).await;
}

/// Chunks `from..to` of a load, of which each but every third has rejected three records.
async fn add_chunks(api: &Api, number: u32, from: u32, to: u32) {
    let rows: Vec<String> = (from..to)
        .map(|chunk| {
            let (rejected, key) = match chunk % 3 {
                2 => (0, "NULL".to_owned()),
                _ => (3, format!("'{}'", rejects_key(number, chunk))),
            };
            format!(
                "('{}', {chunk}, 1, 9, 0, 9, REPEAT('0', 64), 4, 4 - {rejected}, {rejected}, 0, {key}, UTC_TIMESTAMP(3))",
                id(number)
            )
        })
        .collect();
    let insert = format!(
        "INSERT INTO rowgate_load_chunks (load_id, chunk_no, first_line, end_line, start_byte, end_byte, digest, rows_read, rows_loaded, \
         rows_rejected, unknown_references, rejects_key, committed_at) VALUES {}",
        rows.join(", ")
    );
    api.sql(&[&insert]).await;
}

fn rejects_key(number: u32, chunk: u32) -> String {
    let id = id(number);
    format!("rejected/tags/{id}/{id}-{chunk:05}.csv")
}

fn ids(page: &Value) -> Vec<u64> {
    let loads = page["loads"].as_array().unwrap();
    loads.iter().map(|load| u64::from_str_radix(load["load"].as_str().unwrap(), 16).unwrap()).collect()
}

#[tokio::test]
async fn an_empty_ledger_has_no_next() {
    let reply = Api::start().await.get("/loads").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    assert_eq!(reply.json(), json!({ "loads": [], "next": null }));
}

#[tokio::test]
async fn text_beyond_ascii_is_no_load_and_no_failure() {
    let api = with_loads().await;
    add_load(&api, 9, "tags", "completed", 6).await;
    let of_9 = format!("/loads/{}?rejects_after=n%C3%A9e", id(9));
    for (path, status) in [
        ("/loads?table=n%C3%A9e", 400),
        ("/loads?status=n%C3%A9e", 400),
        ("/loads?after=n%C3%A9e", 400),
        ("/loads/n%C3%A9e", 404),
        (&of_9, 200),
    ] {
        assert_eq!(api.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn pages_run_from_the_newest_to_the_oldest() {
    let api = with_loads().await;
    let mut seen = Vec::new();
    let mut path = "/loads?limit=3".to_owned();
    loop {
        let page = api.get(&path).await.json();
        seen.push(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/loads?limit=3&after={next}");
    }
    assert_eq!(seen, [vec![7, 6, 5], vec![4, 3, 2], vec![1]]);
}

#[tokio::test]
async fn filters_by_table_and_status() {
    let api = with_loads().await;
    add_load(&api, 8, "people", "failed", 0).await;
    for (query, expected) in [
        ("table=tags", vec![6, 4, 2]),
        ("table=filed_documents&limit=2", vec![7, 5]),
        ("status=failed", vec![8, 3]),
        ("status=failed&table=tags", vec![]),
        ("status=running", vec![]),
        // Names that no table has: the ledger may hold them, and need not.
        ("table=people", vec![8]),
        ("table=nobody", vec![]),
        ("table=", vec![]),
        (&*format!("after={}", id(999)), vec![]),
    ] {
        assert_eq!(ids(&api.get(&format!("/loads?{query}")).await.json()), expected, "{query}");
    }
}

#[tokio::test]
async fn loads_of_a_hidden_table_are_listed_only_by_its_name() {
    let api = with_loads().await;
    add_load(&api, 8, "rowgate_canary", "completed", 0).await;
    let page = api.get("/loads?limit=2").await.json();
    assert_eq!((ids(&page), page["next"].as_str()), (vec![7, 6], Some(&*id(6))));
    assert_eq!(ids(&api.get("/loads?table=rowgate_canary").await.json()), [8]);
    assert_eq!(api.get(&format!("/loads/{}", id(8))).await.status, 200);
    // Of a key that only looks like one.
    add_load(&api, 9, "rowgate_canari", "failed", 0).await;
    assert_eq!(ids(&api.get("/loads?status=failed").await.json()), [9, 3]);
}

#[tokio::test]
async fn one_load_has_all_its_fields() {
    let api = with_loads().await;
    let link = format!(
        "UPDATE rowgate_loads SET format = 'jsonl.gz', parent_load_id = '{}', same_as_load_id = '{}', rows_skipped = 3, \
         warnings = '[\"the sheets \\\\\"Notes\\\\\" and \\\\\"Old\\\\\" are not read\"]' WHERE load_id = '{}'",
        id(1),
        id(2),
        id(3)
    );
    api.sql(&[&link]).await;
    let reply = api.get(&format!("/loads/{}", id(3))).await;
    assert_eq!(reply.status, 200);
    insta::assert_json_snapshot!(reply.json());
    for missing in [id(8), "7".to_owned(), "%27".to_owned(), "%ff".to_owned()] {
        assert_eq!(api.get(&format!("/loads/{missing}")).await.status, 404, "{missing}");
    }
}

#[tokio::test]
async fn each_rejects_file_has_a_link_that_ends_after_15_minutes() {
    let api = with_loads().await;
    add_load(&api, 9, "tags", "completed", 6).await;
    add_chunks(&api, 9, 0, 3).await;
    add_chunks(&api, 6, 0, 1).await;
    let load = api.get(&format!("/loads/{}", id(9))).await.json();
    let rejects = load["rejects"].as_array().unwrap();
    let links: Vec<Value> = rejects.iter().map(|file| json!([file["key"], file["rows"]])).collect();
    assert_eq!(links, [json!([rejects_key(9, 0), 3]), json!([rejects_key(9, 1), 3])]);
    assert_eq!((&load["rejects_files"], &load["rejects_next"]), (&json!(2), &Value::Null));
    let url = rejects[1]["url"].as_str().unwrap();
    let place = format!("https://data.s3.eu-west-1.amazonaws.com/{}?", rejects_key(9, 1));
    assert!(url.starts_with(&place) && url.contains("X-Amz-Expires=900&"), "{url}");
    // Fifteen minutes after the time of the signature, to the second.
    let signed = url.split("X-Amz-Date=").nth(1).unwrap().split('&').next().unwrap();
    let minutes = |text: &str| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let (clock, seconds) = (&digits[8..12], &digits[12..14]);
        (clock[..2].parse::<u32>().unwrap() * 60 + clock[2..].parse::<u32>().unwrap(), seconds.to_owned())
    };
    let (from, to) = (minutes(signed), minutes(load["rejects_expire_at"].as_str().unwrap()));
    assert_eq!(((from.0 + 15) % (24 * 60), from.1), to);
    assert!(load["rejects_expire_at"].as_str().unwrap().ends_with(".000Z"));
}

#[tokio::test]
async fn more_rejects_files_than_fit_an_answer_are_counted_and_come_page_by_page() {
    let api = with_loads().await;
    add_load(&api, 9, "tags", "failed", 4800).await;
    add_chunks(&api, 9, 0, 2400).await;
    let mut keys = Vec::new();
    let mut path = format!("/loads/{}", id(9));
    for expected in [1000, 600] {
        let reply = api.get(&path).await;
        let load = reply.json();
        assert!(reply.body.len() < 3_000_000);
        assert_eq!(load["rejects_files"], 1600);
        let rejects = load["rejects"].as_array().unwrap().clone();
        assert_eq!(rejects.len(), expected);
        keys.extend(rejects.iter().map(|file| file["key"].as_str().unwrap().to_owned()));
        let next = load["rejects_next"].as_str().map(str::to_owned);
        assert_eq!(next.is_some(), expected == 1000);
        path = format!("/loads/{}?rejects_after={}", id(9), next.unwrap_or_default());
    }
    let all: Vec<String> =
        (0..2400).filter(|chunk| chunk % 3 != 2).map(|chunk| rejects_key(9, chunk)).collect();
    assert_eq!(keys, all);
    let beyond = api.get(&format!("/loads/{}?rejects_after=other", id(9))).await.json();
    assert_eq!((&beyond["rejects"], &beyond["rejects_expire_at"]), (&json!([]), &Value::Null));
    assert_eq!(api.get(&format!("/loads/{}?limit=5", id(9))).await.status, 400);
}
