//! Configuration from the environment, read once at start; an error names the variable.

use std::ops::RangeInclusive;

/// A required variable is missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// The variable is not set, or set to nothing.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
}

/// Returns the value of an optional variable; `None` if it is unset, empty or not UTF-8.
pub fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the value of a required variable.
///
/// # Errors
/// [`EnvError::Missing`] where [`optional`] returns none.
pub fn required(name: &'static str) -> Result<String, EnvError> {
    optional(name).ok_or(EnvError::Missing(name))
}

/// An invalid setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}={value:?} is {fault}")]
pub struct SettingError {
    /// The variable.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// The fault, such as `not a whole number from 1 to 8`.
    pub fault: String,
}

/// Optional variables, and the function that reads them: [`optional`] in functions, a map in tests.
/// An empty variable counts as unset.
#[derive(Debug)]
pub struct Settings<R>(pub R);

impl<R: Fn(&str) -> Option<String>> Settings<R> {
    /// Reads a variable by `read`; `None` if it is unset.
    ///
    /// # Errors
    /// [`SettingError`] with `fault` where `read` makes nothing of it.
    pub fn get<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
        fault: &str,
    ) -> Result<Option<T>, SettingError> {
        let Some(value) = (self.0)(name).filter(|value| !value.is_empty()) else { return Ok(None) };
        match read(&value) {
            Some(setting) => Ok(Some(setting)),
            None => Err(SettingError { name, value, fault: fault.to_owned() }),
        }
    }

    /// Reads a number within limits; `default` if the variable is unset.
    ///
    /// # Errors
    /// [`SettingError`] where it holds anything else.
    pub fn number(
        &self,
        name: &'static str,
        default: u64,
        limits: RangeInclusive<u64>,
    ) -> Result<u64, SettingError> {
        let read = |value: &str| value.parse().ok().filter(|number| limits.contains(number));
        let fault = format!("not a whole number from {} to {}", limits.start(), limits.end());
        Ok(self.get(name, read, &fault)?.unwrap_or(default))
    }
}
