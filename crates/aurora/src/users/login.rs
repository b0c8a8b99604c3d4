//! The user name and password of a secret.

use std::fmt;

use serde::Deserialize;

/// The longest user name, in characters: MySQL's limit.
const MAX_USER: usize = 32;

/// The shortest and the longest password, in characters.
const PASSWORD: std::ops::RangeInclusive<usize> = 16..=128;

/// A user name and password that are safe inside of a string of SQL: statements about users take no
/// parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    user: String,
    password: String,
}

/// Why a secret is no [`Login`]. Never quotes the password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSecret {
    /// It is not JSON, or a member is missing.
    #[error("it has to be a JSON object with the texts `username` and `password`")]
    Form,
    /// The user name has other characters, or too many.
    #[error("its `username` has to be 1 to {MAX_USER} letters (A to Z, a to z), digits and underscores")]
    User,
    /// The password has other characters, too few or too many.
    #[error(
        "its `password` has to be {} to {} letters (A to Z, a to z) and digits",
        PASSWORD.start(),
        PASSWORD.end()
    )]
    Password,
}

impl Login {
    /// Checks a user name and a password.
    ///
    /// # Errors
    ///
    /// The rule that one of them breaks.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Result<Self, InvalidSecret> {
        let (user, password) = (user.into(), password.into());
        let of_user = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if !(1..=MAX_USER).contains(&user.len()) || !user.bytes().all(of_user) {
            return Err(InvalidSecret::User);
        }
        if !PASSWORD.contains(&password.len()) || !password.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(InvalidSecret::Password);
        }
        Ok(Self { user, password })
    }

    /// Reads the text of a secret: `{"username": "…", "password": "…"}`. Other members, as
    /// databases' secrets have them, are ignored.
    ///
    /// # Errors
    ///
    /// The rule that it breaks.
    pub fn parse(secret: &str) -> Result<Self, InvalidSecret> {
        #[derive(Deserialize)]
        struct Secret {
            username: String,
            password: String,
        }
        // The parser's error may quote the password.
        let Secret { username, password } = serde_json::from_str(secret).map_err(|_| InvalidSecret::Form)?;
        Self::new(username, password)
    }

    /// Returns the user's name.
    pub fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// Returns a text without the password.
    pub(super) fn without_password(&self, text: &str) -> String {
        text.replace(&self.password, "…")
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}
