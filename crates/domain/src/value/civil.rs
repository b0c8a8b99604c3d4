//! Days of the calendar and seconds of a day, in the range that MySQL has: years 1000 to 9999.

/// Days of 400 years.
const ERA: i64 = 146_097;

/// Days from 0000-03-01, the first day of the first era, to 1970-01-01.
const EPOCH: i64 = 719_468;

/// Milliseconds of a day.
const DAY_MILLIS: i64 = 86_400_000;

/// A day of the proleptic Gregorian calendar that exists, in the years 1000 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate {
    year: u16,
    month: u8,
    day: u8,
}

impl CivilDate {
    /// Returns the day if it exists and MySQL can hold it.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
            2 => 28,
            _ => return None,
        };
        ((1000..=9999).contains(&year) && (1..=days).contains(&day)).then_some(Self { year, month, day })
    }

    /// Returns year (1000 to 9999), month (1 to 12) and day (1 to 31).
    pub fn parts(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// Reads `2021-07-27`.
    #[inline]
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text: &[u8; 10] = text.try_into().ok()?;
        if text[4] != b'-' || text[7] != b'-' {
            return None;
        }
        let year = u16::from(two(&text[..2])?) * 100 + u16::from(two(&text[2..4])?);
        Self::new(year, two(&text[5..7])?, two(&text[8..])?)
    }

    /// Appends `2021-07-27`.
    pub(crate) fn write_to(self, text: &mut String) {
        push_two(text, (self.year / 100) as u8);
        push_two(text, (self.year % 100) as u8);
        for part in [self.month, self.day] {
            text.push('-');
            push_two(text, part);
        }
    }

    /// Returns the days from 1970-01-01, which are negative before it. This and
    /// [`from_days`](Self::from_days) are Howard Hinnant's `days_from_civil` and `civil_from_days`
    /// (<https://howardhinnant.github.io/date_algorithms.html>).
    pub fn days(self) -> i64 {
        // Years begin in March: then the leap day is the last one.
        let month_from_march = (i64::from(self.month) + 9) % 12;
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(self.day) - 1;
        let (era, year_of_era) = (year / 400, year % 400);
        era * ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - EPOCH
    }

    /// Returns the day this many days after 1970-01-01, if it lies in the years 1000 to 9999.
    pub fn from_days(days: i64) -> Option<Self> {
        let days = days.checked_add(EPOCH).filter(|days| (0..4_000_000).contains(days))?;
        let (era, day_of_era) = (days / ERA, days % ERA);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        Self::new(u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }
}

/// A second of a day, without leap seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilTime {
    hour: u8,
    minute: u8,
    second: u8,
}

impl CivilTime {
    /// Returns the time of day if it exists.
    pub fn new(hour: u8, minute: u8, second: u8) -> Option<Self> {
        (hour < 24 && minute < 60 && second < 60).then_some(Self { hour, minute, second })
    }

    /// Returns hour (0 to 23), minute and second (0 to 59).
    pub fn parts(self) -> (u8, u8, u8) {
        (self.hour, self.minute, self.second)
    }

    /// Returns the seconds since midnight, 0 to 86,399.
    pub(crate) fn seconds(self) -> u32 {
        u32::from(self.hour) * 3600 + u32::from(self.minute) * 60 + u32::from(self.second)
    }

    /// Returns the time this many seconds after midnight, if the day has as many.
    pub(crate) fn from_seconds(seconds: u32) -> Option<Self> {
        let [minute, second] = [seconds / 60 % 60, seconds % 60].map(|part| part as u8);
        Self::new(u8::try_from(seconds / 3600).ok()?, minute, second)
    }

    /// Reads `16:02:08`.
    #[inline]
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text: &[u8; 8] = text.try_into().ok()?;
        if text[2] != b':' || text[5] != b':' {
            return None;
        }
        Self::new(two(&text[..2])?, two(&text[3..5])?, two(&text[6..])?)
    }

    /// Appends `16:02:08`.
    pub(crate) fn write_to(self, text: &mut String) {
        push_two(text, self.hour);
        for part in [self.minute, self.second] {
            text.push(':');
            push_two(text, part);
        }
    }
}

/// Returns the milliseconds from 1970-01-01T00:00:00Z to this second in UTC.
pub(crate) fn unix_millis(date: CivilDate, time: CivilTime) -> i64 {
    date.days() * DAY_MILLIS + i64::from(time.seconds()) * 1000
}

/// Returns the second in UTC this many milliseconds after 1970-01-01T00:00:00Z, if it is a whole
/// one, in the years 1000 to 9999.
pub(crate) fn from_unix_millis(millis: i64) -> Option<(CivilDate, CivilTime)> {
    let date = CivilDate::from_days(millis.div_euclid(DAY_MILLIS))?;
    let of_day =
        u32::try_from(millis.rem_euclid(DAY_MILLIS)).ok().filter(|millis| millis % 1000 == 0)? / 1000;
    Some((date, CivilTime::from_seconds(of_day)?))
}

/// Reads a number of two digits.
#[inline]
pub(crate) fn two(digits: &[u8]) -> Option<u8> {
    match digits {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    }
}

fn push_two(text: &mut String, number: u8) {
    text.push(char::from(b'0' + number / 10));
    text.push(char::from(b'0' + number % 10));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_every_day_that_mysql_has() {
        let first = CivilDate::new(1000, 1, 1).unwrap();
        let last = CivilDate::new(9999, 12, 31).unwrap();
        // 1000-01-01 and 9999-12-31 by `date -u -d … +%s`, in days.
        assert_eq!((first.days(), last.days()), (-354_285, 2_932_896));
        let mut before = None;
        for number in first.days()..=last.days() {
            let day = CivilDate::from_days(number).unwrap();
            assert_eq!(day.days(), number);
            assert!(before < Some(day.parts()));
            before = Some(day.parts());
        }
        for number in [first.days() - 1, last.days() + 1, i64::MIN, i64::MAX, -EPOCH - 1] {
            assert_eq!(CivilDate::from_days(number), None, "{number}");
        }
    }

    #[test]
    fn counts_the_seconds_of_a_day() {
        for seconds in 0..86_400 {
            assert_eq!(CivilTime::from_seconds(seconds).map(CivilTime::seconds), Some(seconds));
        }
        assert_eq!(CivilTime::from_seconds(86_400), None);
        assert_eq!(CivilTime::from_seconds(u32::MAX), None);
    }

    #[test]
    fn counts_milliseconds_on_both_sides_of_1970() {
        let second_of = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        for text in
            ["1000-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2021-07-27T16:02:08Z", "9999-12-30T21:59:59Z"]
        {
            let (date, time) = from_unix_millis(second_of(text)).unwrap();
            assert_eq!(unix_millis(date, time), second_of(text), "{text}");
            let mut written = String::new();
            date.write_to(&mut written);
            written.push('T');
            time.write_to(&mut written);
            assert_eq!(written + "Z", text);
        }
        assert_eq!(from_unix_millis(1), None);
        assert_eq!(from_unix_millis(-1), None);
        assert_eq!(from_unix_millis(i64::MIN), None);
        assert_eq!(from_unix_millis(i64::MAX), None);
    }
}
