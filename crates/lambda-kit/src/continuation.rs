//! Continuations: work that another invocation of the function continues.

use std::error::Error;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_types::SdkConfig;
use serde::Serialize;
use serde_json::json;

use crate::env::{self, EnvError};

/// The continuation could not be requested.
#[derive(Debug, thiserror::Error)]
#[error("the function could not be invoked to continue")]
pub struct ContinuationError(#[source] pub Box<dyn Error + Send + Sync>);

/// Continues work of the kind `W` in another invocation.
pub trait Continuation<W>: Clone + Send + Sync + 'static {
    /// Requests an invocation that continues `work`, and does not wait for it.
    ///
    /// # Errors
    /// [`ContinuationError`] if nobody will continue it.
    fn continue_later(&self, work: W) -> impl Future<Output = Result<(), ContinuationError>> + Send;
}

/// Invokes this Lambda function, asynchronously.
#[derive(Debug, Clone)]
pub struct LambdaContinuation {
    client: aws_sdk_lambda::Client,
    function: String,
}

impl LambdaContinuation {
    /// Takes the name of the function from the environment.
    ///
    /// # Errors
    /// [`EnvError::Missing`] without `AWS_LAMBDA_FUNCTION_NAME`.
    pub fn from_env(config: &SdkConfig) -> Result<Self, EnvError> {
        let function = env::required("AWS_LAMBDA_FUNCTION_NAME")?;
        Ok(Self { client: aws_sdk_lambda::Client::new(config), function })
    }
}

impl<W: Serialize + Send> Continuation<W> for LambdaContinuation {
    async fn continue_later(&self, work: W) -> Result<(), ContinuationError> {
        let payload = Blob::new(json!({ "continue": work }).to_string());
        let invoke = self.client.invoke().function_name(&self.function);
        let invoke = invoke.invocation_type(InvocationType::Event).payload(payload);
        invoke.send().await.map(drop).map_err(|error| ContinuationError(error.into()))
    }
}
