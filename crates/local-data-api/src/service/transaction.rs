//! Begins and ends transactions.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::Service;
use super::guard::Guarded;
use crate::config::OnError;
use crate::error::ApiError;
use crate::request::Request;
use crate::session::pool::Session;
use crate::session::transactions::{Origin, ended};
use crate::statement::{self, params::Bound};

/// The time that an answer waits for the rollback of the transaction that its error ends.
const ROLLBACK_WAIT: Duration = Duration::from_secs(10);

impl Service {
    pub(super) async fn begin(&self, request: &Request<'_>, deadline: Instant) -> Result<Vec<u8>, ApiError> {
        let session = self.pooled(request, false, deadline).await?;
        let origin = Origin {
            resource_arn: owned(request.resource_arn.as_deref()),
            secret_arn: owned(request.secret_arn.as_deref()),
            database: request.database_name().map(ToOwned::to_owned),
        };
        let id = self.transactions.open(session, origin);
        Ok(format!("{{\"transactionId\":\"{id}\"}}").into_bytes())
    }

    pub(super) async fn complete(
        &self,
        request: &Request<'_>,
        sql: &'static str,
        status: &str,
        deadline: Instant,
    ) -> Result<Vec<u8>, ApiError> {
        let id = request.transaction_id.as_deref().unwrap_or_default();
        let session = self.take_session(request, id)?;
        let work = async |session: &mut Session| {
            let statement = Bound { sql: sql.into(), values: Vec::new() };
            statement::execute(session, statement, Default::default(), &self.limits, self.style).await
        };
        match self.guard(session, deadline, None, work).await {
            Guarded::Done(session, Ok(_)) => {
                self.transactions.end(id, ended::BY_CALL);
                self.pool.release(session);
                Ok(format!("{{\"transactionStatus\":\"{status}\"}}").into_bytes())
            }
            Guarded::Done(session, Err(failure)) => {
                self.transactions.end(id, ended::BY_ERROR);
                drop(session);
                Err(failure.error)
            }
            Guarded::Killed(error) => {
                self.transactions.end(id, ended::BY_ERROR);
                Err(error)
            }
        }
    }

    /// Ends the transaction of a call that is refused before the database sees it, if errors end
    /// transactions.
    pub(super) async fn refuse(&self, request: &Request<'_>, error: ApiError) -> ApiError {
        if self.on_error == OnError::Abort {
            self.end_transaction(request).await;
        }
        error
    }

    /// Rolls back the transaction that the request names, unless another call is using it.
    pub(super) async fn end_transaction(&self, request: &Request<'_>) {
        if let Some(id) = request.transaction_id.as_deref()
            && let Ok(session) = self.take_session(request, id)
        {
            self.abort(id, session).await;
        }
    }

    /// Rolls a transaction back and ends it; its locks are gone before its caller gets the error.
    pub(super) async fn abort(&self, id: &str, mut session: Session) {
        let rolled_back = timeout(ROLLBACK_WAIT, session.conn.run("ROLLBACK")).await;
        self.transactions.end(id, ended::BY_ERROR);
        if matches!(rolled_back, Ok(Ok(()))) {
            self.pool.release(session);
        } else {
            // The database rolls back when the connection closes.
            drop(session);
        }
    }
}

fn owned(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}
