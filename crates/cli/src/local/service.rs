//! A service of the local cloud: started once, found healthy by the next `up`, restarted when it is not as asked for.

use std::io::{Read, Seek, SeekFrom};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::layout::Layout;
use super::process::{self, Record, Spec};
use crate::exit::user_error;
use crate::http::HttpClient;
use crate::printer::Printer;

const POLL: Duration = Duration::from_millis(50);
/// A running service that does not answer within this long is restarted.
const PROBE_LIMIT: Duration = Duration::from_secs(5);
/// How much of a log is searched for its last lines.
const LOG_TAIL_BYTES: u64 = 4096;
const LOG_TAIL_LINES: usize = 6;

/// How a service shows that it is ready.
#[derive(Clone, Debug)]
pub(crate) enum Probe {
    /// It answers a GET of this URL with a 2xx.
    Http(String),
    /// It greets whoever connects to this socket.
    Socket(PathBuf),
}

impl Probe {
    pub(crate) async fn is_ready(&self, http: &HttpClient) -> bool {
        match self {
            Self::Http(url) => http.get(url, &[]).await.is_ok_and(|answer| answer.is_success()),
            Self::Socket(path) => greeted(path),
        }
    }
}

/// The database sends its version at once; one byte of it proves that it takes connections.
fn greeted(path: &Path) -> bool {
    let Ok(mut stream) = UnixStream::connect(path) else { return false };
    let mut byte = [0];
    stream.set_read_timeout(Some(PROBE_LIMIT)).is_ok() && stream.read_exact(&mut byte).is_ok()
}

/// What [`ensure`] found and did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ensured {
    WasRunning,
    Started,
}

/// Makes sure the service runs as `spec` says and answers, starting or restarting it where it does not.
pub(crate) async fn ensure(
    spec: &Spec,
    probe: &Probe,
    limit: Duration,
    layout: &Layout,
    http: &HttpClient,
    printer: Printer,
) -> Result<Ensured> {
    if is_as_asked(spec, probe, layout, http).await {
        printer.note(&format!("  {} is running", spec.name));
        return Ok(Ensured::WasRunning);
    }
    let step = printer.step(&format!("starting {}", spec.name));
    process::stop(spec.name, spec.grace, layout)?;
    spec.forget_outdated_state(layout)?;
    let (mut child, _) = spec.spawn(layout)?;
    wait_until_ready(&mut child, spec, probe, limit, layout, http).await?;
    step.done(&format!("{} started", spec.name));
    Ok(Ensured::Started)
}

/// Whether the very process asked for runs and answers.
pub(crate) async fn is_as_asked(spec: &Spec, probe: &Probe, layout: &Layout, http: &HttpClient) -> bool {
    let same = Record::read(spec.name, layout)
        .is_some_and(|record| record.is_alive() && record.fingerprint == spec.fingerprint());
    if !same {
        return false;
    }
    let started = Instant::now();
    while started.elapsed() < PROBE_LIMIT {
        if probe.is_ready(http).await {
            return true;
        }
        tokio::time::sleep(POLL).await;
    }
    false
}

async fn wait_until_ready(
    child: &mut Child,
    spec: &Spec,
    probe: &Probe,
    limit: Duration,
    layout: &Layout,
    http: &HttpClient,
) -> Result<()> {
    let started = Instant::now();
    let log = layout.log(spec.name);
    loop {
        if let Some(status) = child.try_wait()? {
            return Err(failure(&format!("{} ended at once ({status})", spec.name), &log));
        }
        if probe.is_ready(http).await {
            // Somebody else's server may answer on a port that was free a moment ago: ours must be alive now.
            tokio::time::sleep(POLL).await;
            if child.try_wait()?.is_none() {
                return Ok(());
            }
        }
        if started.elapsed() > limit {
            process::stop(spec.name, spec.grace, layout)?;
            return Err(failure(&format!("{} was not ready after {} s", spec.name, limit.as_secs()), &log));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// An error that names the log and shows its last lines.
pub(crate) fn failure(what: &str, log: &Path) -> anyhow::Error {
    let tail = log_tail(log).unwrap_or_default();
    let quoted = if tail.is_empty() { String::new() } else { format!(" Its last lines:\n{tail}") };
    user_error(format!("{what}. The log is {}.{quoted}", log.display()))
}

fn log_tail(log: &Path) -> Option<String> {
    let mut file = std::fs::File::open(log).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES))).ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LOG_TAIL_LINES)..];
    Some(last.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_the_end_of_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("database.log");
        std::fs::write(&log, (0..20).map(|line| format!("line {line}\n\n")).collect::<String>()).unwrap();
        let text = failure("database ended at once (exit status: 1)", &log).to_string();
        assert!(text.starts_with("database ended at once (exit status: 1). The log is "), "{text}");
        assert!(
            text.ends_with("    line 14\n    line 15\n    line 16\n    line 17\n    line 18\n    line 19")
        );
    }
}
