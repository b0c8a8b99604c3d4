//! A fake Cognito that replays the answers of a test and records its requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_sdk_cognitoidentityprovider::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider,
};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use http::Response;
use serde_json::{Value, json};

use super::Cognito;

/// One call that is expected, and its answer.
#[derive(Debug)]
pub(super) struct Exchange {
    /// The operation; empty: any.
    pub(super) operation: &'static str,
    /// 0: the connection is cut.
    pub(super) status: u16,
    pub(super) body: SdkBody,
}

impl Exchange {
    /// A call whose connection is cut.
    pub(super) fn cut() -> Self {
        Self { operation: "", status: 0, body: SdkBody::empty() }
    }

    fn copy(&self) -> Self {
        let body = SdkBody::from(self.body.bytes().unwrap_or_default());
        Self { operation: self.operation, status: self.status, body }
    }
}

/// A call that succeeds.
#[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called with a literal")]
pub(super) fn answer(operation: &'static str, body: Value) -> Exchange {
    Exchange { operation, status: 200, body: SdkBody::from(body.to_string()) }
}

/// A call that is refused.
pub(super) fn refusal(operation: &'static str, code: &str) -> Exchange {
    let body = json!({ "__type": code, "message": "Words." }).to_string();
    let status = if code == "InternalErrorException" { 500 } else { 400 };
    Exchange { operation, status, body: SdkBody::from(body) }
}

/// The expected calls in order; with `always` the last one stays.
#[derive(Clone, Debug)]
pub(super) struct Replay {
    expected: Arc<Mutex<VecDeque<Exchange>>>,
    always: bool,
    sent: Arc<Mutex<Vec<Value>>>,
}

impl Replay {
    pub(super) fn new(exchanges: impl IntoIterator<Item = Exchange>) -> Self {
        let expected = Arc::new(Mutex::new(exchanges.into_iter().collect()));
        Self { expected, always: false, sent: Arc::default() }
    }

    /// Answers every call with the same exchange.
    pub(super) fn always(exchange: Exchange) -> Self {
        Self { always: true, ..Self::new([exchange]) }
    }

    /// The user pool `pool` and its client `client`.
    pub(super) fn cognito(&self) -> Cognito {
        let connector = SharedHttpConnector::new(self.clone());
        let credentials = Credentials::new("k", "s", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            // Without a sleep there would be no retries, and nothing waits for real.
            .sleep_impl(aws_sdk_cognitoidentityprovider::config::SharedAsyncSleep::new(NoSleep))
            .build();
        Cognito::new(&config, "pool", "client")
    }

    /// The bodies that were sent.
    pub(super) fn sent(&self) -> Vec<Value> {
        self.sent.lock().unwrap().clone()
    }
}

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.strip_prefix("AWSCognitoIdentityProviderService.").unwrap().to_owned();
        let body = request.body().bytes().unwrap_or_default();
        self.sent.lock().unwrap().push(serde_json::from_slice(body).unwrap());
        let mut expected = self.expected.lock().unwrap();
        let exchange = if self.always { expected.front().map(Exchange::copy) } else { expected.pop_front() };
        let exchange = exchange.unwrap_or_else(|| panic!("{operation} was not expected"));
        assert!(exchange.operation.is_empty() || operation == exchange.operation, "{operation}");
        if exchange.status == 0 {
            return HttpConnectorFuture::ready(Err(ConnectorError::io("cut off".into())));
        }
        let response = Response::builder()
            .status(exchange.status)
            .header("content-type", "application/x-amz-json-1.1")
            .body(exchange.body)
            .unwrap();
        HttpConnectorFuture::ready(Ok(response.try_into().unwrap()))
    }
}

/// A clock whose retries are immediate and whose time-outs never come.
#[derive(Debug)]
struct NoSleep;

impl aws_sdk_cognitoidentityprovider::config::AsyncSleep for NoSleep {
    fn sleep(&self, time: std::time::Duration) -> aws_sdk_cognitoidentityprovider::config::Sleep {
        // The time-outs of a call are longer than the pauses between retries.
        if time < std::time::Duration::from_millis(2500) {
            aws_sdk_cognitoidentityprovider::config::Sleep::new(std::future::ready(()))
        } else {
            aws_sdk_cognitoidentityprovider::config::Sleep::new(std::future::pending())
        }
    }
}
