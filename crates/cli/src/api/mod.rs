//! A client of Rowgate's HTTP API.

mod backups;
mod loads;
mod tables;
mod uploads;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use http::{Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::exit::user_error;
use crate::http::{Answer, HttpClient, text};

pub(crate) use backups::{Backup, Backups, Restore, RestoreRequest, size};
pub(crate) use loads::{Load, RejectsFile};
pub(crate) use uploads::{Begun, PartLink, Parts, Single, UploadRequest};

pub(crate) const JSON: &str = "application/json";
pub(crate) const CSV: &str = "text/csv";

/// The number of attempts of a call while the service throttles or its database resumes.
const ATTEMPTS: usize = 8;
const DEFAULT_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// The characters that RFC 3986 leaves unreserved are not encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) const NO_QUERY: [(&str, &str); 0] = [];

/// A client with a key.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    url: String,
    key: String,
    http: HttpClient,
}

/// One call of the API.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub method: Method,
    /// The path below the stage, with its query.
    pub path: &'a str,
    /// Headers beside those of the key and of the body.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: Option<&'a Value>,
}

/// A report as `GET /reports/{name}` answers it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Report {
    pub columns: Vec<String>,
    /// Each value as it is written: a number of JSON read as one would lose digits.
    pub rows: Vec<BTreeMap<String, Box<RawValue>>>,
}

impl Api {
    pub(crate) fn new(url: &str, key: &str) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), key: key.to_owned(), http: HttpClient::new() }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns a report as text of the media type that is accepted.
    pub(crate) async fn report_text(
        &self,
        name: &str,
        query: &[(String, String)],
        accept: &str,
    ) -> Result<String> {
        self.text(&path(&["reports", name], query), accept).await
    }

    pub(crate) async fn report(&self, name: &str, query: &[(String, String)]) -> Result<Report> {
        self.get(&path(&["reports", name], query)).await
    }

    /// Returns the first row of a table, if it has one.
    pub(crate) async fn first_row(&self, table: &str) -> Result<Option<Map<String, Value>>> {
        #[derive(Deserialize)]
        struct Page {
            rows: Vec<Map<String, Value>>,
        }
        let page: Page = self.get(&path(&["tables", table, "rows"], &[("limit", "1")])).await?;
        Ok(page.rows.into_iter().next())
    }

    /// Posts a batch; the answer is 201, 207 or 422 with the verdict on each rejected row.
    pub(crate) async fn insert(&self, batch: &Value) -> Result<(u16, Value)> {
        let answer = self.send(Method::POST, "/insert_data", JSON, Some(batch)).await?;
        let status = answer.status().as_u16();
        if !matches!(status, 201 | 207 | 422) {
            return Err(refusal(&answer));
        }
        let verdict = serde_json::from_slice(answer.body()).context("reading the answer to the batch")?;
        Ok((status, verdict))
    }

    async fn text(&self, path: &str, accept: &str) -> Result<String> {
        let answer = self.send(Method::GET, path, accept, None).await?;
        Ok(text(expect_success(&answer)?))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        read("GET", path, &self.send(Method::GET, path, JSON, None).await?)
    }

    /// Gets what may not be there: `None` for a 404.
    async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        let answer = self.send(Method::GET, path, JSON, None).await?;
        if answer.status() == 404 { Ok(None) } else { read("GET", path, &answer).map(Some) }
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T> {
        read("POST", path, &self.send(Method::POST, path, JSON, Some(body)).await?)
    }

    async fn send(&self, method: Method, path: &str, accept: &str, body: Option<&Value>) -> Result<Answer> {
        self.call(&Call { method, path, headers: &[("accept", accept)], body }).await
    }

    /// Calls, and returns any answer, an error too. A call that the service is to be asked for
    /// again later is repeated.
    pub(crate) async fn call(&self, call: &Call<'_>) -> Result<Answer> {
        let url = format!("{}{}", self.url, call.path);
        let body = call.body.map(Value::to_string);
        let mut attempt = 0;
        loop {
            let mut request =
                Request::builder().method(call.method.clone()).uri(&url).header("x-api-key", &self.key);
            for (name, value) in call.headers {
                request = request.header(*name, *value);
            }
            if body.is_some() {
                request = request.header("content-type", JSON);
            }
            let request = request
                .body(body.clone().unwrap_or_default().into_bytes())
                .map_err(|error| user_error(format!("{url} cannot be called: {error}.")))?;
            let answer = self.http.send(request).await?;
            // Both say that nothing was done and when to come back.
            attempt += 1;
            if !matches!(answer.status().as_u16(), 429 | 503) || attempt == ATTEMPTS {
                return Ok(answer);
            }
            let after =
                answer.headers().get("retry-after").and_then(|after| after.to_str().ok()?.parse().ok());
            tokio::time::sleep(after.map_or(DEFAULT_RETRY, Duration::from_secs).min(LONGEST_RETRY)).await;
        }
    }
}

/// Returns the error of a job that failed, as the end of a line.
pub(crate) fn in_brackets(error: Option<&str>) -> String {
    error.map(|error| format!(" ({error})")).unwrap_or_default()
}

pub(crate) fn path(segments: &[&str], query: &[(impl AsRef<str>, impl AsRef<str>)]) -> String {
    let encoded = |text| utf8_percent_encode(text, ENCODED);
    let mut path: String = segments.iter().map(|segment| format!("/{}", encoded(segment))).collect();
    for (index, (name, value)) in query.iter().enumerate() {
        path.push(if index == 0 { '?' } else { '&' });
        path.push_str(&format!("{}={}", encoded(name.as_ref()), encoded(value.as_ref())));
    }
    path
}

fn read<T: DeserializeOwned>(method: &str, path: &str, answer: &Answer) -> Result<T> {
    serde_json::from_slice(expect_success(answer)?.body())
        .with_context(|| format!("reading the answer to {method} {path}"))
}

fn expect_success(answer: &Answer) -> Result<&Answer> {
    if answer.status().is_success() { Ok(answer) } else { Err(refusal(answer)) }
}

/// Returns an error in the service's own words, if it sent problem+json.
fn refusal(answer: &Answer) -> anyhow::Error {
    let words = words(answer);
    let id = answer.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    let id = id.filter(|_| answer.status().is_server_error());
    let id = id.map_or_else(String::new, |id| format!(" (request {id}, in the logs of the functions)"));
    let message = format!("The service answered {}: {words}{id}", answer.status().as_u16());
    if answer.status().is_server_error() { anyhow!(message) } else { user_error(message) }
}

/// Returns what an answer says: the problem in the service's own words, or else its body.
pub(crate) fn words(answer: &Answer) -> String {
    #[derive(Deserialize)]
    struct Problem {
        title: Option<String>,
        detail: Option<String>,
        message: Option<String>,
    }
    let words = match serde_json::from_slice(answer.body()) {
        Ok(Problem { title, detail, message }) => {
            [title, detail, message].into_iter().flatten().collect::<Vec<_>>().join(": ")
        }
        Err(_) => String::new(),
    };
    if words.is_empty() { text(answer) } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        http::Response::builder().status(status).body(body.into()).unwrap()
    }

    #[test]
    fn paths_and_queries_are_encoded() {
        let query = [("ye ar".to_owned(), "20&21".to_owned()), ("scope".to_owned(), "all".to_owned())];
        assert_eq!(path(&["reports", "a/b"], &query), "/reports/a%2Fb?ye%20ar=20%2621&scope=all");
    }

    #[test]
    fn a_refusal_uses_the_services_words() {
        let problem = r#"{"title": "Bad parameter", "detail": "year is not a number", "status": 400}"#;
        assert_eq!(
            refusal(&answer(400, problem)).to_string(),
            "The service answered 400: Bad parameter: year is not a number"
        );
        assert_eq!(
            refusal(&answer(403, r#"{"message":"Forbidden"}"#)).to_string(),
            "The service answered 403: Forbidden"
        );
        assert_eq!(refusal(&answer(502, "<html>")).to_string(), "The service answered 502: <html>");
    }
}
