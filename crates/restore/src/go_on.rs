//! Going on in another invocation of the function.

use std::future::Future;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde_json::json;

use domain::backup::RestoreId;

/// The function could not be invoked.
#[derive(Debug, thiserror::Error)]
#[error("the function could not be invoked to go on")]
pub struct GoOnError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Another invocation, to go on with a restore.
pub trait GoOn: Send + Sync {
    /// Asks for an invocation that goes on with a restore, perhaps as the verification that a drill is; does not wait for it.
    fn go_on(
        &self,
        restore: &RestoreId,
        is_drill: bool,
    ) -> impl Future<Output = Result<(), GoOnError>> + Send;
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
    async fn go_on(&self, restore: &RestoreId, is_drill: bool) -> Result<(), GoOnError> {
        let payload = json!({ "continue": { "restore": restore, "drill": is_drill } }).to_string();
        let invoke = self.client.invoke().function_name(&self.function);
        let sent = invoke.invocation_type(InvocationType::Event).payload(Blob::new(payload)).send().await;
        sent.map(|_| ()).map_err(|error| GoOnError(error.into()))
    }
}
