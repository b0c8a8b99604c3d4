//! Days and moments: as numbers since 1970, and as the texts that Spark, Glue, Hive and Sqoop write.

use super::Unit;
use crate::avro::civil;
use crate::value::{CivilDate, CivilTime};

const SECONDS_PER_DAY: i64 = 86_400;

/// The moment of a count since 1970-01-01T00:00:00, if it is a whole second that MySQL can hold.
pub(super) fn second_of(count: i64, unit: Unit) -> Option<(CivilDate, CivilTime)> {
    (count.rem_euclid(unit.per_second()) == 0).then(|| floor(count, unit)).flatten()
}

/// The same, of the second that the moment is in.
fn floor(count: i64, unit: Unit) -> Option<(CivilDate, CivilTime)> {
    let seconds = count.div_euclid(unit.per_second());
    let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
    let time = CivilTime::new((of_day / 3_600) as u8, (of_day / 60 % 60) as u8, (of_day % 60) as u8)?;
    Some((civil::date(seconds.div_euclid(SECONDS_PER_DAY))?, time))
}

/// Whether it is the first second of a day, which a column of days loses nothing of.
pub(super) fn is_midnight(time: CivilTime) -> bool {
    time.parts() == (0, 0, 0)
}

/// `2021-07-27`.
pub(super) fn write_day(file: &mut Vec<u8>, day: CivilDate) {
    let (year, month, day) = day.parts();
    file.extend_from_slice(format!("{year:04}-{month:02}-{day:02}").as_bytes());
}

/// `2021-07-27T16:02:08Z`.
pub(super) fn write_second(file: &mut Vec<u8>, day: CivilDate, time: CivilTime) {
    let (hour, minute, second) = time.parts();
    write_day(file, day);
    file.extend_from_slice(format!("T{hour:02}:{minute:02}:{second:02}Z").as_bytes());
}

/// The same with a fraction where there is one; a moment that has no such form as its number.
pub(super) fn write_timestamp(file: &mut Vec<u8>, count: i64, unit: Unit) {
    let Some((day, time)) = floor(count, unit) else {
        let unit = match unit {
            Unit::Millis => "milliseconds",
            Unit::Micros => "microseconds",
            Unit::Nanos => "nanoseconds",
        };
        file.extend_from_slice(format!("({count} {unit} after 1970-01-01T00:00:00Z)").as_bytes());
        return;
    };
    write_second(file, day, time);
    let fraction = count.rem_euclid(unit.per_second());
    if fraction != 0 {
        let digits = unit.per_second().ilog10() as usize;
        let text = format!("{fraction:0digits$}");
        file.pop();
        file.extend_from_slice(format!(".{}Z", text.trim_end_matches('0')).as_bytes());
    }
}
