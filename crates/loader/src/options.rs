//! Settings of the loader.

use domain::dictionary::RejectLimit;
use domain::load::{CHUNK_BYTES, LoadPath};
use lambda_kit::env::{SettingError, Settings};

/// Chunks that are committed side by side unless `ROWGATE_LANES` says otherwise;
/// `docs/benchmarks.md` has the figures.
const LANES: usize = 3;

/// Chunks side by side at most. Each holds a chunk and its SQL in memory, some 4 MiB, and one of
/// the database's connections.
pub(crate) const MAX_LANES: usize = 16;

/// Bytes of content in a chunk at least, below which ledger rows would outweigh the rows
/// themselves, and at most, so that all lanes together stay far below the function's memory.
const SMALLEST_CHUNK: u64 = 1024;
const LARGEST_CHUNK: u64 = 4 * 1024 * 1024;

/// The default of `ROWGATE_REJECTED_KEEP_DAYS`, the days that rejected rows of the API are kept: a
/// year.
const REJECTED_KEEP_DAYS: u32 = 365;

/// The longest that may be asked for: a hundred years.
const LONGEST_DAYS: u32 = 36_500;

/// Settings of the loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The way of rows into the database.
    pub path: LoadPath,
    /// Chunks of a load that are committed side by side, 1 to 16.
    pub lanes: usize,
    /// Bytes of content that a chunk ends with, 1 KiB to 4 MiB.
    pub chunk_bytes: u64,
    /// Records of a load that may be rejected before it fails, where the dictionary sets no limit
    /// for the table.
    pub max_rejects: Option<RejectLimit>,
    /// Days for which the rows are kept that the API rejected; 0 keeps them for ever.
    pub rejected_keep_days: u32,
}

impl Default for Options {
    fn default() -> Self {
        let rejected_keep_days = REJECTED_KEEP_DAYS;
        let path = LoadPath::default();
        Self { path, lanes: LANES, chunk_bytes: CHUNK_BYTES, max_rejects: None, rejected_keep_days }
    }
}

impl Options {
    /// Reads `ROWGATE_LOADER_PATH`, `ROWGATE_LANES`, `ROWGATE_CHUNK_BYTES`, `ROWGATE_MAX_REJECTS`
    /// and `ROWGATE_REJECTED_KEEP_DAYS`; what is not set, or empty, has its default.
    ///
    /// # Errors
    /// [`SettingError`] names the variable that cannot be used.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let settings = Settings(variable);
        let defaults = Self::default();
        let path = settings.get("ROWGATE_LOADER_PATH", LoadPath::parse, "neither statements nor s3")?;
        let lanes = settings.number("ROWGATE_LANES", defaults.lanes as u64, 1..=MAX_LANES as u64)?;
        let chunk_limits = SMALLEST_CHUNK..=LARGEST_CHUNK;
        let chunk_bytes = settings.number("ROWGATE_CHUNK_BYTES", defaults.chunk_bytes, chunk_limits)?;
        let fault = "neither a count like 100 nor a share like 5%";
        let max_rejects =
            settings.get("ROWGATE_MAX_REJECTS", |limit| RejectLimit::parse(limit).ok(), fault)?;
        let (days, day_limits) = (REJECTED_KEEP_DAYS.into(), 0..=LONGEST_DAYS.into());
        let days = settings.number("ROWGATE_REJECTED_KEEP_DAYS", days, day_limits)?;
        let rejected_keep_days = u32::try_from(days).unwrap_or(LONGEST_DAYS);
        let lanes = usize::try_from(lanes).unwrap_or(MAX_LANES);
        let path = path.unwrap_or_default();
        Ok(Self { path, lanes, chunk_bytes, max_rejects, rejected_keep_days })
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
        assert_eq!(read("ROWGATE_LANES", "16"), Ok(Options { lanes: 16, ..Options::default() }));
        assert_eq!(read("ROWGATE_LOADER_PATH", "statements"), Ok(Options::default()));
        assert_eq!(read("ROWGATE_LOADER_PATH", "s3").unwrap().path, LoadPath::S3);
        assert_eq!(
            read("ROWGATE_CHUNK_BYTES", "1024"),
            Ok(Options { chunk_bytes: 1024, ..Options::default() })
        );
        assert_eq!(read("ROWGATE_MAX_REJECTS", "5%").unwrap().max_rejects, RejectLimit::parse("5%").ok());
        for (value, days) in [("0", 0), ("30", 30), ("36500", 36_500), ("", 365)] {
            assert_eq!(read("ROWGATE_REJECTED_KEEP_DAYS", value).unwrap().rejected_keep_days, days);
        }
    }

    #[test]
    fn names_the_variable_that_cannot_be_used() {
        for (name, value, expected) in [
            ("ROWGATE_LANES", "0", "ROWGATE_LANES=\"0\" is not a whole number from 1 to 16"),
            ("ROWGATE_LANES", "17", "ROWGATE_LANES=\"17\" is not a whole number from 1 to 16"),
            (
                "ROWGATE_CHUNK_BYTES",
                "1k",
                "ROWGATE_CHUNK_BYTES=\"1k\" is not a whole number from 1024 to 4194304",
            ),
            (
                "ROWGATE_REJECTED_KEEP_DAYS",
                "36501",
                "ROWGATE_REJECTED_KEEP_DAYS=\"36501\" is not a whole number from 0 to 36500",
            ),
            ("ROWGATE_LOADER_PATH", "S3", "ROWGATE_LOADER_PATH=\"S3\" is neither statements nor s3"),
            (
                "ROWGATE_MAX_REJECTS",
                "some",
                "ROWGATE_MAX_REJECTS=\"some\" is neither a count like 100 nor a share like 5%",
            ),
        ] {
            assert_eq!(read(name, value), Err(expected.to_owned()));
        }
    }
}
