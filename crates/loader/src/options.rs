//! What may be set for the loader.

use domain::load::{CHUNK_BYTES, RejectLimit};

/// Chunks that are committed side by side unless `ROWGATE_LANES` says otherwise; `docs/benchmarks.md` has the figures.
const LANES: usize = 3;

/// Chunks side by side at most. Each holds a chunk and its SQL in memory, some 4 MiB, and one of the database's
/// connections.
pub(crate) const MAX_LANES: usize = 16;

/// Bytes of content in a chunk at least, below which ledger rows would outweigh the rows themselves, and at most, so that
/// all lanes together stay far below the function's memory.
const SMALLEST_CHUNK: u64 = 1024;
const LARGEST_CHUNK: u64 = 4 * 1024 * 1024;

/// What may be set for the loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Chunks of a load that are committed side by side, 1 to 16.
    pub lanes: usize,
    /// Bytes of content that a chunk ends with, 1 KiB to 4 MiB.
    pub chunk_bytes: u64,
    /// Records of a load that may be rejected before it fails, where the dictionary sets no limit for the table.
    pub max_rejects: Option<RejectLimit>,
}

impl Default for Options {
    fn default() -> Self {
        Self { lanes: LANES, chunk_bytes: CHUNK_BYTES, max_rejects: None }
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
    /// Not a limit of rejects.
    #[error("ROWGATE_MAX_REJECTS={0:?} is neither a count like 100 nor a share like 5%")]
    MaxRejects(String),
}

impl Options {
    /// Reads `ROWGATE_LANES`, `ROWGATE_CHUNK_BYTES` and `ROWGATE_MAX_REJECTS`; what is not set, or empty, has its
    /// default.
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
        let defaults = Self::default();
        let lanes = number("ROWGATE_LANES", defaults.lanes as u64, 1, MAX_LANES as u64)?;
        let chunk_bytes = number("ROWGATE_CHUNK_BYTES", defaults.chunk_bytes, SMALLEST_CHUNK, LARGEST_CHUNK)?;
        let max_rejects = match variable("ROWGATE_MAX_REJECTS") {
            None => None,
            Some(value) => Some(RejectLimit::parse(&value).map_err(|_| OptionsError::MaxRejects(value))?),
        };
        Ok(Self { lanes: usize::try_from(lanes).unwrap_or(MAX_LANES), chunk_bytes, max_rejects })
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
        assert_eq!(
            read("ROWGATE_CHUNK_BYTES", "1024"),
            Ok(Options { chunk_bytes: 1024, ..Options::default() })
        );
        assert_eq!(read("ROWGATE_MAX_REJECTS", "5%").unwrap().max_rejects, RejectLimit::parse("5%").ok());
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
                "ROWGATE_MAX_REJECTS",
                "some",
                "ROWGATE_MAX_REJECTS=\"some\" is neither a count like 100 nor a share like 5%",
            ),
        ] {
            assert_eq!(read(name, value), Err(expected.to_owned()));
        }
    }
}
