//! The one place that writes to the terminal: results to stdout, everything else to stderr.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A step shorter than this is reported without its duration.
const WORTH_TIMING: Duration = Duration::from_secs(1);

/// Writes results to stdout and progress to stderr.
#[derive(Clone, Copy, Debug)]
pub struct Printer {
    animated: bool,
    coloured: bool,
}

impl Printer {
    /// A printer for this process's terminal. Nothing is animated unless stderr is a terminal, and nothing is
    /// coloured where `NO_COLOR` is set.
    pub fn for_terminal() -> Self {
        let terminal = io::stderr().is_terminal();
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { animated: terminal, coloured: terminal && !no_color }
    }

    /// Writes a result to stdout.
    ///
    /// # Errors
    /// Where stdout cannot be written. A reader that closed the pipe early (`| head`) is no error.
    pub(crate) fn result(self, text: &str) -> io::Result<()> {
        self.part(text).map(|_| ())
    }

    /// Writes a part of a result to stdout; false where nobody reads it any more.
    ///
    /// # Errors
    /// Where stdout cannot be written.
    pub(crate) fn part(self, text: &str) -> io::Result<bool> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            other => other.map(|()| true),
        }
    }

    /// Writes one line of progress.
    pub(crate) fn note(self, text: &str) {
        // A stderr that is gone cannot be told about.
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

    /// Begins to send so many bytes.
    pub(crate) fn transfer(self, text: &str, bytes: u64) -> Transfer {
        let bar = self.animated.then(|| {
            let bar = ProgressBar::new(bytes);
            let template = "{spinner} {msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(text.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if bar.is_none() {
            self.note(&format!("  {text} ..."));
        }
        Transfer(Step { printer: self, bar, started: Instant::now() })
    }

    /// Begins a step that may take a while.
    pub(crate) fn step(self, text: &str) -> Step {
        let bar = self.animated.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                bar.set_style(style);
            }
            bar.set_message(text.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if bar.is_none() {
            self.note(&format!("  {text} ..."));
        }
        Step { printer: self, bar, started: Instant::now() }
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

    /// Ends the step with one line that stays.
    pub(crate) fn done(mut self, text: &str) {
        self.clear();
        let taken = self.started.elapsed();
        if taken < WORTH_TIMING {
            self.printer.note(&format!("  {text}"));
        } else {
            self.printer.note(&format!("  {text} ({:.1} s)", taken.as_secs_f64()));
        }
    }

    /// Ends the step with one line that stays and names the time that it took elsewhere.
    pub(crate) fn done_after(mut self, text: &str, taken: Duration) {
        self.clear();
        self.printer.note(&format!("  {text} ({:.1} s)", taken.as_secs_f64()));
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Bytes under way, with a bar that shows how many have arrived.
pub(crate) struct Transfer(Step);

impl Transfer {
    /// Says that so many bytes more have arrived.
    pub(crate) fn advance(&self, bytes: u64) {
        if let Some(bar) = &self.0.bar {
            bar.inc(bytes);
        }
    }

    /// Says that so many bytes have arrived in all.
    pub(crate) fn set(&self, bytes: u64) {
        if let Some(bar) = &self.0.bar {
            bar.set_position(bytes);
        }
    }

    /// Ends with one line that stays.
    pub(crate) fn done(self, text: &str) {
        self.0.done(text);
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.clear();
    }
}
