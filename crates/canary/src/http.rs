//! HTTP over the connector that the AWS SDK already brings: one TLS stack for everything.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_types::body::SdkBody;
use deadline::Deadline;
use http::Request;
use http_body_util::BodyExt;

use crate::fault::Fault;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// A client that reuses its connections.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    connector: SharedHttpConnector,
}

/// A complete answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The header `retry-after`, if it is a number of seconds.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

impl Http {
    pub(crate) fn new() -> Self {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_LIMIT).build();
        let connector = Connector::builder()
            .connector_settings(settings)
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build();
        Self { connector: SharedHttpConnector::new(connector) }
    }

    /// Sends a request and reads the whole answer. Errors name the request `call`.
    pub(crate) async fn send(
        &self,
        call: &str,
        request: Request<String>,
        deadline: Deadline,
    ) -> Result<Answer, Fault> {
        let work = deadline.bound(self.send_whenever(call, request));
        work.await.unwrap_or_else(|_| Err(Fault::TimedOut { call: call.to_owned() }))
    }

    async fn send_whenever(&self, call: &str, request: Request<String>) -> Result<Answer, Fault> {
        let request =
            request.map(SdkBody::from).try_into().map_err(|error| Fault::no_answer(call, &error))?;
        let response = self.connector.call(request).await.map_err(|error| Fault::no_answer(call, &error))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.and_then(|value| value.parse().ok()).map(Duration::from_secs);
        let body = response.into_body().collect().await;
        let body = body.map_err(|error| Fault::no_answer(call, &*error))?.to_bytes().to_vec();
        Ok(Answer { status, retry_after, body })
    }
}
