//! Standard output, set aside for a while.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;

use anyhow::Result;

/// While it lives, what this process writes to standard output goes nowhere. A handler within this process writes its lines
/// there as in Lambda, one or more for each request, and the table would drown in them.
#[derive(Debug)]
pub(crate) struct Silence(OwnedFd);

impl Silence {
    /// # Errors
    /// When the system refuses it.
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
