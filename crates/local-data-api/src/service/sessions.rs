//! Finds the session that a call runs in.

use tokio::time::{Instant, timeout_at};

use super::Service;
use crate::config::OnError;
use crate::error::ApiError;
use crate::request::Request;
use crate::session::pool::{Key, Session};
use crate::statement::Failure;
use crate::wire;

/// The database's number for a login that it refuses.
const ACCESS_DENIED: u16 = 1045;

impl Service {
    /// Returns the session of the request's transaction, or one from the pool.
    pub(super) async fn session(
        &self,
        request: &Request<'_>,
        deadline: Instant,
    ) -> Result<Session, ApiError> {
        match request.transaction_id.as_deref() {
            Some(id) => {
                let session = self.take_session(request, id)?;
                if request.database_name().is_none_or(|name| self.transactions.is_in(id, name)) {
                    return Ok(session);
                }
                let error = ApiError::bad_request("Database name is not the same as transaction");
                match self.on_error {
                    OnError::Abort => self.abort(id, session).await,
                    OnError::Keep => drop(self.transactions.return_session(id, session)),
                }
                Err(error)
            }
            None => self.pooled(request, true, deadline).await,
        }
    }

    pub(super) fn take_session(&self, request: &Request<'_>, id: &str) -> Result<Session, ApiError> {
        self.transactions.take_session(
            id,
            request.resource_arn.as_deref().unwrap_or_default(),
            request.secret_arn.as_deref().unwrap_or_default(),
        )
    }

    pub(super) async fn pooled(
        &self,
        request: &Request<'_>,
        autocommit: bool,
        deadline: Instant,
    ) -> Result<Session, ApiError> {
        let secret_arn = request.secret_arn.as_deref().unwrap_or_default();
        let database = request.database_name().map(ToOwned::to_owned);
        let take = async {
            let mut key = Key { login: self.logins.get(secret_arn).await?, database };
            let mut taken = self.pool.take(&key, autocommit).await;
            if matches!(&taken, Err(wire::Error::Server(error)) if error.code == ACCESS_DENIED) {
                // The password may have been rotated since the secret was read.
                let fresh = self.logins.refreshed(secret_arn).await?;
                if fresh != key.login {
                    key.login = fresh;
                    taken = self.pool.take(&key, autocommit).await;
                }
            }
            taken.map_err(|error| Failure::database(&error, self.style).error)
        };
        timeout_at(deadline, take).await.unwrap_or_else(|_| Err(ApiError::timeout(None)))
    }
}
