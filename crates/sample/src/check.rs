//! Makes rows keep the comparisons between their columns.

use domain::dictionary::{Check, ColumnType, Operator, Table};
use domain::value::Value;

use crate::ordinal::{ordinal, steps_of_day, value_at};
use crate::random::Random;

/// The most days between two dates, and between two timestamps.
const DAYS: i64 = 400;
const DAYS_OF_TIMESTAMPS: i64 = 10;

/// Changes a row so that it keeps a comparison, if it can be done without the fixed columns: those
/// of the key, of what is unique, and of references. One of both columns is then near the other, or
/// without a value.
pub(crate) fn keep(
    check: &Check,
    table: &Table,
    is_fixed: &[bool],
    random: &mut Random,
    row: &mut [Value<'static>],
) {
    let (left, right) = check.columns();
    let of_days = match table.columns()[left].column_type() {
        ColumnType::Date => Some(DAYS),
        ColumnType::Timestamp { digits } => Some(DAYS_OF_TIMESTAMPS * steps_of_day(digits)),
        _ => None,
    };
    // Times are put near each other even where the comparison holds: what is sold is shipped soon.
    let has_both = [left, right].iter().all(|column| !matches!(row[*column], Value::Null));
    if !has_both || of_days.is_none() && check.holds(row) {
        return;
    }
    let apart = i128::from(random.below(of_days.unwrap_or(1).unsigned_abs()));
    let distance = match check.operator() {
        Operator::AtLeast => apart,
        Operator::Greater => apart + 1,
        Operator::AtMost => -apart,
        Operator::Less => -apart - 1,
        Operator::Equal => 0,
        Operator::Different => 1,
    };
    for (column, other, distance) in [(left, right, distance), (right, left, -distance)] {
        if is_fixed[column] {
            continue;
        }
        for distance in [distance, distance.signum()] {
            if let Some(value) = near(table, column, &row[other], distance) {
                row[column] = value;
                return;
            }
        }
    }
    for column in [left, right] {
        if !check.holds(row) && !table.columns()[column].required() && !is_fixed[column] {
            row[column] = Value::Null;
        }
    }
}

/// Returns the value of a column that is so far from another value, if its rules allow it.
fn near(table: &Table, column: usize, other: &Value<'static>, distance: i128) -> Option<Value<'static>> {
    let rules = &table.columns()[column];
    let value = match ordinal(other) {
        Some(place) => value_at(rules.column_type(), place + distance)?,
        None if distance == 0 => other.clone(),
        None => return None,
    };
    let (first, last) = crate::ordinal::bounds(rules.column_type());
    let is_within = ordinal(&value).is_none_or(|place| (first..=last).contains(&place));
    let is_allowed = rules.rules().is_none_or(|rules| rules.broken_by(&value).is_none());
    (is_within && is_allowed && !matches!(value, Value::Null)).then_some(value)
}

#[cfg(test)]
mod tests {
    use domain::dictionary::Dictionary;
    use domain::json_row::value_text;

    use super::*;

    /// Returns the texts of a row's columns `one` and `other` after it was made to keep a check.
    fn kept(check: &str, properties: &str, one: i128, other: i128) -> (Option<String>, Option<String>) {
        let text = format!(
            "[[table]]\nname = \"things\"\ncheck = \"{check}\"\ncolumns = [{{ name = \"id\", type = \"integer\", \
             key = true }}, {{ name = \"one\", {properties} }}, {{ name = \"other\", {properties} }}]"
        );
        let dictionary = Dictionary::parse("d.toml", &text).unwrap();
        let table = dictionary.table("things").unwrap();
        let value = |place| value_at(table.columns()[1].column_type(), place).unwrap();
        let mut row = [Value::Integer(1), value(one), value(other)];
        let check = &table.checks()[0];
        keep(check, table, &[true, false, false], &mut Random::of([1, 2, 3]), &mut row);
        assert!(check.holds(&row), "{row:?}");
        (value_text(&row[1]), value_text(&row[2]))
    }

    #[test]
    fn every_comparison_can_be_kept() {
        for (check, one, other) in [
            ("one < other", 7, 7),
            ("one <= other", 8, 7),
            ("one > other", 7, 7),
            ("one >= other", 6, 7),
            ("one = other", 6, 7),
            ("one <> other", 7, 7),
        ] {
            for properties in [
                r#"type = "integer""#,
                r#"type = "decimal(5,2)""#,
                r#"type = "date""#,
                r#"type = "timestamp(3)""#,
            ] {
                kept(check, properties, one, other);
            }
        }
        assert_eq!(kept("one > other", r#"type = "integer""#, 9, 7).0.as_deref(), Some("9"));
    }

    #[test]
    fn what_is_absent_stays_so() {
        let text = "[[table]]\nname = \"things\"\ncheck = \"one <= other\"\ncolumns = [\
                    { name = \"one\", type = \"date\", key = true }, \
                    { name = \"other\", type = \"date\", required = false }]";
        let dictionary = Dictionary::parse("d.toml", text).unwrap();
        let table = dictionary.table("things").unwrap();
        let mut row = [value_at(ColumnType::Date, 0).unwrap(), Value::Null];
        keep(&table.checks()[0], table, &[true, false], &mut Random::of([1, 2, 3]), &mut row);
        assert_eq!(row[1], Value::Null);
    }

    #[test]
    fn rules_decide_which_column_is_changed() {
        let bounded = r#"type = "integer", minimum = 0, maximum = 10"#;
        let texts = |one: &str, other: &str| (Some(one.to_owned()), Some(other.to_owned()));
        assert_eq!(kept("one > other", bounded, 10, 10), texts("10", "9"));
        assert_eq!(kept("one < other", bounded, 0, 0), texts("0", "1"));
    }
}
