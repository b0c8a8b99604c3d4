//! The SDK's configuration, for AWS or an emulator of it.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::tls;

/// Reads the SDK's configuration; with an endpoint, for the emulator there.
pub(crate) async fn config(endpoint: Option<&str>) -> SdkConfig {
    let https = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(https);
    if let Some(endpoint) = endpoint {
        loader = loader.endpoint_url(endpoint);
        // An emulator takes any credentials; without some in the environment the SDK would look
        // far and long.
        if std::env::var_os("AWS_ACCESS_KEY_ID").is_none() && std::env::var_os("AWS_PROFILE").is_none() {
            let local =
                aws_credential_types::Credentials::new("local", "local", None, None, "local-data-api");
            loader = loader.credentials_provider(local);
        }
    }
    if std::env::var_os("AWS_REGION").is_none() && std::env::var_os("AWS_DEFAULT_REGION").is_none() {
        loader = loader.region(Region::new("us-east-1"));
    }
    loader.load().await
}
