//! Holds work on a session to the deadline of its call.

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::Service;
use super::reply::Replier;
use crate::config::OnError;
use crate::error::ApiError;
use crate::request::Request;
use crate::session::pool::Session;
use crate::session::transactions::ended;
use crate::statement::{Failure, Fate};
use crate::wire;

/// The time that an answer waits for a killed statement to end.
const KILL_WAIT: Duration = Duration::from_secs(2);

/// The outcome of guarded work.
pub(super) enum Guarded {
    /// In time, or late with the caller's consent.
    Done(Session, Result<Vec<u8>, Failure>),
    /// It was killed, and its session with it.
    Killed(ApiError),
}

impl Service {
    /// Lets work on a session take until the deadline. Late work is killed in the database, unless
    /// the caller lets it continue (`continues`): then the caller is answered, and the work is
    /// awaited.
    pub(super) async fn guard(
        &self,
        mut session: Session,
        deadline: Instant,
        continues: Option<&mut Replier>,
        work: impl AsyncFnOnce(&mut Session) -> Result<Vec<u8>, Failure>,
    ) -> Guarded {
        let (key, connection_id) = (session.key().clone(), session.conn.id());
        let mut work = std::pin::pin!(async move {
            let result = work(&mut session).await;
            (session, result)
        });
        if let Ok((session, result)) = timeout_at(deadline, &mut work).await {
            return Guarded::Done(session, result);
        }
        let late = ApiError::timeout(Some(connection_id));
        if let Some(replier) = continues {
            replier.send(Err(late));
            let (session, result) = work.await;
            return Guarded::Done(session, result);
        }
        // The answer should not come before the statement has ended, nor wait for a database that
        // hangs.
        let ended = timeout(KILL_WAIT, async {
            self.pool.kill(&key, connection_id).await?;
            // It fails because its session ends, which says nothing new.
            let _ = work.await;
            Ok::<_, wire::Error>(())
        });
        match ended.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(db.connection = connection_id, "could not kill a late statement: {error}");
            }
            Err(_) => tracing::warn!(db.connection = connection_id, "a late statement does not end"),
        }
        Guarded::Killed(late)
    }

    /// Returns the session to its transaction or to the pool after a statement.
    pub(super) async fn settle(&self, request: &Request<'_>, guarded: Guarded) -> Result<Vec<u8>, ApiError> {
        let transaction = request.transaction_id.as_deref();
        let (session, result) = match guarded {
            Guarded::Killed(error) => {
                if let Some(id) = transaction {
                    self.transactions.end(id, ended::BY_ERROR);
                }
                return Err(error);
            }
            Guarded::Done(session, result) => (session, result),
        };
        let fate = result.as_ref().err().map_or(Fate::Usable, |failure| failure.session);
        match (fate, transaction) {
            (Fate::Usable, Some(id)) if result.is_err() && self.on_error == OnError::Abort => {
                self.abort(id, session).await;
            }
            (Fate::Ended, Some(id)) => self.abort(id, session).await,
            (Fate::Usable, Some(id)) => {
                // A transaction whose life ended meanwhile is rolled back by closing its session.
                drop(self.transactions.return_session(id, session));
            }
            (Fate::Usable | Fate::Ended | Fate::RolledBack, None) => self.pool.release(session),
            (Fate::RolledBack | Fate::Lost, Some(id)) => {
                self.transactions.end(id, ended::BY_ERROR);
                drop(session);
            }
            (Fate::Lost, None) => drop(session),
        }
        result.map_err(|failure| failure.error)
    }
}
