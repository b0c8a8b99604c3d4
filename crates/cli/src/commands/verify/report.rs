//! The checks of a run and their results, a line each.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use crate::printer::Printer;

/// The result of a check that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It passed: what was seen.
    Passed(String),
    /// It could not be tried: why.
    Skipped(String),
}

/// Returns that a check passed, with what was seen.
pub(super) fn passed(detail: impl Into<String>) -> Result<Outcome> {
    Ok(Outcome::Passed(detail.into()))
}

/// Returns that a check could not be tried, and why.
pub(super) fn skipped(why: impl Into<String>) -> Result<Outcome> {
    Ok(Outcome::Skipped(why.into()))
}

/// The status of a check, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Passed,
    Failed,
    Skipped,
}

/// A check and its result.
#[derive(Clone, Debug, Serialize)]
struct Checked {
    check: &'static str,
    status: Status,
    milliseconds: u64,
    /// What was seen, why it failed, or why it was skipped.
    detail: String,
}

/// The results of a run so far.
#[derive(Debug)]
pub(super) struct Report {
    printer: Printer,
    json: bool,
    started: Instant,
    checks: Vec<Checked>,
}

impl Report {
    /// Begins the report of a run; `json` keeps the results for one document at the end.
    pub(super) fn new(printer: Printer, json: bool) -> Self {
        Self { printer, json, started: Instant::now(), checks: Vec::new() }
    }

    /// Runs a check and prints its line. Returns true if it passed.
    ///
    /// # Errors
    /// A failure to write to stdout; a check that fails is no error here.
    pub(super) async fn check(
        &mut self,
        name: &'static str,
        work: impl Future<Output = Result<Outcome>>,
    ) -> Result<bool> {
        let spinner = self.printer.spinner(name);
        let started = Instant::now();
        let ended = work.await;
        drop(spinner);
        let (status, detail) = match ended {
            Ok(Outcome::Passed(detail)) => (Status::Passed, detail),
            Ok(Outcome::Skipped(why)) => (Status::Skipped, why),
            Err(error) => (Status::Failed, format!("{error:#}")),
        };
        self.push(Checked { check: name, status, milliseconds: milliseconds(started.elapsed()), detail })?;
        Ok(status == Status::Passed)
    }

    /// Returns true if this check has passed.
    pub(super) fn has_passed(&self, name: &str) -> bool {
        self.checks.iter().any(|checked| checked.check == name && checked.status == Status::Passed)
    }

    /// Records that checks could not be tried.
    ///
    /// # Errors
    /// A failure to write to stdout.
    pub(super) fn skip(&mut self, names: &[&'static str], why: &str) -> Result<()> {
        for name in names {
            let detail = why.to_owned();
            self.push(Checked { check: name, status: Status::Skipped, milliseconds: 0, detail })?;
        }
        Ok(())
    }

    /// Prints the summary of a run that is whole, or was cut off; returns true if it is whole and
    /// no check failed.
    ///
    /// # Errors
    /// A failure to write to stdout.
    pub(super) fn end(&self, is_whole: bool) -> Result<bool> {
        #[derive(Serialize)]
        struct Document<'a> {
            status: Status,
            milliseconds: u64,
            checks: &'a [Checked],
        }
        let counts = [Status::Passed, Status::Skipped, Status::Failed]
            .map(|status| self.checks.iter().filter(|check| check.status == status).count());
        let [passed, skipped, failed] = counts;
        let time = self.started.elapsed();
        let is_proved = is_whole && failed == 0;
        if self.json {
            let status = if is_proved { Status::Passed } else { Status::Failed };
            let document = Document { status, milliseconds: milliseconds(time), checks: &self.checks };
            self.printer.line(serde_json::to_string_pretty(&document)?)?;
        } else {
            self.printer.line(format!(
                "{passed} passed, {failed} failed, {skipped} skipped, in {:.1} s",
                time.as_secs_f64()
            ))?;
        }
        Ok(is_proved)
    }

    fn push(&mut self, checked: Checked) -> Result<()> {
        if self.json {
            self.printer.note(&checked.to_string());
        } else {
            self.printer.line(&checked)?;
        }
        self.checks.push(checked);
        Ok(())
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, status, milliseconds, detail } = self;
        let status = match status {
            Status::Passed => "passed",
            Status::Failed => "FAILED",
            Status::Skipped => "skipped",
        };
        let seconds = Duration::from_millis(*milliseconds).as_secs_f64();
        // One line, whatever the service said.
        let detail = detail.split_whitespace().collect::<Vec<_>>().join(" ");
        write!(f, "{status:<7} {seconds:>6.1} s  {check:<13} {detail}")
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::user_error;

    #[tokio::test]
    async fn a_check_is_one_line_and_one_that_fails_fails_all() {
        let mut report = Report::new(Printer::for_terminal(), true);
        assert!(report.check("status", async { passed("version 1") }).await.unwrap());
        assert!(!report.check("metrics", async { skipped("none here") }).await.unwrap());
        assert!(report.end(true).unwrap() && !report.end(false).unwrap());
        assert!(!report.check("rows", async { Err(user_error("no\n  rows")) }).await.unwrap());
        report.skip(&["page"], "there are no rows").unwrap();
        assert!(!report.end(true).unwrap());
        let mut lines = report.checks.iter().map(|check| {
            let line = Checked { milliseconds: 1250, ..check.clone() }.to_string();
            line.trim_end().to_owned()
        });
        assert_eq!(
            [(); 4].map(|()| lines.next().unwrap()),
            [
                "passed     1.2 s  status        version 1",
                "skipped    1.2 s  metrics       none here",
                "FAILED     1.2 s  rows          no rows",
                "skipped    1.2 s  page          there are no rows",
            ]
        );
        let json = serde_json::to_value(&report.checks[2]).unwrap();
        assert_eq!((&json["check"], &json["status"]), (&"rows".into(), &"failed".into()));
    }
}
