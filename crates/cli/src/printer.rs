//! The one place that writes to the terminal: results to stdout, everything else to stderr.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A step shorter than this is reported without its duration.
const WORTH_TIMING: Duration = Duration::from_secs(1);

/// Writes results to stdout and progress to stderr.
#[derive(Clone, Copy, Debug)]
pub struct Printer {
    animated: bool,
    coloured: bool,
}

impl Printer {
    /// A printer for this process's terminal. Nothing is animated unless stderr is a terminal, and
    /// nothing is coloured where `NO_COLOR` is set.
    pub fn for_terminal() -> Self {
        let terminal = io::stderr().is_terminal();
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { animated: terminal, coloured: terminal && !no_color }
    }

    /// Writes a result to stdout.
    ///
    /// # Errors
    /// A failure to write to stdout. A reader that closed the pipe early (`| head`) is no error.
    pub(crate) fn result(self, text: &str) -> io::Result<()> {
        self.part(text).map(|_| ())
    }

    /// Writes a result of one line to stdout.
    ///
    /// # Errors
    /// As [`result`](Self::result).
    pub(crate) fn line(self, line: impl Display) -> io::Result<()> {
        self.result(&format!("{line}\n"))
    }

    /// Writes a part of a result to stdout; returns false if the reader is gone.
    ///
    /// # Errors
    /// A failure to write to stdout.
    pub(crate) fn part(self, text: &str) -> io::Result<bool> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            other => other.map(|()| true),
        }
    }

    /// Writes one line of progress.
    pub(crate) fn note(self, text: &str) {
        // A failure of stderr cannot be reported.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Writes a heading between the parts of a longer run.
    pub(crate) fn heading(self, text: &str) {
        if self.coloured {
            self.note(&format!("\n\u{1b}[1m{text}\u{1b}[0m"));
        } else {
            self.note(&format!("\n{text}"));
        }
    }

    /// Writes an error, with its causes.
    pub fn error(self, error: &anyhow::Error) {
        let label = if self.coloured { "\u{1b}[1;31merror:\u{1b}[0m" } else { "error:" };
        self.note(&format!("{label} {error}"));
        for cause in error.chain().skip(1) {
            self.note(&format!("  caused by: {cause}"));
        }
    }

    /// Begins a step that may take a while.
    pub(crate) fn step(self, text: &str) -> Step {
        self.begin(text, None, "{spinner} {msg} ({elapsed})")
    }

    /// Begins a step that leaves nothing behind: its result is printed elsewhere.
    pub(crate) fn spinner(self, text: &str) -> Step {
        Step {
            printer: self,
            bar: self.bar(text, None, "{spinner} {msg} ({elapsed})"),
            started: Instant::now(),
        }
    }

    /// Begins to send so many bytes.
    pub(crate) fn transfer(self, text: &str, bytes: u64) -> Step {
        let template = "{spinner} {msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        self.begin(text, Some(bytes), template)
    }

    fn begin(self, text: &str, length: Option<u64>, template: &str) -> Step {
        let bar = self.bar(text, length, template);
        if bar.is_none() {
            self.note(&format!("  {text} ..."));
        }
        Step { printer: self, bar, started: Instant::now() }
    }

    /// Draws a step, if anything is animated.
    fn bar(self, text: &str, length: Option<u64>, template: &str) -> Option<ProgressBar> {
        self.animated.then(|| {
            let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(text.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        })
    }
}

/// A step under way. Dropping it without [`Step::done`] only removes its spinner.
pub(crate) struct Step {
    printer: Printer,
    bar: Option<ProgressBar>,
    started: Instant,
}

impl Step {
    /// Changes what the spinner says.
    pub(crate) fn update(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.to_owned());
        }
    }

    /// Adds so many bytes to those that have arrived.
    pub(crate) fn advance(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
    }

    /// Sets the number of bytes that have arrived.
    pub(crate) fn set(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
        }
    }

    /// Ends the step with one line that stays.
    pub(crate) fn done(self, text: &str) {
        let taken = self.started.elapsed();
        if taken < WORTH_TIMING {
            let printer = self.printer;
            drop(self);
            printer.note(&format!("  {text}"));
        } else {
            self.done_after(text, taken);
        }
    }

    /// Ends the step with one line that stays, and the time that it took elsewhere.
    pub(crate) fn done_after(self, text: &str, taken: Duration) {
        let printer = self.printer;
        drop(self);
        printer.note(&format!("  {text} ({:.1} s)", taken.as_secs_f64()));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
