//! Days and seconds as numbers since 1970.

use crate::value::{CivilDate, CivilTime, from_unix_millis};

/// The unit of a [`Loose::Timestamp`](super::Loose::Timestamp).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Thousandths of a second.
    Millis,
    /// Millionths of a second.
    Micros,
    /// Billionths of a second.
    Nanos,
}

impl Unit {
    /// Returns how many of them are a second.
    pub fn per_second(self) -> i64 {
        match self {
            Self::Millis => 1_000,
            Self::Micros => 1_000_000,
            Self::Nanos => 1_000_000_000,
        }
    }
}

/// Returns the second of a count since 1970-01-01T00:00:00, if it is a whole second that MySQL can
/// hold.
pub(super) fn second_of(count: i64, unit: Unit) -> Option<(CivilDate, CivilTime)> {
    (count.rem_euclid(unit.per_second()) == 0).then(|| floor(count, unit)).flatten()
}

/// Returns the second that a count is within.
fn floor(count: i64, unit: Unit) -> Option<(CivilDate, CivilTime)> {
    from_unix_millis(count.div_euclid(unit.per_second()).checked_mul(1000)?)
}

/// Returns true for the first second of a day, of which a column of days loses nothing.
pub(super) fn is_midnight(time: CivilTime) -> bool {
    time.parts() == (0, 0, 0)
}

/// Writes a count as `2021-07-27T16:02:08Z`, with a fraction if there is one; as a number if it has
/// no such form.
pub(super) fn timestamp_text(count: i64, unit: Unit) -> String {
    let Some((date, time)) = floor(count, unit) else {
        let unit = match unit {
            Unit::Millis => "milliseconds",
            Unit::Micros => "microseconds",
            Unit::Nanos => "nanoseconds",
        };
        return format!("({count} {unit} after 1970-01-01T00:00:00Z)");
    };
    let mut text = String::new();
    date.write_to(&mut text);
    text.push('T');
    time.write_to(&mut text);
    let fraction = count.rem_euclid(unit.per_second());
    if fraction != 0 {
        let digits = unit.per_second().ilog10() as usize;
        text.push('.');
        text.push_str(format!("{fraction:0digits$}").trim_end_matches('0'));
    }
    text + "Z"
}
