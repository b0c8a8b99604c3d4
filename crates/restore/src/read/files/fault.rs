//! Errors in a file.

use std::io;

/// Why a file cannot be read on.
#[derive(Debug)]
pub(super) enum Fault {
    /// Its bytes could not be read.
    Read(io::Error),
    /// Its content is wrong: a sentence without its subject, the file, and without a full stop.
    Content(String),
}

impl Fault {
    pub(super) fn content(reason: impl Into<String>) -> Self {
        Self::Content(reason.into())
    }

    pub(super) fn cut_off() -> Self {
        Self::content("it is cut off")
    }
}
