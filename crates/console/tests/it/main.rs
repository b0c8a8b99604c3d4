//! The console's routes over folders of their own.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::fs;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use console::{BucketOrigin, Files, FilesError, router};
use http_body_util::BodyExt;
use lambda_kit::http::with_open_service_layers;
use tempfile::TempDir;
use tower::ServiceExt;

const INDEX: &str = "<!doctype html><title>Rowgate</title>";
const FONT: [u8; 6] = [0x77, 0x4f, 0x46, 0x32, 0xff, 0x00];

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files: [(&str, &[u8]); 9] = [
        ("index.html", INDEX.as_bytes()),
        ("index.html.br", b"page in brotli"),
        ("console/assets/a-1.js", b"let long = 'enough to be packed';"),
        ("console/assets/a-1.js.br", b"in brotli"),
        ("console/assets/a-1.js.gz", b"in gzip, longer"),
        ("console/assets/font-2.woff2", &FONT),
        ("console/assets/b.gz", b"a file of its own"),
        ("console/.secret", b"no"),
        (".vite/manifest.json", b"{}"),
    ];
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn routes() -> Router {
    let origin = BucketOrigin::parse("https://b.s3.us-east-1.amazonaws.com").unwrap();
    with_open_service_layers(router(Files::read(folder().path()).unwrap(), &origin))
}

async fn get(path: &str, encodings: &str) -> (StatusCode, HeaderMap, Bytes) {
    let request = Request::get(path).header(header::ACCEPT_ENCODING, encodings).body(Body::empty()).unwrap();
    let (parts, body) = routes().oneshot(request).await.unwrap().into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn the_page_is_revalidated_each_time_and_its_files_are_cached() {
    let (status, headers, body) = get("/console", "identity").await;
    assert_eq!((status, body.as_ref()), (StatusCode::OK, INDEX.as_bytes()));
    assert_eq!(headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
    assert_eq!(headers[header::CACHE_CONTROL], "no-cache");

    let (status, headers, body) = get("/console/assets/font-2.woff2", "br, gzip").await;
    assert_eq!((status, body.as_ref()), (StatusCode::OK, FONT.as_slice()));
    assert_eq!(headers[header::CONTENT_TYPE], "font/woff2");
    assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert!(!headers.contains_key(header::CONTENT_ENCODING));
}

#[tokio::test]
async fn a_browser_gets_the_smallest_form_that_it_takes() {
    for (accepted, encoding, bytes) in [
        ("gzip, deflate, br", Some("br"), "in brotli"),
        ("gzip", Some("gzip"), "in gzip, longer"),
        ("br;q=0, *", Some("gzip"), "in gzip, longer"),
        ("identity", None, "let long = 'enough to be packed';"),
        ("", None, "let long = 'enough to be packed';"),
    ] {
        let (_, headers, body) = get("/console/assets/a-1.js", accepted).await;
        let given = headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap());
        assert_eq!((given, body.as_ref()), (encoding, bytes.as_bytes()), "{accepted}");
        assert_eq!(headers[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
        assert_eq!(headers[header::VARY], "accept-encoding");
    }
}

#[tokio::test]
async fn every_file_carries_the_policy() {
    for path in ["/console", "/console/assets/a-1.js", "/console/assets/font-2.woff2"] {
        let (_, headers, _) = get(path, "br").await;
        assert_eq!(
            headers[header::CONTENT_SECURITY_POLICY],
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
             connect-src 'self' https://b.s3.us-east-1.amazonaws.com; frame-ancestors 'none'; base-uri 'none'; \
             form-action 'none'"
        );
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
    }
}

#[tokio::test]
async fn nothing_is_found_but_the_files_that_were_read() {
    for path in [
        "/console/assets",
        "/console/assets/",
        "/console/assets/a-2.js",
        "/console/assets/a-1.js.br",
        "/console/.secret",
        "/console/index.html",
        "/console/../index.html",
        "/console/../.vite/manifest.json",
        "/console/%2e%2e/index.html",
        "/console/..%2findex.html",
        "/console/assets/..%2F..%2Findex.html",
        "/console//etc/passwd",
        "/console/%00",
        "/consoles",
        "/",
    ] {
        let (status, headers, _) = get(path, "").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json", "{path}");
    }
}

#[tokio::test]
async fn a_packed_file_without_a_plain_one_is_a_file_like_others() {
    let (status, headers, body) = get("/console/assets/b.gz", "gzip").await;
    assert_eq!((status, body.as_ref()), (StatusCode::OK, b"a file of its own".as_slice()));
    assert_eq!(headers[header::CONTENT_TYPE], "application/octet-stream");
    assert!(!headers.contains_key(header::CONTENT_ENCODING));
}

#[tokio::test]
async fn a_slash_at_the_end_leads_to_the_page() {
    let (status, headers, _) = get("/console/", "").await;
    assert_eq!(status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(headers[header::LOCATION], "../console");
}

#[tokio::test]
async fn only_reading_is_taken() {
    let request = Request::post("/console").body(Body::empty()).unwrap();
    let response = routes().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn a_folder_without_a_page_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(Files::read(empty.path()), Err(FilesError::NoIndex(_))));
    assert!(matches!(Files::read(&empty.path().join("missing")), Err(FilesError::Read { .. })));
}
