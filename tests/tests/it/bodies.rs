//! Bodies that are no batch: the status, the kind of problem, and that nothing is inserted.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::json;

use crate::support::{Cloud, Reply, assert_problem};

const JSON: &str = "application/json";

#[tokio::test]
async fn refuses_what_is_no_batch_with_its_reason() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let row = cloud.ids.employee(1);
    let rows = |count: i64| (1..=count).map(|index| cloud.ids.employee(index)).collect::<Vec<_>>();
    let nested =
        |open: &str, close: &str| format!("{{\"employees\": {}{}}}", open.repeat(40), close.repeat(40));
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("/insert_data", b"".to_vec(), "invalid-json"),
        ("/insert_data", b"hello".to_vec(), "invalid-json"),
        ("/insert_data", b"{\"employees\": [".to_vec(), "invalid-json"),
        ("/insert_data", b"{\"employees\": []} and more".to_vec(), "invalid-json"),
        ("/insert_data", nested("[", "]").into_bytes(), "invalid-json"),
        ("/insert_data", nested("{\"a\":[", "]}").into_bytes(), "invalid-json"),
        ("/insert_data", "[".repeat(1_000_000).into_bytes(), "invalid-json"),
        ("/insert_data", json!([row]).to_string().into_bytes(), "wrong-shape"),
        ("/insert_data", b"null".to_vec(), "wrong-shape"),
        ("/insert_data", b"\"employees\"".to_vec(), "wrong-shape"),
        ("/insert_data", json!({"employees": row}).to_string().into_bytes(), "wrong-shape"),
        (
            "/insert_data",
            format!("{{\"employees\": [{row}], \"hired_employees\": []}}").into_bytes(),
            "wrong-shape",
        ),
        ("/insert_data", json!({"people": [row]}).to_string().into_bytes(), "unknown-table"),
        ("/insert_data", json!({"employees": [row], "people": []}).to_string().into_bytes(), "unknown-table"),
        (
            "/insert_data",
            json!({"rowgate_loads": [{"load_id": "x"}]}).to_string().into_bytes(),
            "unknown-table",
        ),
        ("/insert_data", b"{}".to_vec(), "row-count"),
        ("/insert_data", json!({"employees": [], "jobs": []}).to_string().into_bytes(), "row-count"),
        ("/insert_data", json!({"employees": rows(1001)}).to_string().into_bytes(), "row-count"),
        (
            "/insert_data",
            json!({"employees": rows(1000), "jobs": [{"id": cloud.ids.at(1), "job_name": "x"}]})
                .to_string()
                .into_bytes(),
            "row-count",
        ),
        ("/tables/people/rows", json!([row]).to_string().into_bytes(), "unknown-table"),
        ("/tables/rowgate_loads/rows", b"[{}]".to_vec(), "unknown-table"),
        ("/tables/employees/rows", b"".to_vec(), "invalid-json"),
        ("/tables/jobs/rows", br#"{"id": 1, "job_name": "\ud800"}"#.to_vec(), "invalid-json"),
        ("/tables/employees/rows", b"7".to_vec(), "wrong-shape"),
        ("/tables/employees/rows", b"[]".to_vec(), "row-count"),
        ("/tables/employees/rows", json!(rows(1001)).to_string().into_bytes(), "row-count"),
    ];
    for (path, body, kind) in cases {
        assert_problem(&cloud.api.post_bytes(path, JSON, body).await, 400, kind);
    }
    assert_eq!(cloud.database.count("employees", cloud.ids.base, cloud.ids.end()).await, 0);
    assert_eq!(cloud.database.count("jobs", cloud.ids.at(1), cloud.ids.end()).await, 0);
}

/// API Gateway would replace such bytes if it passed bodies on as text.
#[tokio::test]
async fn refuses_bytes_that_are_not_utf8() {
    let cloud = Cloud::connect().await;
    let id = cloud.ids.at(1);
    let body =
        |name: &[u8]| [format!("[{{\"id\": {id}, \"job_name\": \"").as_bytes(), name, b"\"}]"].concat();
    for name in [&b"Caf\xe9"[..], b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe2\x82"] {
        let reply = cloud.api.post_bytes("/tables/jobs/rows", JSON, body(name)).await;
        assert_problem(&reply, 400, "invalid-json");
        assert!(reply.json()["detail"].as_str().unwrap().contains("UTF-8"), "{reply:?}");
    }
    assert_eq!(cloud.database.count("jobs", id, id).await, 0);
    // UTF-8 arrives as it was sent, including a replacement character.
    let name = "Café \u{fffd} 😀";
    assert_eq!(cloud.api.post_bytes("/tables/jobs/rows", JSON, body(name.as_bytes())).await.status, 201);
    assert_eq!(cloud.api.get(&format!("/tables/jobs/rows/{id}")).await.json()["job_name"], name);
}

#[tokio::test]
async fn refuses_more_than_four_megabytes() {
    let cloud = Cloud::connect().await;
    let row = json!({"id": cloud.ids.at(1), "job_name": "x".repeat(5_000_000)});
    for path in ["/insert_data", "/tables/jobs/rows"] {
        let body = if path == "/insert_data" { json!({"jobs": [row]}) } else { row.clone() };
        assert_problem(&cloud.api.post(path, &body).await, 413, "payload-too-large");
    }
    // Just below, the rows are judged.
    let row = json!({"id": cloud.ids.at(1), "job_name": "x".repeat(3_999_900)});
    let reply = cloud.api.post("/tables/jobs/rows", &row).await;
    assert_eq!((reply.status, reply.codes("jobs")), (422, vec!["0: too_long".to_owned()]));
}

#[tokio::test]
async fn refuses_a_body_that_is_not_declared_as_json_in_utf8() {
    let cloud = Cloud::connect().await;
    let body = json!({"jobs": [{"id": cloud.ids.at(1), "job_name": "Clerk"}]}).to_string();
    for content_type in [
        "text/csv",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "application/json; charset=iso-8859-1",
        "application/json;Charset=\"UTF-16\"",
    ] {
        let reply = cloud.api.post_bytes("/insert_data", content_type, body.clone()).await;
        assert_problem(&reply, 415, "unsupported-media-type");
    }
    let bare = cloud.api.request(Method::POST, "/insert_data").body(body.clone());
    assert_problem(&cloud.api.send(bare).await, 415, "unsupported-media-type");
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, 0);
    let declared = cloud.api.post_bytes("/insert_data", "Application/JSON; charset=UTF-8", body).await;
    assert_eq!(declared.status, 201);
}

/// Sends a body with this `Content-Encoding`.
async fn send_encoded(cloud: &Cloud, method: Method, path: &str, encoding: &str, body: Vec<u8>) -> Reply {
    let request =
        cloud.api.request(method, path).header("content-type", JSON).header("content-encoding", encoding);
    cloud.api.send(request.body(body)).await
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

#[tokio::test]
async fn takes_a_body_as_gzip_within_the_same_limits() {
    let cloud = Cloud::connect().await;
    let (id, name) = (cloud.ids.at(1), "Café 😀");
    let row = json!({"id": id, "job_name": name}).to_string();
    let inserted = send_encoded(&cloud, Method::POST, "/tables/jobs/rows", "gzip", gzip(&row)).await;
    assert_eq!(inserted.status, 201, "{inserted:?}");
    let path = format!("/tables/jobs/rows/{id}");
    assert_eq!(cloud.api.get(&path).await.json()["job_name"], name);
    assert_eq!(send_encoded(&cloud, Method::PUT, &path, "x-gzip", gzip(&row)).await.status, 200);
    // A body that API Gateway has unpacked itself is still declared as packed.
    assert_eq!(send_encoded(&cloud, Method::PUT, &path, "gzip", row.clone().into_bytes()).await.status, 200);

    let batch = |count: usize| format!("{{\"jobs\": [{row}]}}{}", " ".repeat(count));
    let large = send_encoded(&cloud, Method::POST, "/insert_data", "gzip", gzip(&batch(50_000_000))).await;
    assert_problem(&large, 413, "payload-too-large");
    let packed = gzip(&batch(0));
    let cut = packed[..packed.len() - 4].to_vec();
    let cut = send_encoded(&cloud, Method::POST, "/insert_data", "gzip", cut).await;
    assert_problem(&cut, 400, "invalid-encoding");
    let other = send_encoded(&cloud, Method::POST, "/insert_data", "br", batch(0).into_bytes()).await;
    assert_problem(&other, 415, "unsupported-encoding");
    assert_eq!(other.header("accept-encoding"), "gzip");
}
