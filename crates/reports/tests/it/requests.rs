//! Methods, paths and forms.

use axum::http::Method;

use crate::support::{Api, FILES};

const PROBLEM: &str = "application/problem+json";

#[tokio::test]
async fn other_methods_are_refused_with_those_that_are_allowed() {
    let api = Api::start().await;
    for path in ["/reports", FILES, "/loads", "/loads/7"] {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let reply = api.send(method, path, None).await;
            assert_eq!((reply.status, reply.header("content-type")), (405, PROBLEM), "{path}");
            assert_eq!(reply.header("allow"), "GET,HEAD", "{path}");
            assert_eq!(reply.json()["status"], 405);
        }
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let api = Api::start().await;
    let get = api.get(FILES).await;
    let head = api.send(Method::HEAD, FILES, None).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-type"), "application/json");
    assert_eq!(head.header("content-length"), get.body.len().to_string());
    assert_eq!(api.send(Method::HEAD, "/reports/none", None).await.status, 404);
}

#[tokio::test]
async fn a_slash_at_the_end_changes_nothing() {
    let api = Api::start().await;
    for path in ["/reports", FILES, "/loads"] {
        let (with, without) = (api.get(&format!("{path}/")).await, api.get(path).await);
        assert_eq!((with.status, with.body), (200, without.body));
    }
    assert_eq!(api.get("/reports/files-by-quarter/x").await.status, 404);
}

#[tokio::test]
async fn parameters_may_come_encoded_and_are_never_part_of_the_sql() {
    let api = Api::start().await;
    let reply = api.get(&format!("{FILES}?%79ear=20%321")).await;
    assert_eq!((reply.status, reply.json()["parameters"]["year"].clone()), (200, 2021.into()));
    for value in
        ["2021%27%20OR%201=1", "2021;DROP%20TABLE%20tags", ":year", "2021%00", "", "%2B2021", "2021.0"]
    {
        assert_eq!(api.get(&format!("{FILES}?year={value}")).await.status, 400, "{value}");
    }
}

#[tokio::test]
async fn the_form_follows_accept() {
    let api = Api::start().await;
    for (accept, form) in [
        ("text/csv;q=0.9, application/json;q=0.1", "text/csv; charset=utf-8; header=present"),
        ("text/html, */*;q=0.1", "application/json"),
    ] {
        assert_eq!(api.send(Method::GET, FILES, Some(accept)).await.header("content-type"), form);
    }
    for path in [FILES, "/reports", "/loads"] {
        let reply = api.send(Method::GET, path, Some("application/xml, text/csv;q=0")).await;
        assert_eq!((reply.status, reply.header("content-type")), (406, PROBLEM), "{path}");
    }
    assert_eq!(
        api.send(Method::GET, "/reports", Some("text/csv")).await.json()["detail"],
        "This path answers as application/json; Accept allows none of that."
    );
    // A report that does not exist does not exist in any form.
    assert_eq!(api.send(Method::GET, "/reports/none", Some("image/png")).await.status, 404);
}
