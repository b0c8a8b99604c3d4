//! Going on in another invocation of the function.

use std::future::Future;

use domain::backup::BackupId;
use serde_json::json;

pub use lambda_kit::continuation::{ContinuationError, LambdaContinuation};

/// Another invocation, to go on with a backup.
pub trait GoOn: Send + Sync + 'static {
    /// Asks for an invocation that goes on with a backup whose state has this etag, and does not wait for it.
    fn go_on(
        &self,
        backup: &BackupId,
        etag: &str,
    ) -> impl Future<Output = Result<(), ContinuationError>> + Send;
}

impl GoOn for LambdaContinuation {
    async fn go_on(&self, backup: &BackupId, etag: &str) -> Result<(), ContinuationError> {
        let payload = json!({ "continue": { "backup": backup, "etag": etag } });
        self.invoke(&payload).await
    }
}
