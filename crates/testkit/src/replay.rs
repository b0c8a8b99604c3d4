//! An AWS account that replays the answers of a test and records what it was asked.

use std::collections::VecDeque;
use std::future::{pending, ready};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::{SharedAsyncSleep, SharedCredentialsProvider};
use http::Response;
use serde_json::{Value, json};

/// The time-outs of a call are longer than the pauses between its retries.
const LONGEST_PAUSE: Duration = Duration::from_millis(2500);

/// One call that is expected, and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The end of the header `x-amz-target`, which names the operation; empty: any operation.
    pub target: &'static str,
    /// 0: the connection is cut.
    pub status: u16,
    /// A header of the answer.
    pub header: (&'static str, &'static str),
    /// The body of the answer.
    pub body: String,
}

/// Returns a call that succeeds.
#[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called with a literal")]
pub fn answer(target: &'static str, body: impl ToString) -> Exchange {
    let header = ("content-type", "application/x-amz-json-1.1");
    Exchange { target, status: 200, header, body: body.to_string() }
}

/// Returns a call that fails with this code and message.
pub fn refusal(target: &'static str, code: &str, message: &str) -> Exchange {
    let status = if code == "InternalErrorException" { 500 } else { 400 };
    Exchange { status, ..answer(target, json!({ "__type": code, "message": message })) }
}

/// Returns a call whose connection is cut.
pub fn cut() -> Exchange {
    Exchange { status: 0, ..answer("", "") }
}

/// The expected calls in order.
#[derive(Clone, Debug)]
pub struct Replay {
    expected: Arc<Mutex<VecDeque<Exchange>>>,
    /// True if the last one stays.
    always: bool,
    sent: Arc<Mutex<Vec<Value>>>,
}

impl Replay {
    /// Expects these calls, each once.
    pub fn new(exchanges: impl IntoIterator<Item = Exchange>) -> Self {
        let expected = Arc::new(Mutex::new(exchanges.into_iter().collect()));
        Self { expected, always: false, sent: Arc::default() }
    }

    /// Answers every call with the same exchange.
    pub fn always(exchange: Exchange) -> Self {
        Self { always: true, ..Self::new([exchange]) }
    }

    /// Returns the settings of clients of this account. Their retries are immediate, and their
    /// time-outs never come.
    pub fn config(&self) -> SdkConfig {
        let connector = SharedHttpConnector::new(self.clone());
        let credentials = Credentials::new("k", "s", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .sleep_impl(SharedAsyncSleep::new(NoSleep))
            .build()
    }

    /// Returns the bodies that were sent.
    pub fn sent(&self) -> Vec<Value> {
        lock(&self.sent).clone()
    }

    /// Returns true if every call was made.
    pub fn is_exhausted(&self) -> bool {
        lock(&self.expected).is_empty()
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        lock(&self.sent).push(serde_json::from_slice(body).unwrap_or(Value::Null));
        let mut expected = lock(&self.expected);
        let exchange = if self.always { expected.front().cloned() } else { expected.pop_front() };
        let exchange = exchange.unwrap_or_else(|| answer("no call", ""));
        assert!(target.ends_with(exchange.target), "{target} in place of {}", exchange.target);
        let (name, value) = exchange.header;
        let response = Response::builder().status(exchange.status).header(name, value);
        let response = response.body(SdkBody::from(exchange.body)).ok();
        let response = response.and_then(|response| response.try_into().ok());
        HttpConnectorFuture::ready(response.ok_or_else(|| ConnectorError::io("cut off".into())))
    }
}

/// A clock without pauses.
#[derive(Debug)]
struct NoSleep;

impl AsyncSleep for NoSleep {
    fn sleep(&self, time: Duration) -> Sleep {
        if time < LONGEST_PAUSE { Sleep::new(ready(())) } else { Sleep::new(pending()) }
    }
}
