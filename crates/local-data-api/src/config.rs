//! The configuration of a server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;

use crate::error::ErrorStyle;
use crate::faults::Faults;
use crate::limits::Limits;

/// The address of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// A unix socket.
    Socket(PathBuf),
    /// A host and port, without TLS.
    Tcp {
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
    },
}

/// The source of the user and password to log in with.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// From the secret that each request names, the way the service does.
    SecretsManager {
        /// The endpoint of Secrets Manager; `None` leaves it to the SDK (its environment, or AWS
        /// itself).
        endpoint: Option<String>,
        /// The time for which a secret is used before it is read again.
        ttl: Duration,
    },
    /// The same login for every request, whatever secret it names. For tests that do not concern
    /// secrets.
    Fixed {
        /// Database user.
        user: String,
        /// Its password; empty for none.
        password: String,
    },
    /// From secrets in memory, read at each call. For tests in which several users log in, or
    /// passwords change.
    Memory(MemorySecrets),
}

impl Credentials {
    /// Always logs in as `user`.
    #[must_use]
    pub fn fixed(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Fixed { user: user.into(), password: password.into() }
    }
}

/// A database user and its password.
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Secrets in memory: users and passwords by the secret's ARN. Clones share them, so a test can
/// change them while a server runs.
#[derive(Clone, Debug, Default)]
pub struct MemorySecrets(Arc<Mutex<HashMap<String, Arc<Login>>>>);

impl MemorySecrets {
    /// Puts a user and password into the secret with this ARN; replaces what it held.
    pub fn put(&self, arn: impl Into<String>, user: impl Into<String>, password: impl Into<String>) {
        let login = Login { username: user.into(), password: password.into() };
        self.logins().insert(arn.into(), Arc::new(login));
    }

    pub(crate) fn get(&self, arn: &str) -> Option<Arc<Login>> {
        self.logins().get(arn).cloned()
    }

    fn logins(&self) -> MutexGuard<'_, HashMap<String, Arc<Login>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The source of the objects that `LOAD DATA FROM S3` reads.
#[derive(Clone, Debug, Default)]
pub enum Objects {
    /// None: the cluster has no role that may read objects.
    #[default]
    None,
    /// S3.
    S3 {
        /// The endpoint of S3.
        endpoint: String,
    },
    /// What a function finds. For tests with buckets in memory.
    Memory(MemoryObjects),
}

type Find = dyn Fn(&str, &str) -> Option<Vec<u8>> + Send + Sync;

/// Objects in memory, by bucket and key.
#[derive(Clone)]
pub struct MemoryObjects(Arc<Find>);

impl MemoryObjects {
    /// Takes the function that finds the object of a bucket and a key.
    pub fn new(find: impl Fn(&str, &str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(find))
    }

    pub(crate) fn get(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        (self.0)(bucket, key)
    }
}

impl std::fmt::Debug for MemoryObjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryObjects").finish_non_exhaustive()
    }
}

/// The effect of a failed statement on its transaction. AWS's troubleshooting page mentions
/// transactions that were "aborted due to an error from a previous call", but does not say which
/// errors do that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OnError {
    /// It is rolled back, and gone: every later call with its id fails, COMMIT and ROLLBACK as
    /// well.
    #[default]
    Abort,
    /// It lives on as in MySQL, where most errors undo their statement alone.
    Keep,
}

/// Everything a [`Server`](crate::Server) needs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The database behind the server.
    pub upstream: Upstream,
    /// The source of logins.
    pub credentials: Credentials,
    /// The source of the objects that the database may load.
    pub objects: Objects,
    /// The only cluster that has the Data API enabled; `None` accepts any well-formed ARN.
    pub resource_arn: Option<String>,
    /// The service that decides if a caller may make a call, `host:port`; `None` lets everybody
    /// make every call.
    pub authority: Option<String>,
    /// The service's limits.
    pub limits: Limits,
    /// Faults to inject from the start.
    pub faults: Faults,
    /// The effect of a failed statement on its transaction.
    pub on_error: OnError,
    /// The wording of the database's errors.
    pub error_style: ErrorStyle,
    /// Statements that every database session starts with.
    pub session_init: Vec<String>,
    /// The most unused sessions kept for one login and database; with 0, every call outside of a
    /// transaction logs in.
    pub idle_sessions: usize,
}

impl Config {
    /// A server on a free loopback port with the service's limits and no faults, whose sessions are
    /// in strict mode, UTC and utf8mb4 and whose transactions end with the first error.
    #[must_use]
    pub fn new(upstream: Upstream, credentials: Credentials) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            upstream,
            credentials,
            objects: Objects::default(),
            resource_arn: None,
            authority: None,
            limits: Limits::default(),
            faults: Faults::default(),
            on_error: OnError::default(),
            error_style: ErrorStyle::default(),
            session_init: Self::default_session_init(),
            idle_sessions: 32,
        }
    }

    /// Strict mode, UTC and utf8mb4: what a careful Aurora parameter group sets.
    fn default_session_init() -> Vec<String> {
        vec![
            "SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,\
             NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
                .to_owned(),
        ]
    }

    /// Returns true if a backslash escapes inside the sessions' string literals.
    pub(crate) fn backslash_escapes(&self) -> bool {
        !self.session_init.iter().any(|sql| sql.to_ascii_uppercase().contains("NO_BACKSLASH_ESCAPES"))
    }
}
