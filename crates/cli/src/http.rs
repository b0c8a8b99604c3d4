//! A small HTTP client over the connector of the AWS SDK, so that there is one TLS stack.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_types::body::SdkBody;
use http::{Request, Response};
use http_body_util::BodyExt;

use crate::exit::{innermost, user_error};

/// API Gateway ends a call after 29 s.
const READ_LIMIT: Duration = Duration::from_secs(35);
/// Enough for a part of a file over a slow line; S3 itself waits some 20 s for the next bytes.
const PATIENT_READ_LIMIT: Duration = Duration::from_secs(60 * 60);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// An HTTP client; clones share its connections.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient {
    connector: SharedHttpConnector,
}

/// An answer, read to its end.
pub(crate) type Answer = Response<Vec<u8>>;

/// Returns the body of an answer as text.
pub(crate) fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(answer.body()).into_owned()
}

impl HttpClient {
    pub(crate) fn new() -> Self {
        Self::waiting(READ_LIMIT)
    }

    /// Creates a client for large bodies.
    pub(crate) fn patient() -> Self {
        Self::waiting(PATIENT_READ_LIMIT)
    }

    fn waiting(limit: Duration) -> Self {
        let settings =
            HttpConnectorSettings::builder().connect_timeout(CONNECT_LIMIT).read_timeout(limit).build();
        let connector = Connector::builder()
            .connector_settings(settings)
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build();
        Self { connector: SharedHttpConnector::new(connector) }
    }

    pub(crate) async fn get(&self, url: &str) -> Result<Answer> {
        self.send(Request::get(url).body(Vec::new()).with_context(|| format!("{url} is no URL"))?).await
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// A user error if the server cannot be reached: it is down, or the URL is wrong.
    pub(crate) async fn send(&self, request: Request<Vec<u8>>) -> Result<Answer> {
        let place = format!("{} {}", request.method(), request.uri());
        self.exchange(request.map(SdkBody::from), &place).await
    }

    /// Puts `bytes` bytes under a URL.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(crate) async fn put(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: SdkBody,
        bytes: u64,
    ) -> Result<Answer> {
        let mut request = Request::put(url).header("content-length", bytes);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).map_err(|error| anyhow!("a link is no URL: {error}"))?;
        // The query has a signature, which must not be shown.
        let place = format!("PUT {}", url.split('?').next().unwrap_or_default());
        self.exchange(request, &place).await
    }

    async fn exchange(&self, request: Request<SdkBody>, place: &str) -> Result<Answer> {
        let request = request.try_into().map_err(|error| anyhow!("{place}: {error}"))?;
        let response = self
            .connector
            .call(request)
            .await
            .map_err(|error| user_error(format!("{place} got no answer: {}.", innermost(&error))))?;
        let mut answer = Response::builder().status(response.status().as_u16());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        let body = response
            .into_body()
            .collect()
            .await
            .map_err(|error| user_error(format!("{place} broke off: {error}.")))?
            .to_bytes()
            .to_vec();
        answer.body(body).with_context(|| format!("{place} has an answer that is none"))
    }
}
