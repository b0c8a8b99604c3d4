//! Bodies that are packed: the same requests, with the same limits.

use std::io::Write;

use axum::body::Body;
use axum::http::Request;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use testkit::gateway::by_key;

use crate::row_support::is_problem;
use crate::support::{Api, Reply, document};

fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(content.as_ref()).unwrap();
    packed.finish().unwrap()
}

/// Sends a body with this `Content-Encoding`, and one more header.
async fn send(
    api: &Api,
    (method, path): (&str, &str),
    encoding: &str,
    (name, value): (&str, &str),
    body: Vec<u8>,
) -> Reply {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .header("content-encoding", encoding)
        .header(name, value)
        .extension(by_key(Some("writer")));
    api.run(request.body(Body::from(body)).unwrap()).await
}

const INSERT: (&str, &str) = ("POST", "/insert_data");
const ROWS: (&str, &str) = ("POST", "/tables/documents/rows");
const PUT: (&str, &str) = ("PUT", "/tables/documents/rows/7");
const NONE: (&str, &str) = ("x-nothing", "");

#[tokio::test]
async fn every_route_unpacks_gzip() {
    let api = Api::start().await;
    let batch = json!({"documents": [document(1)]}).to_string();
    let inserted = send(&api, INSERT, "gzip", NONE, gzip(batch)).await;
    assert_eq!((inserted.status, &inserted.body["inserted"]), (201, &json!(1)));
    // Members one after the other are one body; cut wherever it was.
    let rows = json!([document(2), {"id": 3}]).to_string();
    let (first, second) = rows.split_at(9);
    let members = [gzip(first), gzip(second)].concat();
    let some = send(&api, ROWS, "X-GZip", NONE, members).await;
    assert_eq!((some.status, &some.body["rejected"]), (207, &json!(1)));
    let put = send(&api, PUT, "GZIP", NONE, gzip(document(7).to_string())).await;
    assert_eq!((put.status, &put.body), (201, &document(7)));
    assert_eq!(api.count("documents").await, 3);
    // No coding at all, and what API Gateway has unpacked itself: it leaves the header.
    for encoding in ["identity", "", "gzip"] {
        let plain = send(&api, PUT, encoding, NONE, document(7).to_string().into_bytes()).await;
        assert_eq!((plain.status, &plain.body), (200, &document(7)), "{encoding:?}");
    }
}

#[tokio::test]
async fn the_limits_hold_for_what_is_unpacked() {
    let api = Api::start().await;
    let spaces = |count: usize| " ".repeat(count) + &document(7).to_string();
    let row = document(7).to_string().len();
    for route in [INSERT, ROWS, PUT] {
        let reply = send(&api, route, "gzip", NONE, gzip(spaces(4_000_001 - row))).await;
        is_problem(&reply, 413, "payload-too-large");
        let detail = reply.body["detail"].as_str().unwrap();
        assert_eq!(detail, "The body has more than 4000000 bytes; send smaller batches.");
    }
    // A hundred megabytes in a hundred kilobytes.
    is_problem(&send(&api, ROWS, "gzip", NONE, gzip(spaces(100_000_000))).await, 413, "payload-too-large");
    assert_eq!(api.count("documents").await, 0);
    assert_eq!(send(&api, PUT, "gzip", NONE, gzip(spaces(4_000_000 - row))).await.status, 201);
}

#[tokio::test]
async fn what_cannot_be_unpacked_is_refused() {
    let api = Api::start().await;
    let whole = gzip(json!([document(1)]).to_string());
    let mut altered = whole.clone();
    let crc = altered.len() - 8;
    altered[crc] ^= 1;
    for damaged in [whole[..whole.len() / 2].to_vec(), altered, [&whole[..], b"more"].concat()] {
        let reply = send(&api, ROWS, "gzip", NONE, damaged).await;
        is_problem(&reply, 400, "invalid-encoding");
        let expected =
            "The body is declared as gzip, but is damaged or cut off. Pack it anew, and send all of it.";
        assert_eq!(reply.body["detail"], expected);
    }
    // Unpacked content is checked like any body.
    is_problem(&send(&api, ROWS, "gzip", NONE, gzip("[")).await, 400, "invalid-json");
    is_problem(&send(&api, ROWS, "gzip", NONE, gzip(b"[\xff]")).await, 400, "invalid-json");
    is_problem(&send(&api, ROWS, "gzip", NONE, gzip("")).await, 400, "invalid-json");
    assert_eq!(api.count("documents").await, 0);
}

#[tokio::test]
async fn another_encoding_is_refused_with_the_one_that_is_taken() {
    let api = Api::start().await;
    let body = || gzip(json!([document(1)]).to_string());
    for encoding in ["br", "deflate", "zstd", "gzip, gzip", "gzip, br"] {
        for route in [INSERT, ROWS, PUT] {
            let reply = send(&api, route, encoding, NONE, body()).await;
            is_problem(&reply, 415, "unsupported-encoding");
            assert_eq!(reply.headers["accept-encoding"], "gzip");
            let expected = format!(
                "The body's Content-Encoding is \"{encoding}\". Send the body as it is, or packed once with \
                 Content-Encoding: gzip."
            );
            assert_eq!(reply.body["detail"], expected);
        }
    }
    let twice = send(&api, ROWS, "gzip", ("content-encoding", "gzip"), body()).await;
    is_problem(&twice, 415, "unsupported-encoding");
    let not_json = api.send("/insert_data", "text/csv", "1,2").await;
    is_problem(&not_json, 415, "unsupported-media-type");
    assert!(!not_json.headers.contains_key("accept-encoding"));
    assert_eq!(api.count("documents").await, 0);
}

#[tokio::test]
async fn the_same_body_is_the_same_request_packed_or_not() {
    let api = Api::start().await;
    let body = json!([document(1)]).to_string();
    let key = ("idempotency-key", "k-1");
    let first = send(&api, ROWS, "gzip", key, gzip(&body)).await;
    assert_eq!(first.status, 201);
    for (encoding, again) in
        [("identity", body.clone().into_bytes()), ("gzip", [gzip(&body), gzip("")].concat())]
    {
        let replayed = send(&api, ROWS, encoding, key, again).await;
        assert_eq!((replayed.status, &replayed.bytes), (201, &first.bytes));
        assert_eq!(replayed.headers["idempotency-replayed"], "true");
    }
    let other = send(&api, ROWS, "gzip", key, gzip(json!([document(2)]).to_string())).await;
    is_problem(&other, 422, "idempotency-key-reused");
    assert_eq!(api.count("documents").await, 1);
}
