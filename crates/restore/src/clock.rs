//! The time of day.

use jiff::Timestamp;

/// Now.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// `2026-11-21T04:00:12.345Z`
pub(crate) fn iso(time: Timestamp) -> String {
    format!("{time:.3}")
}
