//! What accounts need of a user pool.

use std::fmt::Debug;

use jiff::Timestamp;

use crate::password::{Password, PasswordRule};
use crate::username::Username;

/// A user of the pool, without groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub username: String,
    /// Whether the user may sign in.
    pub is_enabled: bool,
    /// Whether the user has a password. One without was never finished registering.
    pub has_password: bool,
    /// When the user was made.
    pub created_at: Option<Timestamp>,
    /// When the user was changed last, but for groups.
    pub changed_at: Option<Timestamp>,
}

/// A page of users, in the pool's own order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Users {
    /// The users.
    pub users: Vec<User>,
    /// What the next page begins after; `None` on the last one.
    pub next: Option<String>,
}

/// What became of a new user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The user is there, and has no password yet.
    New,
    /// There was one of this name.
    Taken,
}

/// Whether a user was put into a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// The user is in it.
    Yes,
    /// There is no such group.
    NoGroup,
}

/// The tokens of a person who signed in, and what is in them.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// What API Gateway checks.
    pub access_token: String,
    /// What the next session is asked for with; `None` where the one that was given stays good.
    pub refresh_token: Option<String>,
    /// Seconds that the access token is good for.
    pub expires_in: i32,
    /// The name in the access token.
    pub username: String,
    /// The groups in it.
    pub groups: Vec<String>,
}

impl Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Tokens are as good as passwords.
        formatter.debug_struct("Session").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// Why a user pool did not do as it was asked. No message has a name, a password or a token in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// Name, password or token are not taken: wrong, locked, disabled, over. The pool's code is for the log alone.
    #[error("the user pool refuses the credentials ({0})")]
    Refused(String),
    /// There is no such user.
    #[error("there is no such user")]
    NoUser,
    /// The password breaks the pool's rule.
    #[error("the password breaks the rule of the user pool")]
    Password,
    /// The page that is asked for does not exist.
    #[error("the user pool has no such page")]
    NoPage,
    /// It may work later: throttled, away, too slow.
    #[error("the user pool does not answer {operation} right now ({code})")]
    Busy {
        /// What was asked.
        operation: &'static str,
        /// The pool's code, or what kept it from being asked.
        code: String,
    },
    /// It will not work later either: a right is missing, or the pool is set up otherwise.
    #[error("the user pool refuses {operation} ({code})")]
    Failed {
        /// What was asked.
        operation: &'static str,
        /// The pool's code.
        code: String,
    },
}

type Result<T> = std::result::Result<T, DirectoryError>;

/// The user pool, as far as accounts need it.
///
/// Every change may be repeated: it asks for a state, and not for a step.
pub trait Directory: Debug + Clone + Send + Sync + 'static {
    /// Adds a user without a password and without groups.
    fn create(&self, name: &Username) -> impl Future<Output = Result<Created>> + Send;

    /// Gives a user this password.
    fn set_password(&self, name: &Username, password: &Password) -> impl Future<Output = Result<()>> + Send;

    /// One user.
    fn get(&self, name: &Username) -> impl Future<Output = Result<Option<User>>> + Send;

    /// A page of users.
    fn list(&self, limit: i32, after: Option<&str>) -> impl Future<Output = Result<Users>> + Send;

    /// The groups of a user.
    fn groups(&self, username: &str) -> impl Future<Output = Result<Vec<String>>> + Send;

    /// The users in a group.
    fn members(&self, group: &str) -> impl Future<Output = Result<Vec<User>>> + Send;

    /// Adds a group; one of this name may be there.
    fn create_group(&self, group: &str) -> impl Future<Output = Result<()>> + Send;

    /// Puts a user into a group.
    fn join(&self, name: &Username, group: &str) -> impl Future<Output = Result<Joined>> + Send;

    /// Takes a user out of a group.
    fn leave(&self, name: &Username, group: &str) -> impl Future<Output = Result<()>> + Send;

    /// Lets a user sign in.
    fn enable(&self, name: &Username) -> impl Future<Output = Result<()>> + Send;

    /// Lets a user sign in no more.
    fn disable(&self, name: &Username) -> impl Future<Output = Result<()>> + Send;

    /// Ends all sessions of a user. Access tokens stay good until they are over.
    fn sign_out(&self, username: &str) -> impl Future<Output = Result<()>> + Send;

    /// Begins a session.
    fn sign_in(&self, name: &Username, password: &Password) -> impl Future<Output = Result<Session>> + Send;

    /// Continues a session.
    fn renew(&self, refresh_token: &str) -> impl Future<Output = Result<Session>> + Send;

    /// The rule for passwords.
    fn password_rule(&self) -> impl Future<Output = Result<PasswordRule>> + Send;
}
