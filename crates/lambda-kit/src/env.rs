//! Configuration from the environment, read once at start; an error names the variable.

/// A variable that a function cannot do without is missing or cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// The variable is not set, or set to nothing.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
}

/// The value of a variable that must be set.
///
/// # Errors
/// [`EnvError::Missing`] when it is not set, empty or not UTF-8.
pub fn required(name: &'static str) -> Result<String, EnvError> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).ok_or(EnvError::Missing(name))
}
