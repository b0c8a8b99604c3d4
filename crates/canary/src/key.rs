//! The value of an operator's API key.
//!
//! One signed call asks API Gateway, whose SDK crate is among the largest. The value is not cached:
//! a changed key counts from the next run on.

use std::time::SystemTime;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_types::SdkConfig;
use deadline::Deadline;
use http::Request;
use serde::Deserialize;

use crate::fault::Fault;
use crate::http::Http;

/// The id of the key, and the credentials to read it with.
#[derive(Debug, Clone)]
pub struct OperatorKey {
    id: String,
    /// The endpoint of API Gateway's own API, without a slash at the end.
    endpoint: String,
    region: String,
    credentials: SharedCredentialsProvider,
}

impl OperatorKey {
    /// Returns the key with this id; `None` if the configuration has no region or no credentials.
    pub fn new(config: &SdkConfig, id: impl Into<String>) -> Option<Self> {
        let region = config.region()?.to_string();
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let endpoint = match config.endpoint_url() {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://apigateway.{region}.{domain}"),
        };
        Some(Self { id: id.into(), endpoint, region, credentials: config.credentials_provider()? })
    }

    /// Returns the value of the key.
    pub(crate) async fn value(&self, http: &Http, deadline: Deadline) -> Result<String, Fault> {
        #[derive(Deserialize)]
        struct ApiKey {
            value: String,
        }
        let call = format!("GET /apikeys/{} of API Gateway", self.id);
        let request = self.request().await.map_err(|error| Fault::Unsigned(lambda_kit::causes(&*error)))?;
        let answer = http.send(&call, request, deadline).await?;
        if answer.status != 200 {
            return Err(Fault::status(&call, answer.status, 200, &answer.body));
        }
        let key: Result<ApiKey, _> = serde_json::from_slice(&answer.body);
        key.map(|key| key.value).map_err(|_| Fault::Content {
            call,
            status: answer.status,
            what: "there is no value in it",
        })
    }

    async fn request(&self) -> Result<Request<String>, Box<dyn std::error::Error + Send + Sync>> {
        let uri = format!("{}/apikeys/{}?includeValue=true", self.endpoint, self.id);
        let mut request = Request::get(&uri).header("accept", "application/json").body(String::new())?;
        let identity = self.credentials.provide_credentials().await?.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("apigateway")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers = std::iter::once(("accept", "application/json"));
        let signable = SignableRequest::new("GET", &uri, headers, SignableBody::Bytes(b""))?;
        let (instructions, _) = sign(signable, &params)?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}
