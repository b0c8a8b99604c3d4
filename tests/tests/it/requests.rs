//! The log of a request: one line with its figures, which is also its metrics, and nothing that
//! people sent.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::{Cloud, with};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SECRET: &str = "the-key-itself";
const ADDRESS: &str = "203.0.113.7";

/// Returns a request as API Gateway passes it to a function, from the holder of a key.
fn event(key: &str, request: &str, method: &str, path: &str, body: Option<Value>) -> Value {
    json!({
        "resource": "/{proxy+}", "path": path, "httpMethod": method,
        "headers": {"content-type": "application/json"},
        "multiValueHeaders": {
            "content-type": ["application/json"], "x-api-key": [SECRET],
            "traceparent": [format!("00-{TRACE}-b7ad6b7169203331-01")],
        },
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "pathParameters": null, "stageVariables": null,
        "requestContext": {
            "accountId": "000000000000", "apiId": "a1", "httpMethod": method, "path": format!("/v1{path}"),
            "requestId": request, "resourceId": "x", "resourcePath": "/{proxy+}",
            "stage": "v1",
            "identity": {
                "apiKey": SECRET, "apiKeyId": key, "sourceIp": ADDRESS, "userAgent": "somebody's",
            },
        },
        "body": body.map(|body| body.to_string()), "isBase64Encoded": false,
    })
}

/// The answer to a request and its log.
struct Asked {
    /// The id of the key that it came with.
    key: String,
    /// The id that API Gateway gave it.
    request: String,
    answer: Value,
    /// The log lines of this request.
    lines: Vec<Value>,
    /// Everything that its function logged meanwhile.
    log: String,
}

/// Invokes a function with a request, and waits for the log lines with these messages.
async fn ask(
    cloud: &Cloud,
    function: &str,
    (method, path): (&str, &str),
    body: Option<Value>,
    messages: &[&str],
) -> Asked {
    let key = cloud.output("WriterKeyId").await;
    let request = format!("request-{:016x}", fastrand::u64(..));
    let since = Timestamp::now();
    let (answer, failed) = cloud.invoke(function, &event(&key, &request, method, path, body)).await;
    assert!(!failed, "{answer}");

    let is_its_own = |line: &&Value| line["request.id"] == *request || line["span"]["request.id"] == *request;
    let idle = event(&key, "another", "GET", "/no/such/path", None);
    let all = |lines: &[Value]| {
        let own: Vec<_> = lines.iter().filter(is_its_own).cloned().collect();
        messages.iter().all(|message| !of(&own, message).is_empty())
    };
    let (log, mut lines) = cloud.logged(function, since, &idle, all).await;
    assert!(!log.contains(SECRET) && !log.contains(ADDRESS), "{log}");
    lines.retain(|line| is_its_own(&line));
    Asked { key, request, answer, lines, log }
}

fn of<'a>(lines: &'a [Value], message: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["message"] == message).collect()
}

#[tokio::test]
async fn a_request_makes_one_line_and_each_rejected_row_one_of_its_own() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let name = "Somebody's Name";
    let good = with(cloud.ids.employee(1), "name", json!(name));
    let bad = with(cloud.ids.employee(2), "name", json!(format!("{name}{}", "x".repeat(300))));
    let call = ("POST", "/tables/hired_employees/rows/");
    let messages = ["row rejected", "request answered"];
    let Asked { key, request, answer, lines, log } =
        ask(&cloud, "rowgate-insert", call, Some(json!([good, bad])), &messages).await;
    assert_eq!(answer["statusCode"], 207, "{answer}");

    let answered = of(&lines, "request answered");
    assert_eq!(answered.len(), 1, "{lines:?}");
    let line = answered[0];
    for (field, value) in [
        ("http.method", json!("POST")),
        ("http.route", json!("/tables/{table}/rows")),
        ("http.status", json!(207)),
        ("rows", json!(1)),
        ("request.id", json!(request)),
        ("key.id", json!(key)),
        ("trace.id", json!(TRACE)),
        ("Route", json!("POST /tables/{table}/rows")),
        ("Requests", json!(1)),
        ("Errors5xx", json!(0)),
    ] {
        assert_eq!(line[field], value, "{field}: {line}");
    }
    assert!(line["duration_ms"].is_u64() && line["Latency"].is_f64(), "{line}");
    assert!(line["_aws"]["CloudWatchMetrics"].is_array(), "{line}");

    let rejected = of(&lines, "row rejected");
    assert_eq!(rejected.len(), 1, "{lines:?}");
    let row = rejected[0];
    assert_eq!(
        (&row["request.id"], &row["table"], &row["row.index"]),
        (&json!(request), &json!("employees"), &json!(1))
    );
    assert_eq!((&row["row.codes"], row.get("row.values")), (&json!("too_long"), None), "{row}");
    assert_eq!(
        (&row["span"]["request.id"], &row["span"]["trace.id"]),
        (&json!(request), &json!(TRACE)),
        "{row}"
    );
    // Nothing that anybody sent, in any line.
    assert!(!log.contains(name), "{log}");
}

#[tokio::test]
async fn every_function_that_answers_requests_tells_what_it_was_asked() {
    let cloud = Cloud::connect().await;
    for (function, path, route, status) in [
        ("rowgate-insert", "/tables/jobs/rows/0", "/tables/{table}/rows/{id}", 404),
        ("rowgate-reports", "/reports/hires-by-quarter", "/reports/{name}", 200),
        ("rowgate-reports", "/no/such/path", "-", 404),
        ("rowgate-backup", "/backups/none", "/backups/{id}", 404),
        ("rowgate-restore", "/restores/none", "/restores/{id}", 404),
    ] {
        let Asked { key, answer, lines, .. } =
            ask(&cloud, function, ("GET", path), None, &["request answered"]).await;
        assert_eq!(answer["statusCode"], status, "{path}: {answer}");
        let answered = of(&lines, "request answered");
        assert_eq!(answered.len(), 1, "{path}: {lines:?}");
        let line = answered[0];
        assert_eq!(
            (&line["http.route"], &line["http.status"]),
            (&json!(route), &json!(status)),
            "{path}: {line}"
        );
        assert_eq!(line["key.id"], *key, "{path}: {line}");
    }
}
