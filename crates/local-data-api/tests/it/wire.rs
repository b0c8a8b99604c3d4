//! The bytes of the answers: members, headers and statuses as rest-json has them.

use serde_json::{Value, json};

use crate::support::{Harness, SECRET};

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (header, value) = line.split_once(": ")?;
        header.eq_ignore_ascii_case(name).then_some(value)
    })
}

#[tokio::test]
async fn answers_have_the_members_of_the_service() {
    let h = Harness::start().await;
    let execute = async |sql: &str, more: Value| {
        let mut members = json!({"sql": sql, "database": h.database});
        if let (Some(members), Some(more)) = (members.as_object_mut(), more.as_object()) {
            members.extend(more.clone());
        }
        h.post("/Execute", members).await
    };
    let (head, body) = execute("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY)", json!({})).await;
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert_eq!(header(&head, "content-type"), Some("application/json"));
    assert_eq!(header(&head, "x-amzn-requestid").map(str::len), Some(36));
    assert_eq!(body, r#"{"generatedFields":[],"numberOfRecordsUpdated":0}"#);
    let (_, body) = execute("INSERT INTO t VALUES (NULL)", json!({})).await;
    assert_eq!(body, r#"{"generatedFields":[{"longValue":1}],"numberOfRecordsUpdated":1}"#);
    let (_, body) = execute("SELECT id, NULL FROM t", json!({})).await;
    assert_eq!(body, r#"{"numberOfRecordsUpdated":0,"records":[[{"longValue":1},{"isNull":true}]]}"#);
    let (_, body) = execute("SELECT id AS n FROM t", json!({"formatRecordsAs": "JSON"})).await;
    assert_eq!(body, r#"{"numberOfRecordsUpdated":0,"formattedRecords":"[{\"n\":1}]"}"#);
    let (_, body) = execute("SELECT id FROM t WHERE id = 0", json!({"parameters": null})).await;
    assert_eq!(body, r#"{"numberOfRecordsUpdated":0,"records":[]}"#);
    let (_, body) = h
        .post(
            "/BatchExecute",
            json!({"sql": "INSERT INTO t VALUES (NULL)", "database": h.database, "parameterSets": [[], []]}),
        )
        .await;
    assert_eq!(
        body,
        r#"{"updateResults":[{"generatedFields":[{"longValue":2}]},{"generatedFields":[{"longValue":3}]}]}"#
    );
    let (_, body) = h.post("/BeginTransaction", json!({})).await;
    let begun: Value = serde_json::from_str(&body).unwrap();
    let (_, body) = h.post("/CommitTransaction", json!({"transactionId": begun["transactionId"]})).await;
    assert_eq!(body, r#"{"transactionStatus":"Transaction Committed"}"#);
}

#[tokio::test]
async fn errors_name_themselves_in_a_header() {
    let h = Harness::start().await;
    let post = async |path: &str, members: Value| {
        let (head, body) = h.post(path, members).await;
        let status = head.split(' ').nth(1).unwrap_or_default().to_owned();
        (status, header(&head, "x-amzn-errortype").unwrap_or_default().to_owned(), body)
    };
    let (status, name, body) = post("/Execute", json!({"sql": "SELEC"})).await;
    assert_eq!((status.as_str(), name.as_str()), ("400", "DatabaseErrorException"));
    assert!(body.starts_with(r#"{"message":"You have an error in your SQL syntax"#), "{body}");
    let (status, name, body) = post("/CommitTransaction", json!({"transactionId": "x"})).await;
    assert_eq!((status.as_str(), name.as_str()), ("404", "TransactionNotFoundException"));
    assert!(body.contains("Transaction x is not found"), "{body}");
    for (path, members, expected) in [
        ("/Execute", json!({}), "Value null at 'sql' failed to satisfy constraint: Member must not be null"),
        ("/CommitTransaction", json!({}), "Value null at 'transactionId'"),
        (
            "/Execute",
            json!({"sql": "SELECT 1", "formatRecordsAs": "CSV"}),
            "Value 'CSV' at 'formatRecordsAs'",
        ),
        (
            "/Execute",
            json!({"sql": "SELECT 1", "resultSetOptions": {"longReturnType": "INT"}}),
            "longReturnType",
        ),
        ("/Execute", json!({"sql": "SELECT 1", "database": "d".repeat(65)}), "less than or equal to 64"),
        (
            "/Execute",
            json!({"sql": "SELECT 1", "transactionId": "d".repeat(193)}),
            "less than or equal to 192",
        ),
    ] {
        let (status, name, body) = post(path, members).await;
        assert_eq!((status.as_str(), name.as_str()), ("400", "ValidationException"), "{body}");
        assert!(body.contains(expected), "{body}");
    }
    let (head, body) = h.http("POST", "/Execute", b"{\"secretArn\":\"").await;
    assert!(head.contains("x-amzn-errortype: SerializationException"), "{head} {body}");
    let (head, body) = h.http("POST", "/Execute", b"[\"a\"]").await;
    assert!(head.contains("x-amzn-errortype: SerializationException"), "{head} {body}");
    let (head, body) = h.http("POST", "/Execute", b"").await;
    assert!(head.starts_with("HTTP/1.1 400") && body.contains("'resourceArn'"), "{head} {body}");
    let short = json!({"resourceArn": "short", "secretArn": SECRET, "sql": "SELECT 1"}).to_string();
    let (_, body) = h.http("POST", "/Execute", short.as_bytes()).await;
    assert!(body.contains("greater than or equal to 11"), "{body}");
    let (head, _) = h.http("GET", "/Execute", b"").await;
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    let (_, body) = h.http("POST", "/ExecuteSql", b"{}").await;
    assert!(body.contains("Use ExecuteStatement API instead"), "{body}");
}

#[tokio::test]
async fn health_tells_whether_the_database_is_there() {
    let h = Harness::start().await;
    let (head, body) = h.http("GET", "/_/health", b"").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(body.contains(r#""status":"ok""#), "{body}");
    let away = Harness::with(|_| {}).await;
    let socket = away.database_server.socket().with_extension("nowhere");
    let config = local_data_api::Config::new(
        local_data_api::Upstream::Socket(socket),
        local_data_api::Credentials::fixed("root", ""),
    );
    let away = Harness { server: local_data_api::Server::bind(config).await.unwrap(), ..away };
    let (head, _) = away.http("GET", "/_/health", b"").await;
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    let (head, body) = away.post("/Execute", json!({"sql": "SELECT 1"})).await;
    assert!(head.starts_with("HTTP/1.1 504"), "{head}");
    assert_eq!(header(&head, "x-amzn-errortype"), Some("DatabaseUnavailableException"));
    assert_eq!(body, "{}");
}

#[tokio::test]
async fn counts_calls_and_bytes_as_the_service_meters_them() {
    let h = Harness::start().await;
    let usage = async |method: &str| {
        let (_, body) = h.http(method, "/_/usage", b"").await;
        serde_json::from_str::<Value>(&body).unwrap()
    };
    h.execute("SELECT 1").await.unwrap();
    assert_eq!(usage("DELETE").await["calls"], 0);
    let long = format!("SELECT '{}'", "x".repeat(40_000));
    h.execute("SELECT 1").await.unwrap();
    h.execute(&long).await.unwrap();
    h.execute("SELEC").await.unwrap_err();
    let page = usage("GET").await;
    // The text goes out and comes back: 80 KB are three times 32.
    assert_eq!((&page["calls"], &page["metered_requests"]), (&json!(3), &json!(5)));
    assert!(page["request_bytes"].as_u64() > Some(40_000), "{page}");
    assert!(page["response_bytes"].as_u64() > Some(40_000), "{page}");
    assert_eq!(page["operations"]["ExecuteStatement"]["calls"], 3);
    assert_eq!(page["operations"]["CommitTransaction"]["calls"], 0);
}
