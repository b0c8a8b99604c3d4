//! The HTTP interface of Rowgate, as a client sees it.

mod backups;
mod uploads;

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use domain::load::LoadId;
use http::{Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::exit::user_error;
use crate::http::{Answer, HttpClient};

pub(crate) use backups::{Backup, Restore, RestoreRequest};
pub(crate) use uploads::{Begun, PartLink, Parts, Single, UploadRequest};

/// How often a call is tried while the service is throttling or its database resumes.
const ATTEMPTS: usize = 8;
const DEFAULT_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// What RFC 3986 leaves unreserved stays as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A client with a key.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    url: String,
    key: String,
    http: HttpClient,
}

/// A report as `GET /reports/{name}` answers it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Report {
    pub columns: Vec<String>,
    pub rows: Vec<Map<String, Value>>,
}

/// A load as `GET /loads/{id}` answers it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Load {
    pub key: String,
    pub status: String,
    pub rows_read: Option<u64>,
    pub rows_loaded: Option<u64>,
    pub rows_rejected: Option<u64>,
    pub unknown_references: Option<u64>,
    pub error: Option<String>,
    /// What was left out, or looked odd.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Rejects files, at most as many as one answer has.
    #[serde(default)]
    pub rejects: Vec<RejectsFile>,
    /// How many there are in all.
    #[serde(default)]
    pub rejects_files: u64,
    /// The key of the file that the next ones come after, where there are more.
    #[serde(default)]
    pub rejects_next: Option<String>,
}

/// A file of rejected records.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RejectsFile {
    pub key: String,
    pub rows: u64,
    /// Where it can be read for some minutes.
    pub url: String,
}

impl Load {
    /// Whether it has come to its end, good or bad.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "failed" | "skipped")
    }
}

/// The form a report is wanted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Csv,
}

impl Api {
    pub(crate) fn new(url: &str, key: &str, http: HttpClient) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), key: key.to_owned(), http }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A report as text in the form asked for.
    pub(crate) async fn report_text(
        &self,
        name: &str,
        query: &[(String, String)],
        form: Form,
    ) -> Result<String> {
        let accept = match form {
            Form::Json => "application/json",
            Form::Csv => "text/csv",
        };
        let answer = self.send(Method::GET, &path(&["reports", name], query), accept, None).await?;
        Ok(expect_success(&answer)?.text())
    }

    pub(crate) async fn report(&self, name: &str, query: &[(String, String)]) -> Result<Report> {
        let text = self.report_text(name, query, Form::Json).await?;
        serde_json::from_str(&text).with_context(|| format!("reading the report {name}"))
    }

    /// One load, with its rejects files from the one after `rejects_after` on; `None` where the ledger has no such load.
    pub(crate) async fn load(&self, id: &LoadId, rejects_after: Option<&str>) -> Result<Option<Load>> {
        let query: Vec<_> =
            rejects_after.map(|key| ("rejects_after".to_owned(), key.to_owned())).into_iter().collect();
        let path = path(&["loads", id.as_str()], &query);
        let answer = self.send(Method::GET, &path, "application/json", None).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        let load = serde_json::from_slice(&expect_success(&answer)?.body)
            .with_context(|| format!("reading the load {id}"))?;
        Ok(Some(load))
    }

    /// Posts a batch; the answer is 201, 207 or 422 with the verdict of each rejected row.
    pub(crate) async fn insert(&self, batch: &Value) -> Result<(u16, Value)> {
        let body = serde_json::to_vec(batch)?;
        let answer = self.send(Method::POST, "/insert_data", "application/json", Some(&body)).await?;
        if !matches!(answer.status, 201 | 207 | 422) {
            return Err(refusal(&answer));
        }
        let verdict = serde_json::from_slice(&answer.body).context("reading the answer to the batch")?;
        Ok((answer.status, verdict))
    }

    async fn send(&self, method: Method, path: &str, accept: &str, body: Option<&[u8]>) -> Result<Answer> {
        let url = format!("{}{path}", self.url);
        for attempt in 1.. {
            let mut request = Request::builder()
                .method(method.clone())
                .uri(&url)
                .header("x-api-key", &self.key)
                .header("accept", accept);
            if body.is_some() {
                request = request.header("content-type", "application/json");
            }
            let request = request
                .body(body.unwrap_or_default().to_vec())
                .map_err(|error| user_error(format!("{url} cannot be called: {error}.")))?;
            let answer = self.http.send(request).await?;
            // Both say that nothing was done and when to come back.
            if !matches!(answer.status, 429 | 503) || attempt == ATTEMPTS {
                return Ok(answer);
            }
            tokio::time::sleep(answer.retry_after.unwrap_or(DEFAULT_RETRY).min(LONGEST_RETRY)).await;
        }
        Err(anyhow!("no attempt was made"))
    }
}

fn path(segments: &[&str], query: &[(String, String)]) -> String {
    let encoded = |text| utf8_percent_encode(text, ENCODED);
    let mut path: String = segments.iter().map(|segment| format!("/{}", encoded(segment))).collect();
    for (index, (name, value)) in query.iter().enumerate() {
        path.push(if index == 0 { '?' } else { '&' });
        path.push_str(&format!("{}={}", encoded(name), encoded(value)));
    }
    path
}

fn expect_success(answer: &Answer) -> Result<&Answer> {
    if answer.is_success() { Ok(answer) } else { Err(refusal(answer)) }
}

/// The service's own words where it sent problem+json.
fn refusal(answer: &Answer) -> anyhow::Error {
    #[derive(Deserialize)]
    struct Problem {
        title: Option<String>,
        detail: Option<String>,
        message: Option<String>,
    }
    let problem = serde_json::from_slice::<Problem>(&answer.body).ok();
    let words = problem
        .and_then(|problem| {
            let words: Vec<_> =
                [problem.title, problem.detail, problem.message].into_iter().flatten().collect();
            (!words.is_empty()).then(|| words.join(": "))
        })
        .unwrap_or_else(|| answer.text());
    let text = format!("The service answered {}: {words}", answer.status);
    if answer.status >= 500 { anyhow!(text) } else { user_error(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, retry_after: None, body: body.into() }
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
