//! Clients of the AWS services that the command uses.
//!
//! S3, Lambda, Secrets Manager, Step Functions and Athena come through the SDK. The two calls to API
//! Gateway and CloudFormation are signed here, which spares two large SDK crates.

use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use http::{Method, Request};
use serde::Deserialize;

use crate::exit::user_error;
use crate::http::{Answer, HttpClient};

/// The services of one account in one region, or of a local cloud.
#[derive(Clone, Debug)]
pub(crate) struct Aws {
    config: SdkConfig,
    http: HttpClient,
}

impl Aws {
    /// Creates clients as the environment says (`AWS_REGION`, `AWS_ENDPOINT_URL`, credentials).
    pub(crate) async fn from_environment() -> Self {
        Self { config: loader().load().await, http: HttpClient::new() }
    }

    /// Creates clients of a local cloud.
    pub(crate) async fn local(endpoint: &str, region: &'static str, key: &str, secret: &str) -> Self {
        let config = loader()
            .endpoint_url(endpoint)
            .region(Region::from_static(region))
            .credentials_provider(Credentials::new(key, secret, None, None, "local cloud"))
            .load()
            .await;
        Self { config, http: HttpClient::new() }
    }

    /// Returns true if there are credentials.
    pub(crate) async fn has_credentials(&self) -> bool {
        match self.config.credentials_provider() {
            Some(provider) => provider.provide_credentials().await.is_ok(),
            None => false,
        }
    }

    /// Creates clients of an account that a test simulates.
    #[cfg(test)]
    pub(crate) fn answered_by(client: aws_smithy_runtime_api::client::http::SharedHttpClient) -> Self {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                Credentials::new("k", "s", None, None, "test"),
            ))
            .http_client(client)
            .build();
        Self { config, http: HttpClient::new() }
    }

    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        // A local endpoint has no name for each bucket.
        let config = aws_sdk_s3::config::Builder::from(&self.config)
            .force_path_style(self.config.endpoint_url().is_some())
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }

    pub(crate) fn athena(&self) -> aws_sdk_athena::Client {
        aws_sdk_athena::Client::new(&self.config)
    }

    pub(crate) fn step_functions(&self) -> aws_sdk_sfn::Client {
        aws_sdk_sfn::Client::new(&self.config)
    }

    pub(crate) fn lambda(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&self.config)
    }

    pub(crate) fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config)
    }

    /// Returns the value of an API key.
    pub(crate) async fn api_key(&self, id: &str) -> Result<String> {
        #[derive(Deserialize)]
        struct ApiKey {
            value: String,
        }
        let answer =
            self.call("apigateway", Method::GET, &format!("/apikeys/{id}?includeValue=true"), "").await?;
        let Answer { status, .. } = answer;
        ensure!(answer.is_success(), "API Gateway answered {status} to the API key {id}: {}", answer.text());
        let key: ApiKey = serde_json::from_slice(&answer.body).context("reading an API key")?;
        Ok(key.value)
    }

    /// Returns true if a stack exists and its last creation or update succeeded.
    pub(crate) async fn is_stack_complete(&self, name: &str) -> Result<bool> {
        let form = format!("Action=DescribeStacks&Version=2010-05-15&StackName={name}");
        let answer = self.call("cloudformation", Method::POST, "/", &form).await?;
        let text = answer.text();
        Ok(answer.is_success()
            && ["CREATE_COMPLETE", "UPDATE_COMPLETE"]
                .iter()
                .any(|status| text.contains(&format!("<StackStatus>{status}</StackStatus>"))))
    }

    async fn call(&self, service: &str, method: Method, path: &str, form: &str) -> Result<Answer> {
        let region = self.config.region().ok_or_else(|| user_error("AWS_REGION is not set."))?.as_ref();
        let base = match self.config.endpoint_url() {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://{service}.{region}.amazonaws.com"),
        };
        let provider = self
            .config
            .credentials_provider()
            .ok_or_else(|| user_error("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set."))?;
        let identity = provider
            .provide_credentials()
            .await
            .map_err(|error| user_error(format!("No AWS credentials: {error}.")))?
            .into();
        let uri = format!("{base}{path}");
        let mut request = Request::builder()
            .method(method.clone())
            .uri(&uri)
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.as_bytes().to_vec())?;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers =
            request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable =
            SignableRequest::new(method.as_str(), &uri, headers, SignableBody::Bytes(form.as_bytes()))?;
        let (instructions, _) = sign(signable, &params)?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        self.http.send(request).await
    }
}

fn loader() -> aws_config::ConfigLoader {
    let client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    aws_config::defaults(BehaviorVersion::latest()).http_client(client)
}
