//! Settings of the backup function.

use std::time::Duration;

use domain::avro::Codec;
use lambda_kit::env::{SettingError, Settings};

/// The default of `ROWGATE_BACKUP_KEEP_DAYS`, the days that a backup is kept: a month, and some
/// days to notice.
const KEEP_DAYS: u64 = 35;

/// The longest that may be asked for: ten years.
const LONGEST_DAYS: u64 = 3660;

/// Compressed bytes after which the next file of a table begins, unless `ROWGATE_BACKUP_PART_BYTES`
/// says otherwise: large enough that files are few, small enough to be copied, checked or lost one
/// by one.
const PART_BYTES: u64 = 256 * 1024 * 1024;

/// A file's bytes at least, below which headers would outweigh rows, and at most: an upload's parts
/// reach to 48 GiB.
const SMALLEST_PART: u64 = 1024;
const LARGEST_PART: u64 = 32 * 1024 * 1024 * 1024;

const DAY: u64 = 24 * 60 * 60;

/// Settings of the backup function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The compression of blocks.
    pub codec: Codec,
    /// The least time that a backup is kept.
    pub keep: Duration,
    /// Compressed bytes after which the next file of a table begins, 1 KiB to 32 GiB.
    pub part_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { codec: Codec::default(), keep: Duration::from_secs(KEEP_DAYS * DAY), part_bytes: PART_BYTES }
    }
}

impl Options {
    /// Reads `ROWGATE_BACKUP_CODEC`, `ROWGATE_BACKUP_KEEP_DAYS` and `ROWGATE_BACKUP_PART_BYTES`;
    /// what is not set, or empty, has its default.
    ///
    /// # Errors
    /// [`SettingError`] names the variable that cannot be used.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let settings = Settings(variable);
        let no_codec = "none of deflate, zstandard and null";
        let codec = settings.get("ROWGATE_BACKUP_CODEC", Codec::from_name, no_codec)?.unwrap_or_default();
        let days = settings.number("ROWGATE_BACKUP_KEEP_DAYS", KEEP_DAYS, 1..=LONGEST_DAYS)?;
        let part_limits = SMALLEST_PART..=LARGEST_PART;
        let part_bytes = settings.number("ROWGATE_BACKUP_PART_BYTES", PART_BYTES, part_limits)?;
        Ok(Self { codec, keep: Duration::from_secs(days * DAY), part_bytes })
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
        assert_eq!(read("ROWGATE_BACKUP_CODEC", ""), Ok(Options::default()));
        for codec in [Codec::Null, Codec::Deflate, Codec::Zstandard] {
            let expected = Options { codec, ..Options::default() };
            assert_eq!(read("ROWGATE_BACKUP_CODEC", codec.as_str()), Ok(expected));
        }
        let day = Duration::from_secs(24 * 3600);
        assert_eq!(read("ROWGATE_BACKUP_KEEP_DAYS", "1").unwrap().keep, day);
        assert_eq!(read("ROWGATE_BACKUP_PART_BYTES", "1024").unwrap().part_bytes, 1024);
    }

    #[test]
    fn names_the_variable_that_cannot_be_used() {
        for (name, value, expected) in [
            (
                "ROWGATE_BACKUP_CODEC",
                "gzip",
                "ROWGATE_BACKUP_CODEC=\"gzip\" is none of deflate, zstandard and null",
            ),
            (
                "ROWGATE_BACKUP_KEEP_DAYS",
                "0",
                "ROWGATE_BACKUP_KEEP_DAYS=\"0\" is not a whole number from 1 to 3660",
            ),
            (
                "ROWGATE_BACKUP_PART_BYTES",
                "1M",
                "ROWGATE_BACKUP_PART_BYTES=\"1M\" is not a whole number from 1024 to 34359738368",
            ),
        ] {
            assert_eq!(read(name, value), Err(expected.to_owned()));
        }
    }
}
