//! Starts services, and restarts those that do not answer or are out of date.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use anyhow::Result;

use super::cloud::Cloud;
use super::probe::PROBE_LIMIT;
use super::process::{Record, Service, Spec};
use crate::exit::user_error;
use crate::wait::poll;

const POLL: Duration = Duration::from_millis(50);
/// The bytes of a log that are searched for its last lines.
const LOG_TAIL_BYTES: u64 = 4096;
const LOG_TAIL_LINES: usize = 6;

impl Cloud {
    /// Makes sure that the service runs as `spec` says and answers; starts or restarts it if it
    /// does not.
    pub(super) async fn ensure(&self, spec: &Spec) -> Result<()> {
        let Self { layout, printer, .. } = self;
        let name = spec.service.name;
        if self.is_up_to_date(spec).await {
            printer.note(&format!("  {name} is running"));
            return Ok(());
        }
        let step = printer.step(&format!("starting {name}"));
        spec.service.stop(layout)?;
        spec.remove_outdated_state(layout)?;
        let (mut child, _) = spec.spawn(layout)?;
        self.wait_until_ready(&mut child, spec).await?;
        step.done(&format!("{name} started"));
        Ok(())
    }

    /// Returns true if the very process of the spec runs and answers.
    async fn is_up_to_date(&self, spec: &Spec) -> bool {
        let same = Record::read(spec.service.name, &self.layout)
            .is_some_and(|record| record.is_alive() && record.fingerprint == spec.fingerprint());
        if !same {
            return false;
        }
        let answers = async || Ok(spec.probe.is_ready(&self.http).await.then_some(()));
        poll(|_| POLL, PROBE_LIMIT, answers).await.is_ok_and(|answer| answer.is_some())
    }

    async fn wait_until_ready(&self, child: &mut Child, spec: &Spec) -> Result<()> {
        let Service { name, start_limit, .. } = spec.service;
        let log = self.layout.log(name);
        let ready = poll(
            |_| POLL,
            start_limit,
            async || {
                if let Some(status) = child.try_wait()? {
                    return Err(failure(&format!("{name} ended at once ({status})"), &log));
                }
                if !spec.probe.is_ready(&self.http).await {
                    return Ok(None);
                }
                // Another server may answer on a port that was free just before: ours must be alive
                // now.
                tokio::time::sleep(POLL).await;
                Ok(child.try_wait()?.is_none().then_some(()))
            },
        );
        if ready.await?.is_some() {
            return Ok(());
        }
        spec.service.stop(&self.layout)?;
        Err(failure(&format!("{name} was not ready after {} s", start_limit.as_secs()), &log))
    }
}

/// Returns an error that names the log and shows its last lines.
pub(super) fn failure(what: &str, log: &Path) -> anyhow::Error {
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
