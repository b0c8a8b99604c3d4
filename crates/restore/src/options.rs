//! What may be set for the restore function.

use std::time::Duration;

use domain::load::RejectLimit;
use lambda_kit::env::{SettingError, Settings};

/// Chunks that are committed side by side unless `ROWGATE_LANES` says otherwise; as the loader, of whose measurements
/// `docs/benchmarks.md` tells.
const LANES: u64 = 3;

/// Chunks side by side at most: each is some 2 MiB in memory and one of the database's connections.
const MAX_LANES: u64 = 8;

/// How old the newest backup may be unless `ROWGATE_BACKUP_MAX_AGE_HOURS` says otherwise: a day, and two hours for a backup
/// to come late.
const MAX_AGE_HOURS: u64 = 26;

/// The oldest that may be asked for, in hours: ten years.
const LONGEST_AGE_HOURS: u64 = 10 * 366 * 24;

/// What may be set for the restore function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Chunks of a table that are committed side by side, 1 to 8.
    pub lanes: usize,
    /// How old the newest backup may be before a drill fails.
    pub max_age: Duration,
    /// Rows of files that Rowgate did not write which may be rejected before their restore fails, where the dictionary sets
    /// no limit for the table.
    pub max_rejects: Option<RejectLimit>,
}

impl Default for Options {
    fn default() -> Self {
        let max_age = Duration::from_secs(MAX_AGE_HOURS * 3600);
        Self { lanes: LANES as usize, max_age, max_rejects: None }
    }
}

impl Options {
    /// Reads `ROWGATE_LANES`, `ROWGATE_BACKUP_MAX_AGE_HOURS` and `ROWGATE_MAX_REJECTS`; what is not set, or empty, has its
    /// default.
    ///
    /// # Errors
    /// [`SettingError`] names the variable that cannot be used.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let settings = Settings(variable);
        let lanes = settings.number("ROWGATE_LANES", LANES, 1..=MAX_LANES)?;
        let age_limits = 1..=LONGEST_AGE_HOURS;
        let hours = settings.number("ROWGATE_BACKUP_MAX_AGE_HOURS", MAX_AGE_HOURS, age_limits)?;
        let max_rejects = settings.max_rejects()?;
        Ok(Self { lanes: lanes as usize, max_age: Duration::from_secs(hours * 3600), max_rejects })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> Result<Options, String> {
        Options::read(|asked| (asked == name).then(|| value.to_owned())).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_what_is_set_and_keeps_the_rest() {
        assert_eq!(read("", ""), Ok(Options::default()));
        assert_eq!(read("ROWGATE_LANES", ""), Ok(Options::default()));
        assert_eq!(read("ROWGATE_LANES", "8"), Ok(Options { lanes: 8, ..Options::default() }));
        let hour = Duration::from_secs(3600);
        assert_eq!(read("ROWGATE_BACKUP_MAX_AGE_HOURS", "1").unwrap().max_age, hour);
        let limit = read("ROWGATE_MAX_REJECTS", "5%").unwrap().max_rejects;
        assert_eq!(limit, Some(RejectLimit::parse("5%").unwrap()));
    }

    #[test]
    fn names_the_variable_that_cannot_be_used() {
        for (name, value, expected) in [
            ("ROWGATE_LANES", "0", "ROWGATE_LANES=\"0\" is not a whole number from 1 to 8"),
            ("ROWGATE_LANES", "9", "ROWGATE_LANES=\"9\" is not a whole number from 1 to 8"),
            (
                "ROWGATE_BACKUP_MAX_AGE_HOURS",
                "1d",
                "ROWGATE_BACKUP_MAX_AGE_HOURS=\"1d\" is not a whole number from 1 to 87840",
            ),
            (
                "ROWGATE_MAX_REJECTS",
                "few",
                "ROWGATE_MAX_REJECTS=\"few\" is neither a count like 100 nor a share like 5%",
            ),
        ] {
            assert_eq!(read(name, value), Err(expected.to_owned()));
        }
    }
}
