//! Days of the calendar as Avro counts them: from 1970-01-01. After Howard Hinnant's `days_from_civil`
//! (<https://howardhinnant.github.io/date_algorithms.html>), for the years that MySQL has.

use crate::value::{CivilDate, CivilTime};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Days of 400 years.
const ERA: i64 = 146_097;

/// Days from 0000-03-01, the first day of the first era, to 1970-01-01.
const EPOCH: i64 = 719_468;

/// Days from 1970-01-01 to `date`.
pub(super) fn days(date: CivilDate) -> i64 {
    let (year, month, day) = date.parts();
    // Years begin in March: then the day that is not always there is the last one.
    let month_from_march = (i64::from(month) + 9) % 12;
    let year = i64::from(year) - i64::from(month <= 2);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let (era, year_of_era) = (year / 400, year % 400);
    era * ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - EPOCH
}

/// The day this many days after 1970-01-01, if it lies in the years 1000 to 9999.
pub(crate) fn date(days: i64) -> Option<CivilDate> {
    let days = days.checked_add(EPOCH).filter(|days| (0..4_000_000).contains(days))?;
    let (era, day_of_era) = (days / ERA, days % ERA);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    CivilDate::new(u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
}

/// Milliseconds from 1970-01-01T00:00:00Z to this second.
pub(crate) fn millis(date: CivilDate, time: CivilTime) -> i64 {
    let (hour, minute, second) = time.parts();
    days(date) * DAY + (i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second)) * 1000
}

/// The second this many milliseconds after 1970-01-01T00:00:00Z: if it is a whole one, in the years 1000 to 9999.
pub(crate) fn second(millis: i64) -> Option<(CivilDate, CivilTime)> {
    let date = date(millis.div_euclid(DAY))?;
    let of_day = u32::try_from(millis.rem_euclid(DAY)).ok().filter(|millis| millis % 1000 == 0)? / 1000;
    let [hour, minute, second] = [of_day / 3600, of_day / 60 % 60, of_day % 60].map(|part| part as u8);
    Some((date, CivilTime::new(hour, minute, second)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_every_day_that_mysql_has() {
        let first = CivilDate::new(1000, 1, 1).unwrap();
        let last = CivilDate::new(9999, 12, 31).unwrap();
        // 1000-01-01 and 9999-12-31 by `date -u -d … +%s`, in days.
        assert_eq!((days(first), days(last)), (-354_285, 2_932_896));
        let mut before = None;
        for number in days(first)..=days(last) {
            let day = date(number).unwrap();
            assert_eq!(days(day), number);
            assert!(before < Some(day.parts()));
            before = Some(day.parts());
        }
        for number in [days(first) - 1, days(last) + 1, i64::MIN, i64::MAX, -EPOCH - 1] {
            assert_eq!(date(number), None, "{number}");
        }
    }

    #[test]
    fn counts_milliseconds_on_both_sides_of_1970() {
        let second_of = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        for text in
            ["1000-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2021-07-27T16:02:08Z", "9999-12-30T21:59:59Z"]
        {
            let (date, time) = second(second_of(text)).unwrap();
            assert_eq!(millis(date, time), second_of(text), "{text}");
            let (year, month, day) = date.parts();
            let (hour, minute, second) = time.parts();
            assert_eq!(format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"), text);
        }
        assert_eq!(second(1), None);
        assert_eq!(second(-1), None);
        assert_eq!(second(i64::MIN), None);
        assert_eq!(second(i64::MAX), None);
    }
}
