//! The values of one column.

use std::borrow::Cow;

use domain::dictionary::{Column, ColumnType, Rules};
use domain::value::{CivilDate, Double, Value};

use crate::ordinal::{bounds, ordinal, steps_of_day, value_at};
use crate::pattern::Texts;
use crate::random::{Random, scatter};
use crate::words::Subject;

/// Numbers of a column without bounds.
const USUAL_NUMBERS: i128 = 1000;
/// Numbers of a column that counts pieces.
const USUAL_COUNTS: i128 = 10;
const COUNTS: [&str; 5] = ["quantity", "qty", "count", "pieces", "units"];

/// Digits before the point of a usual amount of money.
const USUAL_DIGITS: u32 = 3;

/// Characters of a code, if the column is not shorter, and the number of such codes.
const MAX_CODE: usize = 6;
const CODES: u64 = 36_u64.pow(6);

/// The documents of a JSON column, in the form in which MySQL prints them.
const DOCUMENTS: [&str; 5] = [
    r#"{"size": "small", "colour": "red"}"#,
    r#"{"size": "large", "colour": "blue"}"#,
    r#"{"tags": ["new", "sale"], "weight": 12.5}"#,
    r#"{"colour": "green"}"#,
    "{}",
];

/// The days in which a table's dates are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Period {
    /// The first one, counted from 1970-01-01.
    first: i64,
    days: i64,
}

impl Period {
    /// Returns the days of some years.
    pub(crate) fn of_years(first: u16, years: u16) -> Self {
        let start = |year: u16| CivilDate::new(year.clamp(1000, 9999), 1, 1).map_or(0, CivilDate::days);
        Self { first: start(first), days: (start(first.saturating_add(years)) - start(first)).max(1) }
    }
}

/// A column, and the way in which its values are made.
#[derive(Debug)]
pub(crate) struct ColumnValues<'d> {
    pub(crate) column: &'d Column,
    kind: Kind<'d>,
}

#[derive(Debug)]
enum Kind<'d> {
    /// One of a list.
    Listed(&'d [Value<'static>]),
    /// One of the places from `from` on, `usual` of them when it is drawn, `all` at most.
    Ordered {
        from: i128,
        usual: u64,
        all: u64,
        is_skewed: bool,
    },
    /// A text that matches a pattern.
    Matching(Texts),
    /// Words, of so many characters.
    Words {
        subject: Subject,
        least: usize,
        most: usize,
    },
    Boolean,
    Double {
        least: f64,
        most: f64,
    },
    Uuid,
    Json,
    Binary {
        most: usize,
    },
}

impl<'d> ColumnValues<'d> {
    pub(crate) fn new(column: &'d Column, period: Period) -> Self {
        Self { column, kind: Kind::of(column, period) }
    }

    /// Returns the number of values that [`distinct`](Self::distinct) has.
    pub(crate) fn capacity(&self) -> u64 {
        match &self.kind {
            Kind::Listed(values) => values.len() as u64,
            Kind::Ordered { all, .. } => *all,
            Kind::Matching(texts) => texts.count(),
            Kind::Words { most, .. } => 36_u64.saturating_pow(u32::try_from(*most).unwrap_or(u32::MAX)),
            Kind::Boolean => 2,
            Kind::Uuid => u64::MAX,
            // Never a key, nor unique.
            Kind::Double { .. } => 1,
            Kind::Json => DOCUMENTS.len() as u64,
            Kind::Binary { most } => 256_u64.saturating_pow(u32::try_from(*most).unwrap_or(u32::MAX)),
        }
    }

    /// Returns the value of a number, which no other number below [`capacity`](Self::capacity) has.
    pub(crate) fn distinct(&self, number: u64) -> Value<'static> {
        match &self.kind {
            Kind::Listed(values) => listed(values, number),
            Kind::Ordered { from, all, .. } => self.at(from + i128::from(number % all)),
            Kind::Matching(texts) => text(texts.text(scatter(number, texts.count()))),
            Kind::Words { subject, least, most } => {
                let words = subject.distinct_text(number);
                let fits = (*least..=*most).contains(&words.chars().count()) && *most > 2 * MAX_CODE;
                text(if fits { words } else { code(number, *least, *most) })
            }
            Kind::Boolean => Value::Boolean(number % 2 == 1),
            Kind::Double { least, .. } => double(*least),
            Kind::Uuid => uuid(&mut Random::of([number, 0, 0])),
            Kind::Json => text_of_json(number),
            Kind::Binary { most } => {
                let bytes = number.to_be_bytes();
                Value::Binary(Cow::Owned(bytes[bytes.len().saturating_sub(*most)..].to_vec()))
            }
        }
    }

    /// Returns a drawn value. `row` is the row's number: the columns of a person agree with each
    /// other, and `is_listed` says that the rows of the table are a list whose names differ.
    pub(crate) fn drawn(&self, row: u64, is_listed: bool, random: &mut Random) -> Value<'static> {
        match &self.kind {
            Kind::Listed(values) => listed(values, random.next()),
            Kind::Ordered { from, usual, is_skewed, .. } => {
                let place = if *is_skewed { random.skewed(*usual) } else { random.below(*usual) };
                self.at(from + i128::from(place))
            }
            Kind::Matching(texts) => text(texts.text(random.below(texts.count()))),
            Kind::Words { subject, least, most } => {
                let words = match subject {
                    subject if subject.is_personal() => subject.text(row),
                    subject if is_listed => subject.distinct_text(row),
                    subject => subject.text(random.next()),
                };
                // Words that are cut off say less than a code.
                let is_short = *most <= 2 * MAX_CODE && words.chars().count() > *most;
                text(if is_short {
                    code(random.below(self.capacity().min(CODES)), *least, *most)
                } else {
                    fitted(words, *least, *most)
                })
            }
            Kind::Boolean => Value::Boolean(random.once_in(2)),
            Kind::Double { least, most } => {
                let share = random.below(10_001) as f64 / 10_000.0;
                double(least + (most - least) * share)
            }
            Kind::Uuid => uuid(random),
            Kind::Json => text_of_json(random.next()),
            Kind::Binary { most } => {
                let bytes = random.next().to_be_bytes();
                Value::Binary(Cow::Owned(bytes[bytes.len().saturating_sub(*most)..].to_vec()))
            }
        }
    }

    fn at(&self, place: i128) -> Value<'static> {
        value_at(self.column.column_type(), place).unwrap_or(Value::Null)
    }
}

impl<'d> Kind<'d> {
    fn of(column: &'d Column, period: Period) -> Self {
        let rules = column.rules();
        if let Some(values) = rules.map(Rules::values).filter(|values| !values.is_empty()) {
            return Self::Listed(values);
        }
        match column.column_type() {
            ColumnType::String { max } => Self::of_text(column, max as usize),
            ColumnType::Text => Self::of_text(column, ColumnType::MAX_TEXT_BYTES / 4),
            ColumnType::Boolean => Self::Boolean,
            ColumnType::Double => {
                let bound = |value: Option<&Value<'_>>| match value {
                    Some(Value::Double(number)) => Some(number.get()),
                    _ => None,
                };
                let least = bound(rules.and_then(|rules| rules.minimum()));
                let most = bound(rules.and_then(|rules| rules.maximum()));
                let span = USUAL_NUMBERS as f64;
                let least = least.unwrap_or_else(|| most.map_or(0.0, |most| most.min(span) - span));
                Self::Double { least, most: most.unwrap_or(least + span).min(least + span) }
            }
            ColumnType::Uuid => Self::Uuid,
            ColumnType::Json => Self::Json,
            ColumnType::Binary { max } => Self::Binary { most: max.min(8) as usize },
            ColumnType::SmallInt
            | ColumnType::Integer
            | ColumnType::Bigint
            | ColumnType::Decimal { .. }
            | ColumnType::Date
            | ColumnType::Time
            | ColumnType::Timestamp { .. } => Self::ordered(column, period),
        }
    }

    fn of_text(column: &'d Column, most: usize) -> Self {
        let least = column.rules().and_then(Rules::min_length).unwrap_or(1) as usize;
        let subject = Subject::of(column.name(), column.personal());
        if let Some(pattern) = column.rules().and_then(|rules| rules.pattern()) {
            // Words are more readable than what only matches.
            let matches = |number: u64| {
                let words = subject.distinct_text(number);
                words.chars().count() <= most && pattern.matches(&words)
            };
            let all_match = [0, 1, 7, 100, 1_000_000].into_iter().all(matches);
            if let Some(texts) = Texts::of(pattern.as_str()).filter(|_| !all_match) {
                return Self::Matching(texts);
            }
        }
        Self::Words { subject, least, most }
    }

    /// Numbers and times: the first and the last value, and those that are usual.
    fn ordered(column: &Column, period: Period) -> Self {
        let column_type = column.column_type();
        let (first, last) = bounds(column_type);
        let bound = |value: Option<&Value<'_>>| value.and_then(ordinal);
        let least = bound(column.rules().and_then(|rules| rules.minimum()));
        let most = bound(column.rules().and_then(|rules| rules.maximum()));
        let last = most.unwrap_or(last);
        let (from, usual, is_skewed) = match column_type {
            ColumnType::Date => (period.first.into(), period.days.into(), false),
            ColumnType::Timestamp { digits } => {
                let steps = i128::from(steps_of_day(digits));
                (i128::from(period.first) * steps, i128::from(period.days) * steps, false)
            }
            ColumnType::Time => (0, last + 1, false),
            ColumnType::Decimal { scale, .. } => {
                let usual = 10_i128.pow((u32::from(scale) + USUAL_DIGITS).min(38));
                (least.unwrap_or(0).max(1), usual, true)
            }
            _ => {
                let is_count = column.name().split('_').any(|word| COUNTS.contains(&word));
                let usual = if is_count { USUAL_COUNTS } else { USUAL_NUMBERS };
                (least.unwrap_or(1), usual, true)
            }
        };
        // Rules may leave no room where values usually are.
        let from = if from > last { last - usual + 1 } else { from }.max(least.unwrap_or(first));
        let all = u64::try_from(last - from + 1).unwrap_or(u64::MAX).max(1);
        Self::Ordered { from, usual: u64::try_from(usual).unwrap_or(u64::MAX).min(all), all, is_skewed }
    }
}

fn listed(values: &[Value<'static>], number: u64) -> Value<'static> {
    let index = (number % values.len().max(1) as u64) as usize;
    values.get(index).cloned().unwrap_or(Value::Null)
}

fn text(text: String) -> Value<'static> {
    Value::Text(Cow::Owned(text))
}

fn text_of_json(number: u64) -> Value<'static> {
    Value::Json(Cow::Borrowed(DOCUMENTS[(number % DOCUMENTS.len() as u64) as usize]))
}

fn double(number: f64) -> Value<'static> {
    Double::new(number).map_or(Value::Null, Value::Double)
}

fn uuid(random: &mut Random) -> Value<'static> {
    let bits = u128::from(random.next()) << 64 | u128::from(random.next());
    Value::Uuid(uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid())
}

/// Returns a number in digits and capital letters, of at least so many characters.
fn code(number: u64, least: usize, most: usize) -> String {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut digits = Vec::new();
    let mut rest = number;
    while rest > 0 || digits.len() < most.min(MAX_CODE).max(least.min(most)) {
        digits.push(char::from(DIGITS[(rest % 36) as usize]));
        rest /= 36;
    }
    digits.iter().rev().collect()
}

/// Returns words with at least and at most so many characters, and none of white space at its end.
fn fitted(words: String, least: usize, most: usize) -> String {
    let length = words.chars().count();
    if length > most {
        let cut: String = words.chars().take(most).collect();
        return fitted(cut.trim_end().to_owned(), least.min(most), most);
    }
    words + &"x".repeat(least.min(most).saturating_sub(length))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::dictionary::Dictionary;
    use domain::json_row::value_text;

    use super::*;

    /// Checks the values of a column with these properties, and returns the first ones as texts.
    fn values(properties: &str) -> (Vec<String>, Vec<String>) {
        let text = format!(
            "[[table]]\nname = \"things\"\ncolumns = [{{ name = \"id\", type = \"integer\", key = true }}, \
             {{ {properties} }}]"
        );
        let dictionary = Dictionary::parse("d.toml", &text).unwrap();
        let column = &dictionary.table("things").unwrap().columns()[1];
        let values = ColumnValues::new(column, Period::of_years(2021, 2));
        let is_sound = |value: &Value<'_>| {
            assert!(!matches!(value, Value::Null), "{properties}");
            let broken = column.rules().and_then(|rules| rules.broken_by(value));
            assert_eq!(broken, None, "{properties}: {value:?}");
        };
        let count = values.capacity().min(500);
        let distinct: Vec<Value<'_>> = (0..count).map(|number| values.distinct(number)).collect();
        distinct.iter().for_each(is_sound);
        let shown = |values: &[Value<'_>]| -> Vec<String> { values.iter().filter_map(value_text).collect() };
        let texts: BTreeSet<String> = shown(&distinct).into_iter().collect();
        assert_eq!(texts.len() as u64, count, "{properties}: the values differ");
        let mut random = Random::of([1, 2, 3]);
        let drawn: Vec<Value<'_>> = (0..500).map(|row| values.drawn(row, false, &mut random)).collect();
        drawn.iter().for_each(is_sound);
        (shown(&distinct[..distinct.len().min(3)]), shown(&drawn[..3]))
    }

    #[test]
    fn every_column_has_values_that_keep_its_rules() {
        for properties in [
            r#"name = "n", type = "integer""#,
            r#"name = "n", type = "smallint", minimum = 32766"#,
            r#"name = "n", type = "bigint", maximum = -5"#,
            r#"name = "n", type = "integer", minimum = -3, maximum = 3"#,
            r#"name = "n", type = "integer", values = [1, 5, 9]"#,
            r#"name = "n", type = "decimal(10,2)", minimum = "0.50""#,
            r#"name = "n", type = "decimal(2,2)""#,
            r#"name = "n", type = "decimal(38,0)", maximum = 7"#,
            r#"name = "n", type = "double", minimum = 1, maximum = 2"#,
            r#"name = "n", type = "double", maximum = -10"#,
            r#"name = "email", type = "string(254)", personal = true, pattern = '^[^@\s]+@[^@\s]+\.[a-z]{2,}$'"#,
            r#"name = "city", type = "string(3)""#,
            r#"name = "sku", type = "string(8)", pattern = "^[A-Z]{3}-[0-9]{4}$""#,
            r#"name = "name", type = "string(60)", min_length = 40"#,
            r#"name = "size", type = "string(2)", values = ["S", "M", "L"]"#,
            r#"name = "d", type = "date", minimum = "2024-02-28""#,
            r#"name = "d", type = "date", maximum = "1999-12-31""#,
            r#"name = "t", type = "time""#,
            r#"name = "t", type = "timestamp""#,
            r#"name = "t", type = "timestamp(6)""#,
            r#"name = "u", type = "uuid""#,
        ] {
            values(properties);
        }
    }

    #[test]
    fn values_are_readable() {
        let all: Vec<String> = [
            r#"name = "name", type = "string(100)", personal = true"#,
            r#"name = "product_name", type = "string(100)""#,
            r#"name = "sku", type = "string(8)", pattern = "^[A-Z]{3}-[0-9]{4}$""#,
            r#"name = "price", type = "decimal(10,2)", minimum = 0"#,
            r#"name = "quantity", type = "integer", minimum = 1"#,
            r#"name = "sold_at", type = "timestamp(3)""#,
            r#"name = "client_id", type = "uuid""#,
        ]
        .map(values)
        .into_iter()
        .map(|(distinct, drawn)| format!("{} | {}", distinct.join(", "), drawn.join(", ")))
        .collect();
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn short_texts_are_codes() {
        let (distinct, drawn) = values(r#"name = "code", type = "string(8)""#);
        assert_eq!(distinct, ["000000", "000001", "000002"]);
        let is_code =
            |text: &String| text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        assert!(drawn.iter().all(|text| text.len() == MAX_CODE && is_code(text)), "{drawn:?}");
    }
}
