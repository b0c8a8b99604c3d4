//! Continuation in another invocation of the function.

use std::error::Error;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_types::SdkConfig;
use serde_json::Value;

use crate::env::{self, EnvError};

/// The function could not be invoked.
#[derive(Debug, thiserror::Error)]
#[error("the function could not be invoked to continue")]
pub struct ContinuationError(#[source] pub Box<dyn Error + Send + Sync>);

/// Invokes a Lambda function: this one.
#[derive(Debug, Clone)]
pub struct LambdaContinuation {
    client: aws_sdk_lambda::Client,
    function: String,
}

impl LambdaContinuation {
    /// Returns an invoker of the current function.
    ///
    /// # Errors
    /// [`EnvError::Missing`] without `AWS_LAMBDA_FUNCTION_NAME`.
    pub fn from_env(config: &SdkConfig) -> Result<Self, EnvError> {
        let function = env::required("AWS_LAMBDA_FUNCTION_NAME")?;
        Ok(Self { client: aws_sdk_lambda::Client::new(config), function })
    }

    /// Requests an asynchronous invocation with this payload.
    ///
    /// # Errors
    /// [`ContinuationError`] if Lambda has not accepted it.
    pub async fn invoke(&self, payload: &Value) -> Result<(), ContinuationError> {
        let invoke = self.client.invoke().function_name(&self.function);
        let invoke = invoke.invocation_type(InvocationType::Event).payload(Blob::new(payload.to_string()));
        invoke.send().await.map(drop).map_err(|error| ContinuationError(error.into()))
    }
}
