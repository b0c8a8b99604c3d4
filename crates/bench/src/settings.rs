//! The settings of the command line that all measures share.

use std::path::PathBuf;

use anyhow::{Result, ensure};

/// Settings of a measurement, and the programs to use.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The folder of the programs.
    pub(crate) binaries: PathBuf,
    /// The packages that are functions.
    pub(crate) functions: Vec<String>,
    /// A Python with the modules of `local/bench-requirements.txt`.
    pub(crate) python: PathBuf,
    /// The folder for the local cloud of the measure from the drop.
    pub(crate) cloud: PathBuf,
    /// True to do few rounds with few rows.
    pub(crate) quick: bool,
    /// The loader's lanes; its default without.
    pub(crate) lanes: Option<usize>,
    /// The loader's chunk size; its default without.
    pub(crate) chunk_bytes: Option<u64>,
    /// The file of the chart; none without.
    pub(crate) chart: Option<PathBuf>,
}

impl Settings {
    /// Returns the packages that are functions, for the parts that need all of them.
    pub(crate) fn functions(&self) -> Result<&[String]> {
        ensure!(!self.functions.is_empty(), "--functions must name the functions");
        Ok(&self.functions)
    }

    /// Returns the number of rounds.
    pub(crate) fn rounds(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }

    /// Returns the number of rows; a quick run has a fiftieth of them.
    pub(crate) fn rows(&self, full: u64) -> u64 {
        if self.quick { full / 50 } else { full }
    }
}
