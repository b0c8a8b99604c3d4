//! The AWS SDK's set-up, the same in every function.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// The SDK's configuration from the function's environment (region, credentials, `AWS_ENDPOINT_URL…`).
///
/// TLS is rustls on ring: the SDK's default, aws-lc, takes minutes of C to build and makes binaries larger.
pub async fn sdk_config() -> SdkConfig {
    let client =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    aws_config::defaults(BehaviorVersion::latest()).http_client(client).load().await
}
