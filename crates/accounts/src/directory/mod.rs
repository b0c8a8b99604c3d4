//! The port to a user pool.

mod cognito;

use std::fmt::Debug;

use jiff::Timestamp;

use crate::password::{Password, PasswordRule};
use crate::username::Username;

pub use cognito::Cognito;

/// A user of the pool, without groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub username: String,
    /// True if the user may sign in.
    pub is_enabled: bool,
    /// True if the user has a password. A user without one never finished registering.
    pub has_password: bool,
    /// The time at which the user was created.
    pub created_at: Option<Timestamp>,
    /// The time of the last change, other than of groups.
    pub changed_at: Option<Timestamp>,
}

/// A page of users, in the pool's own order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Users {
    /// The users.
    pub users: Vec<User>,
    /// The token of the next page; `None` on the last one.
    pub next: Option<String>,
}

/// The result of creating a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The user exists now, and has no password yet.
    New,
    /// A user of this name existed already.
    Taken,
}

/// The result of adding a user to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// The user is in the group.
    Yes,
    /// There is no such group.
    NoGroup,
}

/// The tokens of a session, and their claims.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The token that API Gateway verifies.
    pub access_token: String,
    /// The token that renews the session; `None` if the one that was sent stays valid.
    pub refresh_token: Option<String>,
    /// Seconds for which the access token is valid.
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

/// An error of a user pool. No message contains a name, a password or a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// Name, password or token are wrong, locked, disabled or expired. The pool's code is for the
    /// log alone.
    #[error("the user pool refuses the credentials ({0})")]
    Refused(String),
    /// There is no such user.
    #[error("there is no such user")]
    NoUser,
    /// The password breaks the pool's rule.
    #[error("the password breaks the rule of the user pool")]
    Password,
    /// The requested page does not exist.
    #[error("the user pool has no such page")]
    NoPage,
    /// The call may succeed later: it was throttled, unavailable or too slow.
    #[error("the user pool does not answer {operation} right now ({code})")]
    Busy {
        /// The operation.
        operation: &'static str,
        /// The pool's code, or the reason why there is none.
        code: String,
    },
    /// The call will not succeed later either: a right is missing, or the pool has another
    /// configuration.
    #[error("the user pool refuses {operation} ({code})")]
    Failed {
        /// The operation.
        operation: &'static str,
        /// The pool's code.
        code: String,
    },
}

type Result<T> = std::result::Result<T, DirectoryError>;

/// The calls to a user pool that accounts need.
///
/// Every change is idempotent: it sets a state.
pub trait Directory: Debug + Clone + Send + Sync + 'static {
    /// Adds a user without a password and without groups.
    fn create(&self, name: &Username) -> impl Future<Output = Result<Created>> + Send;

    /// Sets the password of a user.
    fn set_password(&self, name: &Username, password: &Password) -> impl Future<Output = Result<()>> + Send;

    /// Returns a user, if it exists.
    fn get(&self, name: &Username) -> impl Future<Output = Result<Option<User>>> + Send;

    /// Returns a page of users.
    fn list(&self, limit: i32, after: Option<&str>) -> impl Future<Output = Result<Users>> + Send;

    /// Returns the groups of a user.
    fn groups(&self, username: &str) -> impl Future<Output = Result<Vec<String>>> + Send;

    /// Returns the users in a group.
    fn members(&self, group: &str) -> impl Future<Output = Result<Vec<User>>> + Send;

    /// Adds a group, unless it exists.
    fn create_group(&self, group: &str) -> impl Future<Output = Result<()>> + Send;

    /// Adds a user to a group.
    fn join(&self, name: &Username, group: &str) -> impl Future<Output = Result<Joined>> + Send;

    /// Removes a user from a group.
    fn leave(&self, name: &Username, group: &str) -> impl Future<Output = Result<()>> + Send;

    /// Enables a user.
    fn enable(&self, name: &Username) -> impl Future<Output = Result<()>> + Send;

    /// Disables a user.
    fn disable(&self, name: &Username) -> impl Future<Output = Result<()>> + Send;

    /// Ends all sessions of a user. Access tokens stay valid until they expire.
    fn sign_out(&self, username: &str) -> impl Future<Output = Result<()>> + Send;

    /// Begins a session.
    fn sign_in(&self, name: &Username, password: &Password) -> impl Future<Output = Result<Session>> + Send;

    /// Renews a session.
    fn renew(&self, refresh_token: &str) -> impl Future<Output = Result<Session>> + Send;

    /// Returns the rule for passwords.
    fn password_rule(&self) -> impl Future<Output = Result<PasswordRule>> + Send;
}
