//! An AWS that answers what a test has written down, and keeps what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use http::Response;
use serde_json::Value;

use crate::aws::Aws;

/// One call that is expected, and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// The operation, as the header `x-amz-target` names it.
    target: &'static str,
    status: u16,
    body: String,
}

/// A call that succeeds.
pub(crate) fn answer(target: &'static str, body: impl Into<String>) -> Exchange {
    Exchange { target, status: 200, body: body.into() }
}

/// A call that is refused.
pub(crate) fn refusal(target: &'static str, body: impl Into<String>) -> Exchange {
    Exchange { target, status: 400, body: body.into() }
}

/// The calls that are expected, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    expected: Arc<Mutex<VecDeque<Exchange>>>,
    sent: Arc<Mutex<Vec<Value>>>,
}

impl Replay {
    pub(crate) fn new(exchanges: impl IntoIterator<Item = Exchange>) -> Self {
        let expected = Arc::new(Mutex::new(exchanges.into_iter().collect()));
        Self { expected, sent: Arc::default() }
    }

    /// An account that answers so.
    pub(crate) fn aws(&self) -> Aws {
        let connector = SharedHttpConnector::new(self.clone());
        Aws::answered_by(http_client_fn(move |_, _| connector.clone()))
    }

    /// The bodies that were sent.
    pub(crate) fn sent(&self) -> Vec<Value> {
        self.sent.lock().unwrap().clone()
    }

    /// Returns true if every call was made.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.expected.lock().unwrap().is_empty()
    }
}

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let body = request.body().bytes().unwrap_or_default();
        self.sent.lock().unwrap().push(serde_json::from_slice(body).unwrap_or(Value::Null));
        let exchange = self.expected.lock().unwrap().pop_front();
        let exchange = exchange.unwrap_or_else(|| panic!("{target} was not expected"));
        assert_eq!(target, exchange.target);
        let response = Response::builder()
            .status(exchange.status)
            .header("content-type", "application/x-amz-json-1.1")
            .body(SdkBody::from(exchange.body))
            .unwrap();
        HttpConnectorFuture::ready(Ok(response.try_into().unwrap()))
    }
}
