//! Moments in UTC.

use super::civil::{CivilDate, CivilTime, from_unix_millis, unix_millis};

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// A moment in UTC, in the years 1000 to 9999, with the digits of its column's fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    date: CivilDate,
    time: CivilTime,
    micros: u32,
    digits: u8,
}

impl Timestamp {
    /// Returns the beginning of a second.
    pub fn of_second(date: CivilDate, time: CivilTime) -> Self {
        Self { date, time, micros: 0, digits: 0 }
    }

    /// Returns a moment `micros` after the beginning of a second (less than a million), for a
    /// column with `digits` of a fraction (0, 3 or 6); `None` if the column cannot hold it whole.
    pub fn new(date: CivilDate, time: CivilTime, micros: u32, digits: u8) -> Option<Self> {
        let unit = 10_u32.checked_pow(6_u8.checked_sub(digits)?.into())?;
        (micros < 1_000_000 && micros.is_multiple_of(unit)).then_some(Self { date, time, micros, digits })
    }

    /// Returns the day.
    pub fn date(self) -> CivilDate {
        self.date
    }

    /// Returns the second of the day.
    pub fn time(self) -> CivilTime {
        self.time
    }

    /// Returns the microseconds after the beginning of its second.
    pub fn micros(self) -> u32 {
        self.micros
    }

    /// Returns the digits of its column's fraction.
    pub fn digits(self) -> u8 {
        self.digits
    }

    /// Returns the same moment for a column with `digits` of a fraction; `None` if the column
    /// cannot hold it whole.
    pub(crate) fn with_digits(self, digits: u8) -> Option<Self> {
        Self::new(self.date, self.time, self.micros, digits)
    }

    /// Returns the microseconds from 1970-01-01T00:00:00Z, which are negative before it.
    pub(crate) fn unix_micros(self) -> i64 {
        unix_millis(self.date, self.time) * 1000 + i64::from(self.micros)
    }

    /// Returns the moment this many microseconds after 1970-01-01T00:00:00Z, for a column with
    /// `digits` of a fraction; `None` if the column cannot hold it whole, or if it is outside of
    /// the years 1000 to 9999.
    pub(crate) fn from_unix_micros(micros: i64, digits: u8) -> Option<Self> {
        let (date, time) = from_unix_millis(micros.div_euclid(SECOND) * 1000)?;
        Self::new(date, time, u32::try_from(micros.rem_euclid(SECOND)).ok()?, digits)
    }

    /// Appends `2021-07-27T16:02:08.123`, with every digit of the column's fraction; `between` is
    /// what stands between day and time.
    pub(crate) fn write_to(self, between: char, text: &mut String) {
        self.date.write_to(text);
        text.push(between);
        self.time.write_to(text);
        self.write_fraction(text);
    }

    /// Appends `.123`; nothing where the column has no fraction.
    pub(crate) fn write_fraction(self, text: &mut String) {
        if self.digits == 0 {
            return;
        }
        text.push('.');
        let mut unit = 100_000;
        for _ in 0..self.digits {
            // One digit.
            text.push(char::from(b'0' + (self.micros / unit % 10) as u8));
            unit /= 10;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_every_digit_of_the_column() {
        let (date, time) = (CivilDate::new(2021, 7, 27).unwrap(), CivilTime::new(16, 2, 8).unwrap());
        for (micros, digits, expected) in [
            (0, 0, "2021-07-27 16:02:08"),
            (0, 3, "2021-07-27 16:02:08.000"),
            (120_000, 3, "2021-07-27 16:02:08.120"),
            (7, 6, "2021-07-27 16:02:08.000007"),
            (999_999, 6, "2021-07-27 16:02:08.999999"),
        ] {
            let mut text = String::new();
            Timestamp::new(date, time, micros, digits).unwrap().write_to(' ', &mut text);
            assert_eq!(text, expected);
        }
        for (micros, digits) in [(1, 0), (1, 3), (999, 3), (1_000_000, 6), (0, 7)] {
            assert_eq!(Timestamp::new(date, time, micros, digits), None, "{micros} {digits}");
        }
    }

    #[test]
    fn counts_microseconds_on_both_sides_of_1970() {
        let of = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        for (text, digits) in [
            ("1000-01-01T00:00:00.000000", 6),
            ("1969-12-31T23:59:59.999999", 6),
            ("1969-12-31T23:59:59.999", 3),
            ("2021-07-27T16:02:08", 0),
            ("9999-12-30T21:59:59.999999", 6),
        ] {
            let micros = of(&format!("{text}Z"));
            let moment = Timestamp::from_unix_micros(micros, digits).unwrap();
            assert_eq!(moment.unix_micros(), micros, "{text}");
            let mut written = String::new();
            moment.write_to('T', &mut written);
            assert_eq!(written, text);
        }
        for (micros, digits) in [(1, 0), (1, 3), (1000, 0), (i64::MIN, 6), (i64::MAX, 6)] {
            assert_eq!(Timestamp::from_unix_micros(micros, digits), None, "{micros} {digits}");
        }
        let moment = Timestamp::from_unix_micros(1_000, 6).unwrap();
        assert_eq!(moment.with_digits(3).map(Timestamp::digits), Some(3));
        assert_eq!(moment.with_digits(0), None);
    }
}
