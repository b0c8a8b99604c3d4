//! What people and scripts may, which tables they see, and that their idempotency keys are their
//! own.

use axum::body::Body;
use axum::http::{Request, header};
use lambda_http::request::RequestContext;
use serde_json::{Value, json};
use testkit::gateway::{By, by_person};
use testkit::tables;

use crate::row_support::is_problem;
use crate::support::{Api, Reply, document};

impl Api {
    /// A call by a person in these groups, with more headers.
    pub(crate) async fn by(
        &self,
        (username, groups): (&str, &str),
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Reply {
        self.in_context(by_person(username, groups), method, path, headers, body).await
    }

    /// A call by a person or a script.
    pub(crate) async fn by_any(&self, caller: By, method: &str, path: &str, body: &Value) -> Reply {
        self.in_context(caller.context(), method, path, &[], body).await
    }

    async fn in_context(
        &self,
        context: RequestContext,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path).extension(context);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header(header::CONTENT_TYPE, "application/json");
            body.to_string().into()
        };
        self.run(request.body(body).unwrap()).await
    }
}

/// Writers who see one table.
const TAGS: [By; 2] = [By::Person("writer table:tags"), By::Key("tags")];

/// Every route with a method, and a body that it takes.
fn calls() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("GET", "/tables/documents/rows", Value::Null),
        ("GET", "/tables/documents/rows?ids=7", Value::Null),
        ("GET", "/tables/documents/rows/7", Value::Null),
        ("GET", "/tables/filed_documents/rows/7/", Value::Null),
        ("POST", "/insert_data", json!({"documents": [document(70)]})),
        ("POST", "/insert_data/", json!({"filed_documents": [document(71)]})),
        ("POST", "/tables/documents/rows", json!([document(72)])),
        ("PUT", "/tables/documents/rows/73", document(73)),
        ("DELETE", "/tables/documents/rows/7", Value::Null),
    ]
}

#[tokio::test]
async fn each_caller_may_what_it_may_and_no_more() {
    for (caller, reads, writes, operates) in [
        (By::Person("reader"), true, false, false),
        (By::Person("[writer]"), true, true, false),
        (By::Person("writer, reader"), true, true, false),
        (By::Person("operator"), true, true, true),
        (By::Person(""), false, false, false),
        (By::Person("table:documents"), false, false, false),
        (By::Key("reader"), true, false, false),
        (By::Key("writer"), true, true, false),
        (By::Key("team"), true, true, false),
        (By::Key("operator"), true, true, true),
        (By::Key("nobody"), false, false, false),
    ] {
        let api = Api::start().await;
        api.put("/tables/documents/rows/7", &document(7)).await;
        for (method, path, body) in calls() {
            let may = match method {
                "GET" => reads,
                "DELETE" => operates,
                _ => writes,
            };
            let reply = api.by_any(caller, method, path, &body).await;
            if may {
                assert!(reply.status < 300, "{caller:?} {method} {path} {reply:?}");
            } else {
                is_problem(&reply, 403, "forbidden");
            }
        }
        let expected = if operates {
            4
        } else if writes {
            5
        } else {
            1
        };
        assert_eq!(api.count("documents").await, expected, "{caller:?}");
    }
}

#[tokio::test]
async fn a_table_that_a_caller_does_not_see_is_out_of_reach() {
    let api = Api::start().await;
    api.put("/tables/documents/rows/7", &document(7)).await;
    for (method, path, body) in calls() {
        if method == "DELETE" {
            continue;
        }
        for caller in TAGS {
            let reply = api.by_any(caller, method, path, &body).await;
            is_problem(&reply, 403, "forbidden");
            let detail = format!("This {} does not see the table documents.", caller.noun());
            assert_eq!(reply.body["detail"], detail, "{method} {path}");
        }
        let reply = api.by_any(By::Person("writer,table:tags,table:documents"), method, path, &body).await;
        assert!(reply.status < 300, "{method} {path} {reply:?}");
    }
    // An operator sees every table.
    let operator = By::Person("operator,table:tags");
    let deleted = api.by_any(operator, "DELETE", "/tables/documents/rows/7", &Value::Null).await;
    assert_eq!(deleted.status, 204);
}

#[tokio::test]
async fn one_table_of_a_batch_that_is_not_seen_is_enough() {
    let api = Api::start().await;
    for body in [
        json!({"tags": [{"id": 5, "tag": "Pilot"}], "documents": [document(8)]}),
        json!({"tags": [{"id": 5, "tag": "Pilot"}], "filed_documents": []}),
    ] {
        for prefer in ["tx=atomic", "tx=dry-run", "none"] {
            let headers = [("prefer", prefer), ("idempotency-key", "k")];
            for caller in TAGS {
                let reply = api.in_context(caller.context(), "POST", "/insert_data", &headers, &body).await;
                is_problem(&reply, 403, "forbidden");
            }
        }
    }
    assert_eq!((api.count("tags").await, api.count("documents").await), (1, 0));
    assert_eq!(api.count("rowgate_idempotency_keys").await, 0);
    for (id, caller) in TAGS.into_iter().enumerate() {
        let seen = json!({"tags": [{"id": id + 5, "tag": format!("Pilot {id}")}]});
        assert_eq!(api.by_any(caller, "POST", "/insert_data", &seen).await.status, 201);
    }
}

#[tokio::test]
async fn names_only_tables_that_are_seen() {
    let api = Api::start().await;
    for (method, path, body) in [
        ("GET", "/tables/nothing/rows", Value::Null),
        ("PUT", "/tables/nothing/rows/1", json!({})),
        ("POST", "/insert_data", json!({"nothing": [{}]})),
    ] {
        for caller in TAGS {
            let reply = api.by_any(caller, method, path, &body).await;
            is_problem(&reply, 400, "unknown-table");
            assert_eq!(reply.body["detail"], "There is no table \"nothing\"; the tables are tags.");
        }
        for caller in [By::Person("writer"), By::Key("writer")] {
            let reply = api.by_any(caller, method, path, &body).await;
            assert!(reply.body["detail"].as_str().unwrap().contains(&tables().join(", ")), "{reply:?}");
        }
    }
}

#[tokio::test]
async fn an_idempotency_key_is_a_persons_own() {
    let api = Api::start().await;
    let path = "/tables/tags/rows";
    let key = [("idempotency-key", "k-1")];
    let row = |id: i64| json!([{"id": id, "tag": "Pilot"}]);
    let ann = api.by(("ann", "writer"), "POST", path, &key, &row(10)).await;
    assert_eq!(ann.status, 201);
    // The same key of another person, and of a script whose key is called like her, is another one.
    assert_eq!(api.by(("bob", "writer"), "POST", path, &key, &row(11)).await.status, 201);
    assert_eq!(api.ask_as("ann", path, &key, &row(12)).await.status, 201);
    let again = api.by(("ann", "writer"), "POST", path, &key, &row(10)).await;
    assert_eq!((again.status, again.bytes), (201, ann.bytes));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    is_problem(&api.by(("ann", "writer"), "POST", path, &key, &row(13)).await, 422, "idempotency-key-reused");
    assert_eq!(api.count("rowgate_idempotency_keys").await, 3);
}

#[tokio::test]
async fn headers_make_nobody_of_a_script() {
    let api = Api::start().await;
    let forged = [("authorization", "Bearer x"), ("x-rowgate-person", "ann"), ("username", "ann")];
    let reply =
        api.ask_as("writer", "/tables/tags/rows", &forged, &json!([{"id": 10, "tag": "Pilot"}])).await;
    assert_eq!(reply.status, 201);
    assert_eq!(api.count("rowgate_audit").await, 0);
}
