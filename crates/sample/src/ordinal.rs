//! Values of ordered types as whole numbers: what is next to a value, and how far two are apart.

use domain::dictionary::ColumnType;
use domain::value::{CivilDate, CivilTime, Decimal, Timestamp, Value};

const DAY_SECONDS: i64 = 86_400;
const MICROS: i64 = 1_000_000;

/// Returns the place of a value among those of its type; `None` for types without places: texts,
/// for example. A timestamp's is in the smallest steps of its column.
pub(crate) fn ordinal(value: &Value<'_>) -> Option<i128> {
    Some(match value {
        Value::Integer(number) => (*number).into(),
        Value::Decimal(decimal) => decimal.unscaled,
        Value::Date(day) => day.days().into(),
        Value::Time(time) => seconds(*time).into(),
        Value::Timestamp(moment) => {
            let whole = moment.date().days() * DAY_SECONDS + seconds(moment.time());
            let micros = whole * MICROS + i64::from(moment.micros());
            (micros / micros_of_step(moment.digits())).into()
        }
        _ => return None,
    })
}

/// Returns the value of a place; `None` beyond the range of the type.
pub(crate) fn value_at(column_type: ColumnType, place: i128) -> Option<Value<'static>> {
    let number = || i64::try_from(place).ok();
    Some(match column_type {
        ColumnType::SmallInt | ColumnType::Integer | ColumnType::Bigint => Value::Integer(number()?),
        ColumnType::Decimal { scale, .. } => Value::Decimal(Decimal { unscaled: place, scale }),
        ColumnType::Date => Value::Date(CivilDate::from_days(number()?)?),
        ColumnType::Time => Value::Time(time(number()?)?),
        ColumnType::Timestamp { digits } => {
            let micros = number()?.checked_mul(micros_of_step(digits))?;
            let (whole, micros) = (micros.div_euclid(MICROS), micros.rem_euclid(MICROS));
            let date = CivilDate::from_days(whole.div_euclid(DAY_SECONDS))?;
            let time = time(whole.rem_euclid(DAY_SECONDS))?;
            Value::Timestamp(Timestamp::new(date, time, u32::try_from(micros).ok()?, digits)?)
        }
        _ => return None,
    })
}

/// Returns the first and the last place of a type.
pub(crate) fn bounds(column_type: ColumnType) -> (i128, i128) {
    let day = |year, month, day| CivilDate::new(year, month, day).map_or(0, CivilDate::days);
    let (first_day, last_day) = (day(1000, 1, 1), day(9999, 12, 31));
    match column_type {
        ColumnType::Decimal { precision, .. } => {
            let most = 10_i128.pow(precision.min(ColumnType::MAX_PRECISION).into()) - 1;
            (-most, most)
        }
        ColumnType::Date => (first_day.into(), last_day.into()),
        ColumnType::Time => (0, (DAY_SECONDS - 1).into()),
        ColumnType::Timestamp { digits } => {
            let steps = i128::from(steps_of_day(digits));
            (i128::from(first_day) * steps, i128::from(last_day + 1) * steps - 1)
        }
        other => {
            let (least, most) = other.integer_bounds();
            (least.into(), most.into())
        }
    }
}

/// Returns the places of a day of a timestamp with so many digits.
pub(crate) fn steps_of_day(digits: u8) -> i64 {
    DAY_SECONDS * MICROS / micros_of_step(digits)
}

fn micros_of_step(digits: u8) -> i64 {
    10_i64.pow(6_u8.saturating_sub(digits).into())
}

fn seconds(time: CivilTime) -> i64 {
    let (hour, minute, second) = time.parts();
    (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second)
}

fn time(seconds: i64) -> Option<CivilTime> {
    let part = |number: i64| u8::try_from(number).ok();
    CivilTime::new(part(seconds / 3600)?, part(seconds / 60 % 60)?, part(seconds % 60)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_its_value() {
        for column_type in [
            ColumnType::SmallInt,
            ColumnType::Bigint,
            ColumnType::Decimal { precision: 5, scale: 2 },
            ColumnType::Date,
            ColumnType::Time,
            ColumnType::Timestamp { digits: 0 },
            ColumnType::Timestamp { digits: 3 },
            ColumnType::Timestamp { digits: 6 },
        ] {
            let (first, last) = bounds(column_type);
            for place in [first, first + 1, 0, 12_345.min(last), last - 1, last] {
                let value = value_at(column_type, place).unwrap();
                assert_eq!(ordinal(&value), Some(place), "{column_type} {place}");
            }
            if !matches!(column_type, ColumnType::SmallInt | ColumnType::Decimal { .. }) {
                assert_eq!(value_at(column_type, last + 1), None, "{column_type}");
            }
        }
        assert_eq!(value_at(ColumnType::Text, 0), None);
        assert_eq!(ordinal(&Value::Boolean(true)), None);
    }
}
