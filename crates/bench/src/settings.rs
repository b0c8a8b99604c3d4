//! What all measures share of the command line.

use std::path::PathBuf;

/// How and with what to measure.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where the programs are.
    pub(crate) binaries: PathBuf,
    /// A Python that has the modules of `local/bench-requirements.txt`.
    pub(crate) python: PathBuf,
    /// Where the local cloud of the measure from the drop is put.
    pub(crate) cloud: PathBuf,
    /// A few rounds and few rows.
    pub(crate) quick: bool,
    /// What the loader is told; its defaults without.
    pub(crate) lanes: Option<usize>,
    /// See `lanes`.
    pub(crate) chunk_bytes: Option<u64>,
}

impl Settings {
    /// How many rounds.
    pub(crate) fn rounds(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }

    /// How many rows; a quick run has a fiftieth of them.
    pub(crate) fn rows(&self, full: u64) -> u64 {
        if self.quick { full / 50 } else { full }
    }
}
