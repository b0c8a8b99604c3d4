//! Going on in another invocation of the function.

use std::future::Future;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use domain::backup::BackupId;
use serde_json::json;

/// The function could not be invoked.
#[derive(Debug, thiserror::Error)]
#[error("the function could not be invoked to go on")]
pub struct GoOnError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Another invocation, to go on with a backup.
pub trait GoOn: Send + Sync + 'static {
    /// Asks for an invocation that goes on with a backup whose state has this etag, and does not wait for it.
    fn go_on(&self, backup: &BackupId, etag: &str) -> impl Future<Output = Result<(), GoOnError>> + Send;
}

/// Invokes a Lambda function: this one.
#[derive(Debug, Clone)]
pub struct LambdaGoOn {
    client: aws_sdk_lambda::Client,
    function: String,
}

impl LambdaGoOn {
    /// Invokes `function`, by its name or ARN.
    pub fn new(client: aws_sdk_lambda::Client, function: String) -> Self {
        Self { client, function }
    }
}

impl GoOn for LambdaGoOn {
    async fn go_on(&self, backup: &BackupId, etag: &str) -> Result<(), GoOnError> {
        let payload = json!({ "continue": { "backup": backup, "etag": etag } }).to_string();
        let invoke = self.client.invoke().function_name(&self.function);
        let sent = invoke.invocation_type(InvocationType::Event).payload(Blob::new(payload)).send().await;
        sent.map(|_| ()).map_err(|error| GoOnError(error.into()))
    }
}
