//! Pools database sessions by login and database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::config::Login;
use crate::config::{Config, Upstream};
use crate::wire::{Address, Conn, Error, Options};

/// The time that a session may lie unused before it is closed.
const IDLE_TIME: Duration = Duration::from_secs(60);
/// A session that was unused for longer than this is pinged first.
const PING_AFTER: Duration = Duration::from_secs(1);

/// The login and database of a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) login: Arc<Login>,
    pub(crate) database: Option<String>,
}

/// A database session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) conn: Box<Conn>,
    key: Key,
    /// Transactions run with autocommit off: not even DDL or a deadlock leads back to autocommit
    /// unnoticed.
    autocommit: bool,
    /// A statement may have left something behind in the session.
    pub(crate) marked: bool,
    unused_since: Instant,
}

/// Unused sessions, and how new ones are opened.
#[derive(Debug)]
pub(crate) struct Pool {
    upstream: Upstream,
    session_init: Vec<String>,
    idle_sessions: usize,
    idle: Mutex<HashMap<Key, Vec<Session>>>,
}

impl Pool {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            upstream: config.upstream.clone(),
            session_init: config.session_init.clone(),
            idle_sessions: config.idle_sessions,
            idle: Mutex::default(),
        }
    }

    /// Takes an unused session, or opens one, and sets autocommit.
    pub(crate) async fn take(&self, key: &Key, autocommit: bool) -> Result<Session, Error> {
        let mut session = loop {
            let Some(mut session) = self.take_idle(key, autocommit) else {
                break self.connect(key).await?;
            };
            if session.unused_since.elapsed() < PING_AFTER || session.conn.ping().await.is_ok() {
                break session;
            }
        };
        if session.autocommit != autocommit {
            let sql = if autocommit { "SET autocommit = 1" } else { "SET autocommit = 0" };
            session.conn.run(sql).await?;
            session.autocommit = autocommit;
        }
        Ok(session)
    }

    /// Returns a session that is between two statements and outside of a transaction. A marked
    /// session is reset first, in a task of its own: no call waits for that round trip.
    pub(crate) fn release(self: &Arc<Self>, session: Session) {
        if session.marked {
            let pool = self.clone();
            tokio::spawn(async move {
                if let Ok(Some(session)) = clean(session).await {
                    pool.keep(session);
                }
            });
        } else {
            self.keep(session);
        }
    }

    fn keep(&self, mut session: Session) {
        session.unused_since = Instant::now();
        let mut idle = self.idle();
        let sessions = idle.entry(session.key.clone()).or_default();
        if sessions.len() < self.idle_sessions {
            sessions.push(session);
        }
    }

    /// Ends a running statement, and its session with it.
    pub(crate) async fn kill(&self, key: &Key, connection_id: u32) -> Result<(), Error> {
        let mut conn = Conn::open(self.options(key)).await?;
        conn.run(&format!("KILL {connection_id}")).await?;
        conn.quit().await;
        Ok(())
    }

    /// Closes sessions that were unused for a while.
    pub(crate) fn close_idle(&self) {
        self.idle().retain(|_, sessions| {
            sessions.retain(|session| session.unused_since.elapsed() < IDLE_TIME);
            !sessions.is_empty()
        });
    }

    /// Closes every unused session.
    pub(crate) async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle());
        for session in idle.into_values().flatten() {
            session.conn.quit().await;
        }
    }

    /// Returns true if something listens at the database's address.
    pub(crate) async fn reachable(&self) -> bool {
        match &self.upstream {
            Upstream::Socket(path) => tokio::net::UnixStream::connect(path).await.is_ok(),
            Upstream::Tcp { host, port } => {
                tokio::net::TcpStream::connect((host.as_str(), *port)).await.is_ok()
            }
        }
    }

    /// Takes the session that was used last, so that the others can expire. One with the wrong
    /// autocommit is still cheaper than a new one.
    fn take_idle(&self, key: &Key, autocommit: bool) -> Option<Session> {
        let mut idle = self.idle();
        let sessions = idle.get_mut(key)?;
        match sessions.iter().rposition(|session| session.autocommit == autocommit) {
            Some(index) => Some(sessions.remove(index)),
            None => sessions.pop(),
        }
    }

    async fn connect(&self, key: &Key) -> Result<Session, Error> {
        let conn = Box::new(Conn::open(self.options(key)).await?);
        Ok(Session { conn, key: key.clone(), autocommit: true, marked: false, unused_since: Instant::now() })
    }

    fn options<'a>(&'a self, key: &'a Key) -> Options<'a> {
        Options {
            address: match &self.upstream {
                Upstream::Socket(path) => Address::Socket(path),
                Upstream::Tcp { host, port } => Address::Tcp(host, *port),
            },
            user: &key.login.username,
            password: &key.login.password,
            database: key.database.as_deref(),
            init: &self.session_init,
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Vec<Session>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    pub(crate) fn autocommit(&self) -> bool {
        self.autocommit
    }
}

/// Resets a marked session, which ends transactions, locks, temporary tables and variables.
async fn clean(mut session: Session) -> Result<Option<Session>, Error> {
    // Without a database to go back to, a new session is the only clean one.
    let Some(database) = &session.key.database else { return Ok(None) };
    session.conn.reset().await?;
    // A reset keeps the database that the last USE chose.
    session.conn.run(&format!("USE `{}`", database.replace('`', "``"))).await?;
    session.marked = false;
    session.autocommit = true;
    Ok(Some(session))
}
