//! The service's limits, as data.

use std::time::Duration;

/// The limits of the service. [`Limits::default`] has the service's own values; tests lower them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest SQL text, in characters: 65,536, from the model's `SqlStatement`.
    pub sql_chars: usize,
    /// Largest request, in bytes, its headers included: 4 MiB.
    pub request_bytes: usize,
    /// Largest answer with `records` or `updateResults`, in bytes of its body; and largest result
    /// set in either format, in bytes as the database sent it: 1 MiB.
    pub result_bytes: usize,
    /// Largest answer with `formattedRecords`, in bytes of its body: 10 MB (10,000,000).
    pub formatted_bytes: usize,
    /// Largest row of a result set, in bytes as the database sent it: 64 KB (65,536).
    pub row_bytes: usize,
    /// Longest call: 45 s, counted from when its request has been read.
    pub call: Duration,
    /// The time that a transaction may lie idle before it is rolled back: 3 minutes.
    pub transaction_idle: Duration,
    /// The time that a transaction may live before it is rolled back: 24 hours.
    pub transaction_life: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sql_chars: 65_536,
            request_bytes: 4 * 1024 * 1024,
            result_bytes: 1024 * 1024,
            formatted_bytes: 10_000_000,
            row_bytes: 65_536,
            call: Duration::from_secs(45),
            transaction_idle: Duration::from_secs(180),
            transaction_life: Duration::from_secs(24 * 60 * 60),
        }
    }
}
