//! What a request leaves in the logs: one line with its figures, which is its metrics too, and nothing of what people sent.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::LogType;
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

use crate::support::{Cloud, with};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SECRET: &str = "the-key-itself";

/// Hands a function a request as API Gateway does; gives back its answer and the lines that it wrote.
async fn ask(
    cloud: &Cloud,
    function: &str,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> (Value, Vec<Value>) {
    let event = json!({
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
            "requestId": format!("request-{}", cloud.ids.number), "resourceId": "x", "resourcePath": "/{proxy+}",
            "stage": "v1",
            "identity": {
                "apiKey": SECRET, "apiKeyId": "key-7", "sourceIp": "203.0.113.7", "userAgent": "somebody's",
            },
        },
        "body": body.map(|body| body.to_string()), "isBase64Encoded": false,
    });
    let call = cloud.lambda.invoke().function_name(function).payload(Blob::new(event.to_string()));
    let answer = call.log_type(LogType::Tail).send().await.unwrap();
    let payload: Value = serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap();
    assert_eq!(answer.function_error(), None, "{payload}");
    let log = BASE64_STANDARD.decode(answer.log_result().unwrap()).unwrap();
    let log = String::from_utf8(log).unwrap();
    assert!(!log.contains(SECRET) && !log.contains("203.0.113.7"), "{log}");
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).collect();
    (payload, lines)
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
    let path = "/tables/hired_employees/rows/";
    let (answer, lines) = ask(&cloud, "rowgate-insert", "POST", path, Some(json!([good, bad]))).await;
    assert_eq!(answer["statusCode"], 207, "{answer}");
    let request = format!("request-{}", cloud.ids.number);

    let answered = of(&lines, "request answered");
    assert_eq!(answered.len(), 1, "{lines:?}");
    let line = answered[0];
    for (field, value) in [
        ("http.method", json!("POST")),
        ("http.route", json!("/tables/{table}/rows")),
        ("http.status", json!(207)),
        ("rows", json!(1)),
        ("request.id", json!(request)),
        ("key.id", json!("key-7")),
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
    assert!(lines.iter().all(|line| !line.to_string().contains(name)), "{lines:?}");
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
        let (answer, lines) = ask(&cloud, function, "GET", path, None).await;
        assert_eq!(answer["statusCode"], status, "{path}: {answer}");
        let answered = of(&lines, "request answered");
        assert_eq!(answered.len(), 1, "{path}: {lines:?}");
        let line = answered[0];
        assert_eq!(
            (&line["http.route"], &line["http.status"]),
            (&json!(route), &json!(status)),
            "{path}: {line}"
        );
        assert_eq!(line["key.id"], "key-7", "{path}: {line}");
    }
}
