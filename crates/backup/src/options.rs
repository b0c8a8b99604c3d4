//! What may be set for the backup function.

use std::time::Duration;

use domain::avro::Codec;

/// How long a backup is kept unless `ROWGATE_BACKUP_KEEP_DAYS` says otherwise: a month, and some days to notice.
const KEEP_DAYS: u64 = 35;

/// The longest that may be asked for: ten years.
const LONGEST_DAYS: u64 = 3660;

/// Compressed bytes after which the next file of a table begins, unless `ROWGATE_BACKUP_PART_BYTES` says otherwise: large enough
/// that files are few, small enough to be copied, checked or lost one by one.
const PART_BYTES: u64 = 256 * 1024 * 1024;

/// A file's bytes at least, below which headers would outweigh rows, and at most: an upload's parts reach to 80 GiB.
const SMALLEST_PART: u64 = 1024;
const LARGEST_PART: u64 = 64 * 1024 * 1024 * 1024;

const DAY: u64 = 24 * 60 * 60;

/// What may be set for the backup function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// What blocks are compressed with.
    pub codec: Codec,
    /// How long a backup is kept at least.
    pub keep: Duration,
    /// Compressed bytes after which the next file of a table begins, 1 KiB to 64 GiB.
    pub part_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { codec: Codec::default(), keep: Duration::from_secs(KEEP_DAYS * DAY), part_bytes: PART_BYTES }
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// Not a number within the limits.
    #[error("{name}={value:?} is not a whole number from {min} to {max}")]
    Number {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// The least that it may be.
        min: u64,
        /// The most that it may be.
        max: u64,
    },
    /// Not a codec that files are written with.
    #[error("ROWGATE_BACKUP_CODEC={0:?} is none of deflate, zstandard and null")]
    Codec(String),
}

impl Options {
    /// Reads `ROWGATE_BACKUP_CODEC`, `ROWGATE_BACKUP_KEEP_DAYS` and `ROWGATE_BACKUP_PART_BYTES`; what is not set, or empty,
    /// has its default.
    ///
    /// # Errors
    /// [`OptionsError`] names the variable that cannot be used.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, OptionsError> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let number = |name: &'static str, default: u64, min: u64, max: u64| match variable(name) {
            None => Ok(default),
            Some(value) => match value.parse() {
                Ok(number) if (min..=max).contains(&number) => Ok(number),
                _ => Err(OptionsError::Number { name, value, min, max }),
            },
        };
        let codec = match variable("ROWGATE_BACKUP_CODEC") {
            None => Codec::default(),
            Some(name) => Codec::from_name(&name).ok_or(OptionsError::Codec(name))?,
        };
        let days = number("ROWGATE_BACKUP_KEEP_DAYS", KEEP_DAYS, 1, LONGEST_DAYS)?;
        let part_bytes = number("ROWGATE_BACKUP_PART_BYTES", PART_BYTES, SMALLEST_PART, LARGEST_PART)?;
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
                "ROWGATE_BACKUP_PART_BYTES=\"1M\" is not a whole number from 1024 to 68719476736",
            ),
        ] {
            assert_eq!(read(name, value), Err(expected.to_owned()));
        }
    }
}
