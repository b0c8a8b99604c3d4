//! Configuration from the environment, read once at start; an error names the variable.

use std::ops::RangeInclusive;

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

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}={value:?} is {fault}")]
pub struct SettingError {
    /// The variable.
    pub name: &'static str,
    /// What it holds.
    pub value: String,
    /// What is wrong with it, as in `not a whole number from 1 to 8`.
    pub fault: String,
}

/// Variables that need not be set, and what reads them. One that is empty is as one that is not set.
#[derive(Debug)]
pub struct Settings<R>(pub R);

impl<R: Fn(&str) -> Option<String>> Settings<R> {
    /// What `read` makes of a variable; `None` where it is not set.
    ///
    /// # Errors
    /// [`SettingError`] with `fault` where `read` makes nothing of it.
    pub fn get<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
        fault: impl FnOnce() -> String,
    ) -> Result<Option<T>, SettingError> {
        let Some(value) = (self.0)(name).filter(|value| !value.is_empty()) else { return Ok(None) };
        match read(&value) {
            Some(setting) => Ok(Some(setting)),
            None => Err(SettingError { name, value, fault: fault() }),
        }
    }

    /// A number within limits; `default` where the variable is not set.
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
        let fault = || format!("not a whole number from {} to {}", limits.start(), limits.end());
        Ok(self.get(name, read, fault)?.unwrap_or(default))
    }
}
