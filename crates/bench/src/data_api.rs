//! Measures what the local Data API adds to a statement, with its own example.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::stage::Stage;
use crate::stats::milliseconds;
use crate::table::{Line, Table};

/// "under 0.5 ms median added to a `SELECT 1`" (issue 2).
const BAR: Duration = Duration::from_micros(500);

/// Runs `examples/latency` of `local-data-api` against the stage's MariaDB.
pub(crate) fn measure(stage: &Stage, binaries: &Path, rounds: usize, table: &mut Table) -> Result<()> {
    let output = Command::new(binaries.join("examples/latency"))
        .arg("--socket")
        .arg(stage.socket())
        .args(["--rounds", &rounds.to_string()])
        .output()
        .context(
            "cannot run examples/latency: build it with `cargo build -p local-data-api --example latency`",
        )?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "examples/latency failed: {}", String::from_utf8_lossy(&output.stderr));
    for (name, bar) in [("SELECT 1", Some(BAR)), ("INSERT, 60 KB of SQL", None)] {
        let [direct, through, added] = figures(&text, name)
            .with_context(|| format!("no {name} in the answer of examples/latency: {text}"))?;
        let what = format!("{name}: through the local Data API / over a bare connection");
        table.milliseconds(what, through, direct, None);
        table.add(Line {
            measure: "  of which the Data API added".to_owned(),
            ours: milliseconds(added),
            bar: bar.map(|bar| (format!("< {} ms", bar.as_secs_f64() * 1000.0), added < bar)),
            ..Line::default()
        });
    }
    Ok(())
}

/// Parses the three times in the line of this name: `SELECT 1   0.045 ms   0.161 ms   0.116 ms`.
fn figures(text: &str, name: &str) -> Option<[Duration; 3]> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let times: Vec<Duration> = line
        .split("ms")
        .filter_map(|figure| figure.trim().parse::<f64>().ok())
        .map(|figure| Duration::from_secs_f64(figure / 1000.0))
        .collect();
    times.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_example_prints() {
        let text = "median of one call   direct\nSELECT 1         0.045 ms    0.161 ms    0.116 ms\n";
        let micros = |count| Duration::from_micros(count);
        assert_eq!(figures(text, "SELECT 1"), Some([micros(45), micros(161), micros(116)]));
        assert_eq!(figures(text, "INSERT"), None);
    }
}
