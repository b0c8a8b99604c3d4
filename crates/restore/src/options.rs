//! Settings of the restore function.

use std::time::Duration;

use domain::dictionary::RejectLimit;
use lambda_kit::env::{SettingError, Settings};

/// The default of `ROWGATE_LANES`, the number of chunks committed in parallel; the same as the
/// loader's, which `docs/benchmarks.md` explains.
const LANES: u64 = 3;

/// Chunks side by side at most: each is some 2 MiB in memory and one of the database's connections.
const MAX_LANES: u64 = 8;

/// The default of `ROWGATE_BACKUP_MAX_AGE_HOURS`, the allowed age of the newest backup: a day, and
/// two hours for a late backup.
const MAX_AGE_HOURS: u64 = 26;

/// The oldest that may be asked for, in hours: ten years.
const LONGEST_AGE_HOURS: u64 = 10 * 366 * 24;

/// The default of `ROWGATE_RESTORE_PREFIXES`, where external Avro is allowed; the deployment's
/// default too.
const PREFIX: &str = "avro/";

/// The folder of backups. The function may read it, so backup files can be restored like any
/// others.
const BACKUPS: &str = "backups/";

/// Settings of the restore function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Chunks of a table that are committed side by side, 1 to 8.
    pub lanes: usize,
    /// The age of the newest backup from which a drill fails.
    pub max_age: Duration,
    /// Rows of files that Rowgate did not write which may be rejected before their restore fails,
    /// where the dictionary sets no limit for the table.
    pub max_rejects: Option<RejectLimit>,
    /// The folders that external Avro may be restored from, each with its slash at the end; those
    /// of backups beside them.
    pub prefixes: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        let max_age = Duration::from_secs(MAX_AGE_HOURS * 3600);
        Self { lanes: LANES as usize, max_age, max_rejects: None, prefixes: vec![PREFIX.to_owned()] }
    }
}

impl Options {
    /// Reads `ROWGATE_LANES`, `ROWGATE_BACKUP_MAX_AGE_HOURS`, `ROWGATE_MAX_REJECTS` and
    /// `ROWGATE_RESTORE_PREFIXES`; a variable that is unset or empty has its default.
    ///
    /// # Errors
    /// [`SettingError`] names the variable that cannot be used.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let settings = Settings(variable);
        let lanes = settings.number("ROWGATE_LANES", LANES, 1..=MAX_LANES)?;
        let age_limits = 1..=LONGEST_AGE_HOURS;
        let hours = settings.number("ROWGATE_BACKUP_MAX_AGE_HOURS", MAX_AGE_HOURS, age_limits)?;
        let fault = "neither a count like 100 nor a share like 5%";
        let max_rejects =
            settings.get("ROWGATE_MAX_REJECTS", |limit| RejectLimit::parse(limit).ok(), fault)?;
        let fault = "not a list of folders like avro/,exports/glue/";
        let prefixes = settings.get("ROWGATE_RESTORE_PREFIXES", folders, fault)?;
        let prefixes = prefixes.unwrap_or_else(|| Self::default().prefixes);
        Ok(Self { lanes: lanes as usize, max_age: Duration::from_secs(hours * 3600), max_rejects, prefixes })
    }

    /// Checks that the function may read files whose keys begin with `prefix`.
    ///
    /// # Errors
    /// The reason against it, which names the folders that it may read.
    pub(crate) fn check_prefix(&self, prefix: &str) -> Result<(), String> {
        let allowed = || self.prefixes.iter().map(String::as_str).chain([BACKUPS]);
        if allowed().any(|folder| prefix.starts_with(folder)) {
            return Ok(());
        }
        let allowed: Vec<&str> = allowed().collect();
        Err(format!(
            "the function may not read files under {prefix}, only those under {}: copy them there, or add their folder to \
             the deployment's restorePrefixes",
            allowed.join(" or ")
        ))
    }
}

/// Splits a list at its commas; returns `None` if an entry is not a folder.
fn folders(list: &str) -> Option<Vec<String>> {
    let folder =
        |text: &str| Some(text.trim().to_owned()).filter(|text| text.len() > 1 && text.ends_with('/'));
    list.split(',').map(folder).collect()
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
        assert_eq!(read("ROWGATE_RESTORE_PREFIXES", "").unwrap().prefixes, ["avro/"]);
        let prefixes = read("ROWGATE_RESTORE_PREFIXES", "glue/exports/, spark/").unwrap().prefixes;
        assert_eq!(prefixes, ["glue/exports/", "spark/"]);
    }

    #[test]
    fn files_are_read_under_the_folders_that_are_set_and_under_backups() {
        let options = read("ROWGATE_RESTORE_PREFIXES", "glue/exports/,spark/").unwrap();
        for prefix in ["glue/exports/", "spark/run-1/part-0.avro", "backups/20261121-020000-00000001/tags/"] {
            assert_eq!(options.check_prefix(prefix), Ok(()), "{prefix}");
        }
        for prefix in ["avro/", "glue/", "spark", "rejected/tags/", "/spark/"] {
            let expected = format!(
                "the function may not read files under {prefix}, only those under glue/exports/ or spark/ or backups/: copy \
                 them there, or add their folder to the deployment's restorePrefixes"
            );
            assert_eq!(options.check_prefix(prefix), Err(expected));
        }
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
            (
                "ROWGATE_RESTORE_PREFIXES",
                "avro/,glue",
                "ROWGATE_RESTORE_PREFIXES=\"avro/,glue\" is not a list of folders like avro/,exports/glue/",
            ),
            (
                "ROWGATE_RESTORE_PREFIXES",
                "avro/,",
                "ROWGATE_RESTORE_PREFIXES=\"avro/,\" is not a list of folders like avro/,exports/glue/",
            ),
        ] {
            assert_eq!(read(name, value), Err(expected.to_owned()));
        }
    }
}
