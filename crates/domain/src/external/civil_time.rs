//! Days and seconds as numbers since 1970.

use crate::value::{CivilTime, Timestamp, from_unix_millis};

/// The unit of a [`Loose::Timestamp`](super::Loose::Timestamp) or a
/// [`Loose::Time`](super::Loose::Time).
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

    fn name(self) -> &'static str {
        match self {
            Self::Millis => "milliseconds",
            Self::Micros => "microseconds",
            Self::Nanos => "nanoseconds",
        }
    }
}

/// Returns the moment of a count since 1970-01-01T00:00:00, with six digits of a fraction, if it is
/// a whole number of microseconds and one that MySQL can hold.
pub(super) fn moment_of(count: i64, unit: Unit) -> Option<Timestamp> {
    let micros = match unit {
        Unit::Millis => count.checked_mul(1000)?,
        Unit::Micros => count,
        Unit::Nanos => (count.rem_euclid(1000) == 0).then(|| count.div_euclid(1000))?,
    };
    Timestamp::from_unix_micros(micros, 6)
}

/// Returns the time of a count since midnight, if it is a whole second of a day.
pub(super) fn time_of(count: i64, unit: Unit) -> Option<CivilTime> {
    (count.rem_euclid(unit.per_second()) == 0).then(|| second_of(count, unit)).flatten()
}

/// Returns the second of a day that a count since midnight is within.
fn second_of(count: i64, unit: Unit) -> Option<CivilTime> {
    CivilTime::from_seconds(u32::try_from(count.div_euclid(unit.per_second())).ok()?)
}

/// Returns true for the beginning of a day, of which a column of days loses nothing.
pub(super) fn is_midnight(moment: Timestamp) -> bool {
    moment.time().seconds() == 0 && moment.micros() == 0
}

/// Writes a count as `2021-07-27T16:02:08Z`, with a fraction if there is one; as a number if it has
/// no such form.
pub(super) fn timestamp_text(count: i64, unit: Unit) -> String {
    let second = count.div_euclid(unit.per_second()).checked_mul(1000).and_then(from_unix_millis);
    let Some((date, time)) = second else {
        return format!("({count} {} after 1970-01-01T00:00:00Z)", unit.name());
    };
    let mut text = String::new();
    date.write_to(&mut text);
    text.push('T');
    time.write_to(&mut text);
    push_fraction(count, unit, &mut text);
    text + "Z"
}

/// Writes a count as `16:02:08`, with a fraction if there is one; as a number if it has no such
/// form.
pub(super) fn time_text(count: i64, unit: Unit) -> String {
    let Some(time) = second_of(count, unit) else {
        return format!("({count} {} after midnight)", unit.name());
    };
    let mut text = String::new();
    time.write_to(&mut text);
    push_fraction(count, unit, &mut text);
    text
}

fn push_fraction(count: i64, unit: Unit, text: &mut String) {
    let fraction = count.rem_euclid(unit.per_second());
    if fraction != 0 {
        let digits = unit.per_second().ilog10() as usize;
        text.push('.');
        text.push_str(format!("{fraction:0digits$}").trim_end_matches('0'));
    }
}
