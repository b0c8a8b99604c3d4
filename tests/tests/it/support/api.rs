//! A client of the HTTP API.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::Value;

/// Enough for the throttling when all tests call at once.
const ATTEMPTS: usize = 30;

#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) url: String,
    pub(crate) key: String,
    client: Client,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{} is no JSON ({error}): {}", self.status, self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Returns `index: codes` of every rejected row of a table.
    pub(crate) fn codes(&self, table: &str) -> Vec<String> {
        let body = self.json();
        let rejected = body["tables"][table]["rejected"].as_array().unwrap().clone();
        rejected
            .iter()
            .map(|row| {
                let errors = row["errors"].as_array().unwrap();
                let codes: Vec<_> = errors.iter().map(|error| error["code"].as_str().unwrap()).collect();
                format!("{}: {}", row["index"], codes.join(" "))
            })
            .collect()
    }
}

impl Api {
    pub(crate) fn new(url: String, key: String) -> Self {
        let client = Client::builder().timeout(Duration::from_secs(60)).no_proxy().build().unwrap();
        Self { url, key, client }
    }

    pub(crate) fn with_key(&self, key: String) -> Self {
        Self { key, ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    /// Sends a GET with query parameters, which it encodes.
    pub(crate) async fn query(&self, path: &str, query: &[(&str, &str)]) -> Reply {
        let mut url = Url::parse(&format!("{}{path}", self.url)).unwrap();
        url.query_pairs_mut().extend_pairs(query);
        self.send(self.client.get(url).header("x-api-key", &self.key)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_bytes(path, "application/json", body.to_string()).await
    }

    pub(crate) async fn post_bytes(
        &self,
        path: &str,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        let request = self.request(Method::POST, path).header("content-type", content_type).body(body);
        self.send(request).await
    }

    /// Builds a request with the key, for cases that the other methods do not cover.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).header("x-api-key", &self.key)
    }

    /// Builds a request without a key.
    pub(crate) fn keyless(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Sends a request, again while the key is throttled, and checks what every answer must have.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Reply {
        for _ in 0..ATTEMPTS {
            let reply = self.send_once(request.try_clone().unwrap()).await;
            if reply.status != 429 {
                return reply;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        panic!("still throttled after {ATTEMPTS} attempts");
    }

    /// Sends a request this often at once; returns the answers that were throttled, and the others.
    pub(crate) async fn flood(&self, request: RequestBuilder, times: usize) -> (Vec<Reply>, Vec<Reply>) {
        let send = |_| {
            let (api, request) = (self.clone(), request.try_clone().unwrap());
            tokio::spawn(async move { api.send_once(request).await })
        };
        let replies = futures_util::future::join_all((0..times).map(send)).await;
        let replies = replies.into_iter().map(Result::unwrap);
        let (throttled, others): (Vec<_>, Vec<_>) = replies.partition(|reply| reply.status == 429);
        for reply in &throttled {
            assert_problem(reply, 429, "throttled");
        }
        (throttled, others)
    }

    /// Sends a request once, throttled or not.
    pub(crate) async fn send_once(&self, request: RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        let reply = Reply { status, headers, text };
        assert!(!matches!(reply.header("x-request-id"), "" | "none"), "no x-request-id: {reply:?}");
        reply
    }
}

/// Puts values into a declared path that its function can read, and that name nothing to change.
pub(crate) fn with_values(path: &str) -> String {
    path.replace("{table}", "jobs")
        .replace("{id}", "999999999")
        .replace("{name}", "hires-by-quarter")
        .replace("{username}", "nobody@rowgate.example")
}

/// Checks that an answer is a problem of this kind by RFC 9457.
pub(crate) fn assert_problem(reply: &Reply, status: u16, kind: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(reply.header("content-type"), "application/problem+json", "{reply:?}");
    let body = reply.json();
    assert_eq!(body["type"], format!("urn:rowgate:problem:{kind}"), "{body}");
    assert_eq!(body["status"], status, "{body}");
    for field in ["title", "detail"] {
        assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {body}");
    }
}
