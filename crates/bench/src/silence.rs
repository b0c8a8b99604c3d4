//! Silences standard output for a while.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;

use anyhow::Result;

/// Discards what this process writes to standard output until it is dropped. A handler within this
/// process logs there as in Lambda, one line or more for each request.
#[derive(Debug)]
pub(crate) struct Silence(OwnedFd);

impl Silence {
    pub(crate) fn begin() -> Result<Self> {
        io::stdout().flush()?;
        let kept = rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3)?;
        rustix::stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
        Ok(Self(kept))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = io::stdout().flush();
        let _ = rustix::stdio::dup2_stdout(&self.0);
    }
}
