//! A client of Rowgate's API, as its users should write it.

use std::time::Duration;

use deadline::Deadline;
use http::{Method, Request};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::sleep;

use crate::fault::Fault;
use crate::http::{Answer, Http};

/// The pause of a throttled call without `Retry-After`.
const PAUSE: Duration = Duration::from_secs(1);

/// The API and the key to it.
#[derive(Debug)]
pub(crate) struct Api<'a> {
    pub(crate) http: &'a Http,
    pub(crate) url: &'a str,
    pub(crate) key: String,
}

/// One call.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    method: Method,
    path: &'a str,
    body: Option<String>,
    /// The same for every retry of the call.
    idempotency_key: Option<String>,
}

impl<'a> Call<'a> {
    pub(crate) fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, body: None, idempotency_key: None }
    }

    pub(crate) fn delete(path: &'a str) -> Self {
        Self { method: Method::DELETE, path, body: None, idempotency_key: None }
    }

    /// Returns an idempotent POST.
    pub(crate) fn post(path: &'a str, body: &Value, idempotency_key: String) -> Self {
        let body = Some(body.to_string());
        Self { method: Method::POST, path, body, idempotency_key: Some(idempotency_key) }
    }

    /// Returns the name in errors.
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn request(&self, api: &Api<'_>) -> Result<Request<String>, http::Error> {
        let mut request = Request::builder().method(&self.method).uri(format!("{}{}", api.url, self.path));
        request = request.header("x-api-key", &api.key);
        if self.body.is_some() {
            request = request.header("content-type", "application/json");
        }
        if let Some(key) = &self.idempotency_key {
            request = request.header("idempotency-key", format!("\"{key}\""));
        }
        request.body(self.body.clone().unwrap_or_default())
    }
}

impl Api<'_> {
    /// Calls and reads the answer, which must have the status `expected`.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        expected: u16,
        deadline: Deadline,
    ) -> Result<T, Fault> {
        let answer = self.expect(call, &[expected], deadline).await?;
        serde_json::from_slice(&answer.body).map_err(|_| Fault::Content {
            call: call.name(),
            status: answer.status,
            what: "its body is not the one that is documented",
        })
    }

    /// Calls; the answer must have one of the statuses `expected`. A DELETE may also be answered
    /// 404 after an earlier try was answered 503, which may have deleted the row.
    pub(crate) async fn expect(
        &self,
        call: &Call<'_>,
        expected: &[u16],
        deadline: Deadline,
    ) -> Result<Answer, Fault> {
        let (answer, may_be_done) = self.answer(call, deadline).await?;
        match expected {
            _ if expected.contains(&answer.status) => Ok(answer),
            _ if may_be_done && call.method == Method::DELETE && answer.status == 404 => Ok(answer),
            [first, ..] => Err(Fault::status(&call.name(), answer.status, *first, &answer.body)),
            [] => Ok(answer),
        }
    }

    /// The answer to a call that is repeated, while there is time, as long as the answer is to come
    /// again later; and whether an earlier try may have done what it was to do. One that was
    /// throttled has not.
    async fn answer(&self, call: &Call<'_>, deadline: Deadline) -> Result<(Answer, bool), Fault> {
        let mut may_be_done = false;
        loop {
            let request = call.request(self).map_err(|error| Fault::no_answer(&call.name(), &error))?;
            let answer = self.http.send(&call.name(), request, deadline).await?;
            let pause = match (answer.status, answer.retry_after) {
                (429, pause) => pause.unwrap_or(PAUSE),
                (503, Some(pause)) => pause,
                // An earlier try is still running, or was cut off: its answer is to come.
                (409, Some(pause)) if call.idempotency_key.is_some() => pause,
                _ => return Ok((answer, may_be_done)),
            };
            // A minimum, so that `Retry-After: 0` does not flood the API with retries.
            let pause = pause.max(PAUSE);
            if deadline.remaining() <= pause {
                return Ok((answer, may_be_done));
            }
            may_be_done |= answer.status == 503;
            sleep(pause).await;
        }
    }
}
