//! Going on in another invocation of the function.

use std::future::Future;

use serde_json::json;

use domain::backup::RestoreId;

pub use lambda_kit::continuation::{ContinuationError, LambdaContinuation};

/// Another invocation, to go on with a restore.
pub trait GoOn: Send + Sync {
    /// Asks for an invocation that goes on with a restore, perhaps as the verification that a drill is; does not wait for it.
    fn go_on(
        &self,
        restore: &RestoreId,
        is_drill: bool,
    ) -> impl Future<Output = Result<(), ContinuationError>> + Send;
}

impl GoOn for LambdaContinuation {
    async fn go_on(&self, restore: &RestoreId, is_drill: bool) -> Result<(), ContinuationError> {
        let payload = json!({ "continue": { "restore": restore, "drill": is_drill } });
        self.invoke(&payload).await
    }
}
