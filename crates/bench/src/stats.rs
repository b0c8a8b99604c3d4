//! Statistics of what was measured, and how figures are written.

use std::time::Duration;

use crate::function::Invocation;

/// The times of the same thing done repeatedly.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(crate) fn append(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// Returns a percentile by the nearest rank, which is a time that was measured; zero if none
    /// was.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100);
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

/// The same invocation done repeatedly.
#[derive(Debug, Default)]
pub(crate) struct Series {
    pub(crate) times: Times,
    /// The most memory of the function, in bytes.
    pub(crate) peak: u64,
    processor: [Times; 4],
}

impl Series {
    pub(crate) fn add(&mut self, done: &Invocation) {
        self.times.add(done.time);
        self.peak = self.peak.max(done.peak);
        for (times, time) in self.processor.iter_mut().zip(done.processor) {
            times.add(time);
        }
    }

    pub(crate) fn median(&self) -> Duration {
        self.times.median()
    }

    /// Returns the median processor times, in the order of [`Invocation::processor`].
    pub(crate) fn processor(&self) -> [Duration; 4] {
        self.processor.each_ref().map(Times::median)
    }
}

/// Returns how often `reference` fits into `ours`.
pub(crate) fn ratio(ours: Duration, reference: Duration) -> f64 {
    ours.as_secs_f64() / reference.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// Formats like `3.21 ms`, with three digits or so.
pub(crate) fn milliseconds(time: Duration) -> String {
    let value = time.as_secs_f64() * 1000.0;
    if value < 1.0 {
        format!("{value:.3} ms")
    } else if value < 100.0 {
        format!("{value:.2} ms")
    } else {
        format!("{value:.0} ms")
    }
}

/// Formats like `3.21 s`.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// Formats like `73 MiB`, rounded up.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

/// Formats like `48.5 MB`, rounded down.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

/// Formats like `198,000/s`.
pub(crate) fn per_second(rows: u64, time: Duration) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a rate to three digits")]
    let thousands = rows as f64 / time.as_secs_f64() / 1000.0;
    format!("{thousands:.0},000/s")
}

/// Formats like `1,000,000`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times = Times((1..=20).rev().map(Duration::from_millis).collect());
        assert_eq!(times.median(), Duration::from_millis(10));
        assert_eq!(times.percentile(99), Duration::from_millis(20));
        assert_eq!(Times::default().median(), Duration::ZERO);
    }

    #[test]
    fn groups_digits_by_three() {
        assert_eq!([0, 999, 1000, 10_000_000].map(grouped), ["0", "999", "1,000", "10,000,000"]);
    }
}
