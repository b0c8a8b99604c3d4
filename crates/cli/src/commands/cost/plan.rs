//! What a deployment is to do in a month.

use clap::Args;

/// Capacity units of a database that is awake, at least.
const AWAKE: f64 = 0.5;

/// Idle minutes after which Aurora pauses, as the stack ships.
const PAUSE_MINUTES: f64 = 15.0;

/// Hours of a month, as AWS's own examples count them.
pub(super) const HOURS: f64 = 730.0;

#[derive(Debug, Args)]
pub(super) struct Plan {
    /// Rows a month over HTTP.
    #[arg(long, value_name = "ROWS", default_value_t = 1_000_000)]
    pub(super) rows_by_api: u64,
    /// Rows of a request, 1 to 1000.
    #[arg(long, value_name = "ROWS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(super) batch: u64,
    /// Rows a month in dropped files.
    #[arg(long, value_name = "ROWS", default_value_t = 1_000_000)]
    pub(super) rows_by_file: u64,
    /// Rows of a file.
    #[arg(long, value_name = "ROWS", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) file_rows: u64,
    /// Bytes of a row in a file.
    #[arg(long, value_name = "BYTES", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    pub(super) row_bytes: u64,
    /// Rows in all tables, which each backup reads.
    #[arg(long, value_name = "ROWS", default_value_t = 1_000_000)]
    pub(super) table_rows: u64,
    /// Gigabytes of all tables in the database.
    #[arg(long, value_name = "GB", default_value_t = 1.0, value_parser = not_negative)]
    pub(super) table_gb: f64,
    /// Backups a month, each with its verification.
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    pub(super) backups_per_month: u32,
    /// Days for which a backup is kept.
    #[arg(long, value_name = "DAYS", default_value_t = 35)]
    pub(super) backup_keep_days: u32,
    /// Aurora's lower bound in capacity units.
    #[arg(long, value_name = "UNITS", default_value_t = 0.0, value_parser = not_negative)]
    pub(super) min_capacity: f64,
    /// Mean of Aurora's capacity units while it is awake; the lowest possible without.
    #[arg(long, value_name = "UNITS", value_parser = not_negative)]
    pub(super) mean_capacity: Option<f64>,
    /// Hours a month for which Aurora is awake; all with a canary as it ships or a lower bound
    /// above 0.
    #[arg(long, value_name = "HOURS", value_parser = not_negative)]
    pub(super) awake_hours: Option<f64>,
    /// Aurora instances beside the writer.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=15))]
    pub(super) readers: u32,
    /// The storage of Aurora that is I/O-Optimized, not the standard one.
    #[arg(long)]
    pub(super) io_optimized: bool,
    /// Minutes between two runs of the canary; 0 for none.
    #[arg(long, value_name = "MINUTES", default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=60))]
    pub(super) canary_minutes: u32,
}

impl Plan {
    /// Capacity units × hours of one instance.
    pub(super) fn unit_hours(&self) -> f64 {
        let lowest = self.min_capacity.max(AWAKE);
        let mean = self.mean_capacity.unwrap_or(lowest).max(lowest);
        // A backup and its drill wake it once each, as each run of the canary does, until it pauses
        // again.
        let wakes = 2.0 * f64::from(self.backups_per_month) + self.canary_runs();
        let woken = if self.min_capacity > 0.0 { HOURS } else { wakes * PAUSE_MINUTES / 60.0 };
        let hours = self.awake_hours.unwrap_or(woken).min(HOURS);
        mean * hours
    }

    /// Runs of the canary.
    pub(super) fn canary_runs(&self) -> f64 {
        if self.canary_minutes == 0 { 0.0 } else { HOURS * 60.0 / f64::from(self.canary_minutes) }
    }
}

fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err("not a number from 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        plan: Plan,
    }

    fn hours(line: &str) -> f64 {
        Line::try_parse_from(std::iter::once("x").chain(line.split_whitespace())).unwrap().plan.unit_hours()
    }

    #[test]
    fn a_canary_or_a_lower_bound_keeps_the_database_awake() {
        assert_eq!(hours(""), 365.0);
        assert_eq!(hours("--min-capacity 2"), 1460.0);
        assert_eq!(hours("--canary-minutes 0"), 7.5);
        assert_eq!(hours("--canary-minutes 15"), 365.0);
        assert_eq!(hours("--canary-minutes 60 --backups-per-month 0"), 91.25);
        assert_eq!(hours("--canary-minutes 0 --min-capacity 0.5"), 365.0);
        assert_eq!(hours("--canary-minutes 0 --awake-hours 100 --mean-capacity 4"), 400.0);
        assert_eq!(hours("--awake-hours 1000"), 365.0);
    }

    #[test]
    fn the_mean_is_not_below_the_lower_bound() {
        assert_eq!(hours("--min-capacity 2 --mean-capacity 1"), 1460.0);
    }
}
