//! Open transactions: each owns its session, runs one statement at a time, and expires.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::error::{ApiError, ErrorKind, ErrorStyle};
use crate::limits::Limits;
use crate::session::pool::Session;

/// The number of ended transactions that are remembered, so that the error of a late call can say
/// why.
const REMEMBERED: usize = 10_000;

/// The reasons for which a transaction no longer exists: the three causes that AWS documents.
pub(crate) mod ended {
    pub(crate) const EXPIRED: &str = "Transaction may be expired";
    pub(crate) const BY_CALL: &str = "One previous call resulted in a termination of your transaction";
    pub(crate) const BY_ERROR: &str = "Transaction has been aborted due to an error from a previous call";
}

/// The cluster, secret and database that a transaction began with; every further call must name
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) resource_arn: String,
    pub(crate) secret_arn: String,
    pub(crate) database: Option<String>,
}

#[derive(Debug)]
struct Open {
    origin: Origin,
    began: Instant,
    used: Instant,
    /// `None` while a statement runs.
    session: Option<Session>,
}

#[derive(Debug, Default)]
struct State {
    open: HashMap<String, Open>,
    ended: HashMap<String, &'static str>,
    order: VecDeque<String>,
}

impl State {
    fn end(&mut self, id: &str, why: &'static str) -> Option<Session> {
        let open = self.open.remove(id)?;
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ended.remove(&oldest);
        }
        self.order.push_back(id.to_owned());
        self.ended.insert(id.to_owned(), why);
        open.session
    }
}

/// All transactions of a server.
#[derive(Debug)]
pub(crate) struct Transactions {
    limits: Limits,
    style: ErrorStyle,
    state: Mutex<State>,
}

impl Transactions {
    pub(crate) fn new(limits: Limits, style: ErrorStyle) -> Self {
        Self { limits, style, state: Mutex::default() }
    }

    /// Opens a transaction on a session with autocommit off; returns its id.
    pub(crate) fn open(&self, session: Session, origin: Origin) -> String {
        let mut bytes = [0_u8; 96];
        fastrand::fill(&mut bytes);
        let id = BASE64_STANDARD.encode(bytes);
        let now = Instant::now();
        let open = Open { origin, began: now, used: now, session: Some(session) };
        self.state().open.insert(id.clone(), open);
        id
    }

    /// Takes the session of a transaction for one statement.
    pub(crate) fn take_session(
        &self,
        id: &str,
        resource_arn: &str,
        secret_arn: &str,
    ) -> Result<Session, ApiError> {
        let mut state = self.state();
        let Some(open) = state.open.get_mut(id) else {
            let why = state.ended.get(id).copied().unwrap_or(ended::EXPIRED);
            return Err(self.style.lost_transaction(id, why));
        };
        if open.origin.resource_arn != resource_arn || open.origin.secret_arn != secret_arn {
            return Err(self.style.lost_transaction(id, ended::EXPIRED));
        }
        let expired = is_over(open, &self.limits);
        match open.session.take() {
            None => {
                Err(ApiError::new(ErrorKind::DatabaseErrorException, "Transaction is still running a query"))
            }
            Some(session) if expired => {
                state.end(id, ended::EXPIRED);
                // Dropping a connection lets the database roll back.
                drop(session);
                Err(self.style.lost_transaction(id, ended::EXPIRED))
            }
            Some(session) => Ok(session),
        }
    }

    /// Returns true if a transaction has begun in this database.
    pub(crate) fn is_in(&self, id: &str, database: &str) -> bool {
        self.state().open.get(id).is_some_and(|open| open.origin.database.as_deref() == Some(database))
    }

    /// Returns the session after a statement; hands it back if the transaction has ended meanwhile.
    pub(crate) fn return_session(&self, id: &str, session: Session) -> Option<Session> {
        let mut state = self.state();
        match state.open.get_mut(id) {
            Some(open) => {
                open.used = Instant::now();
                open.session = Some(session);
                None
            }
            None => Some(session),
        }
    }

    /// Ends a transaction whose session is in use.
    pub(crate) fn end(&self, id: &str, why: &'static str) {
        self.state().end(id, why);
    }

    /// Ends the transactions that are idle for too long or too old; returns their sessions.
    pub(crate) fn expire(&self) -> Vec<Session> {
        let mut state = self.state();
        let over: Vec<String> = state
            .open
            .iter()
            .filter(|(_, open)| is_over(open, &self.limits))
            .map(|(id, _)| id.clone())
            .collect();
        over.iter().filter_map(|id| state.end(id, ended::EXPIRED)).collect()
    }

    /// Returns how many are open.
    pub(crate) fn count(&self) -> usize {
        self.state().open.len()
    }

    /// Removes all, for the end of the server; returns their sessions.
    pub(crate) fn drain(&self) -> Vec<Session> {
        self.state().open.drain().filter_map(|(_, open)| open.session).collect()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns true if a transaction has expired. While a statement runs it is not idle.
fn is_over(open: &Open, limits: &Limits) -> bool {
    let idle = open.session.is_some() && open.used.elapsed() > limits.transaction_idle;
    idle || open.began.elapsed() > limits.transaction_life
}
