//! The configuration of the AWS SDK, the same in every function.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::env::{self, EnvError};

/// Returns the SDK's configuration from the environment of a Lambda function: region, credentials,
/// and `AWS_ENDPOINT_URL…` for a cloud other than AWS.
///
/// `aws-config` would search files, the network and other services as well, none of which a
/// function has; that search is a good part of a binary.
///
/// # Errors
/// [`EnvError`] names the missing variable.
pub fn sdk_config() -> Result<SdkConfig, EnvError> {
    let credentials = Credentials::new(
        env::required("AWS_ACCESS_KEY_ID")?,
        env::required("AWS_SECRET_ACCESS_KEY")?,
        env::optional("AWS_SESSION_TOKEN"),
        // The process ends before its credentials expire.
        None,
        "environment",
    );
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(env::required("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .service_config(Environment)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(SystemTimeSource::new()))
        .http_client(https_client());
    config.set_endpoint_url(env::optional("AWS_ENDPOINT_URL"));
    Ok(config.build())
}

/// Returns the SDK's HTTP client. TLS is rustls on ring: the SDK's default, aws-lc, takes minutes
/// of C to build and makes binaries larger.
pub fn https_client() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// The settings of single services: `AWS_ENDPOINT_URL_RDS_DATA` takes precedence over
/// `AWS_ENDPOINT_URL`.
#[derive(Debug)]
struct Environment;

impl LoadServiceConfig for Environment {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let variable = variable(&key);
        env::optional(&variable).or_else(|| env::optional(key.env()))
    }
}

fn variable(key: &ServiceConfigKey<'_>) -> String {
    format!("{}_{}", key.env(), key.service_id().to_uppercase().replace(' ', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_a_variable_of_its_own() {
        let key = ServiceConfigKey::builder()
            .service_id("RDS Data")
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url");
        assert_eq!(variable(&key.build().unwrap()), "AWS_ENDPOINT_URL_RDS_DATA");
    }
}
