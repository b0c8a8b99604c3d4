//! Clients of the AWS services that the command uses.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::environment::Environment;

/// The services of one account in one region, or of a local cloud.
#[derive(Clone, Debug)]
pub(crate) struct Aws {
    config: SdkConfig,
    environment: Environment,
}

impl Aws {
    /// Creates clients as the environment says (`AWS_REGION`, `AWS_ENDPOINT_URL`, credentials).
    pub(crate) async fn from_environment() -> Self {
        Self { config: loader().load().await, environment: Environment::default() }
    }

    /// Creates clients of a local cloud.
    pub(crate) async fn local(endpoint: &str, region: &'static str, key: &str, secret: &str) -> Self {
        let config = loader()
            .endpoint_url(endpoint)
            .region(Region::from_static(region))
            .credentials_provider(Credentials::new(key, secret, None, None, "local cloud"))
            .load()
            .await;
        Self { config, environment: Environment::default() }
    }

    /// Returns the same clients, which find what the environment of this name has.
    #[must_use]
    pub(crate) fn in_environment(self, environment: &Environment) -> Self {
        Self { environment: environment.clone(), ..self }
    }

    /// Returns the environment whose functions, databases and alarms are meant.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Returns the configuration, for services without an SDK crate here.
    pub(crate) fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// Returns true if calls go to an address of one's own, such as a local cloud, and not to AWS.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.config.endpoint_url().is_some()
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
    pub(crate) fn of(replay: &testkit::replay::Replay) -> Self {
        Self { config: replay.config(), environment: Environment::default() }
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
}

fn loader() -> aws_config::ConfigLoader {
    let client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    aws_config::defaults(BehaviorVersion::latest()).http_client(client)
}
