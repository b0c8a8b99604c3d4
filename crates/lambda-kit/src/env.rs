//! Configuration from the environment, read once at start; an error names the variable.

/// A variable that a function cannot do without is missing or cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// The variable is not set, or set to nothing.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// The variable is set to something that it cannot mean.
    #[error("the environment variable {name} is {value:?}, which is not {expected}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it must be.
        expected: &'static str,
    },
}

/// The value of a variable that must be set.
///
/// # Errors
/// [`EnvError::Missing`] when it is not set, empty or not UTF-8.
pub fn required(name: &'static str) -> Result<String, EnvError> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).ok_or(EnvError::Missing(name))
}

/// The value of a variable that may be set, parsed; `None` when it is not set.
///
/// # Errors
/// [`EnvError::Invalid`] when it does not parse; `expected` says what it must be, as in "a number of seconds".
pub fn optional<T: std::str::FromStr>(
    name: &'static str,
    expected: &'static str,
) -> Result<Option<T>, EnvError> {
    let Ok(value) = required(name) else { return Ok(None) };
    value.parse().map(Some).map_err(|_| EnvError::Invalid { name, value, expected })
}
