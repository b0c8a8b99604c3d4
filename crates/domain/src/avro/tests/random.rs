//! Random tables with keys of every shape and columns of every type, and rows for them with the
//! ends of every type more often than chance has them.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::dictionary::ColumnType;
use crate::value::Double;

/// A table, which of its columns take NULL, and rows.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) table: Table,
    pub(crate) nullable: Vec<bool>,
    pub(crate) rows: Vec<Vec<Value<'static>>>,
}

/// A type that a column of a key can have.
fn key_type() -> impl Strategy<Value = String> {
    let fixed = vec![
        "smallint",
        "integer",
        "bigint",
        "date",
        "time",
        "timestamp",
        "timestamp(3)",
        "timestamp(6)",
        "uuid",
        "decimal(38,0)",
        "decimal(38,30)",
    ];
    prop_oneof![
        4 => prop::sample::select(fixed).prop_map(str::to_owned),
        1 => (1_u8..=38).prop_flat_map(|p| (0..=p.min(30)).prop_map(move |s| format!("decimal({p},{s})"))),
        2 => (1_u32..=40).prop_map(|max| format!("string({max})")),
    ]
}

/// A type that any other column can have.
fn any_type() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => key_type(),
        2 => prop::sample::select(vec!["boolean", "double", "text", "json"]).prop_map(str::to_owned),
        1 => (1_u32..=40).prop_map(|max| format!("binary({max})")),
    ]
}

/// Tables with a key of one to three columns, anywhere among up to eight others, and up to so many
/// rows.
pub(crate) fn sample(rows: usize) -> impl Strategy<Value = Sample> {
    let key = vec(key_type().prop_map(|kind| (kind, true, false)), 1..=3);
    let others = vec((any_type(), Just(false), any::<bool>()), 0..9);
    let columns = (key, others).prop_map(|(key, others)| [key, others].concat()).prop_shuffle();
    columns.prop_flat_map(move |columns| {
        let named = columns.iter().enumerate();
        let text: Vec<String> = named
            .map(|(index, (kind, key, _))| {
                format!("{{ name = \"c{index}\", type = \"{kind}\", key = {key} }}")
            })
            .collect();
        let text = format!("[[table]]\nname = \"things\"\ncolumns = [{}]", text.join(","));
        let table = Dictionary::parse("test", &text).unwrap().table("things").unwrap().clone();
        let nullable: Vec<bool> = columns.into_iter().map(|(_, _, nullable)| nullable).collect();
        let values: Vec<_> = table
            .columns()
            .iter()
            .zip(&nullable)
            .map(|(column, nullable)| {
                let value = value(column.column_type());
                if *nullable { prop_oneof![1 => Just(Value::Null), 4 => value].boxed() } else { value }
            })
            .collect();
        vec(values, 0..rows).prop_map(move |rows| Sample {
            table: table.clone(),
            nullable: nullable.clone(),
            rows,
        })
    })
}

fn value(column_type: ColumnType) -> BoxedStrategy<Value<'static>> {
    match column_type {
        ColumnType::SmallInt => any::<i16>().prop_map(|number| Value::Integer(number.into())).boxed(),
        ColumnType::Integer => {
            let ends = prop_oneof![Just(i32::MIN), Just(-1), Just(0), Just(1), Just(i32::MAX)];
            prop_oneof![any::<i32>(), ends].prop_map(|number| Value::Integer(number.into())).boxed()
        }
        ColumnType::Bigint => {
            let ends = prop_oneof![Just(i64::MIN), Just(-64), Just(0), Just(63), Just(i64::MAX)];
            prop_oneof![any::<i64>(), ends, -200_i64..200].prop_map(Value::Integer).boxed()
        }
        ColumnType::Decimal { precision, scale } => {
            let most = 10_i128.pow(precision.into()) - 1;
            prop_oneof![-most..=most, Just(most), Just(-most), Just(0), -most.min(300)..=most.min(300)]
                .prop_map(move |unscaled| Value::Decimal(Decimal { unscaled, scale }))
                .boxed()
        }
        ColumnType::Double => {
            use prop::num::f64::{NORMAL, SUBNORMAL, ZERO};
            let short = (-999_999_i32..=999_999, -20_i32..=20)
                .prop_map(|(digits, power)| format!("{digits}e{power}").parse().unwrap());
            prop_oneof![NORMAL | SUBNORMAL | ZERO, short]
                .prop_map(|number: f64| Value::Double(Double::new(number).unwrap()))
                .boxed()
        }
        ColumnType::Binary { max } => {
            vec(any::<u8>(), 0..=max as usize).prop_map(|bytes| Value::Binary(bytes.into())).boxed()
        }
        ColumnType::Uuid => {
            any::<[u8; 16]>().prop_map(|bytes| Value::Uuid(uuid::Uuid::from_bytes(bytes))).boxed()
        }
        ColumnType::Json => {
            let documents = vec!["null", "\"\"", "-7", r#"{"a,N": [1, "Łoś", true], "b": {"c": 1.5}}"#];
            prop::sample::select(documents).prop_map(|text| Value::Json(text.into())).boxed()
        }
        ColumnType::String { .. } | ColumnType::Text => {
            let max = if let ColumnType::String { max } = column_type { max } else { 60 };
            let awkward =
                prop::sample::select(vec!['\0', ',', ':', 'N', '\'', '"', '\\', '\n', 'é', '\u{1F600}']);
            let character = prop_oneof![any::<char>(), awkward, prop::char::range('a', 'z')];
            let ascii = vec(prop::char::range('a', 'z'), 0..=max as usize);
            prop_oneof![vec(character, 0..=max as usize), ascii]
                .prop_map(|characters| Value::Text(characters.into_iter().collect::<String>().into()))
                .boxed()
        }
        ColumnType::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        ColumnType::Date => date().prop_map(Value::Date).boxed(),
        ColumnType::Timestamp { digits } => {
            let unit = 10_u32.pow(6 - u32::from(digits));
            let fraction = prop_oneof![0..1_000_000_u32, Just(0), Just(999_999)];
            (date(), time(), fraction)
                .prop_map(move |(date, time, micros)| {
                    Value::Timestamp(Timestamp::new(date, time, micros / unit * unit, digits).unwrap())
                })
                .boxed()
        }
        ColumnType::Time => time().prop_map(Value::Time).boxed(),
    }
}

fn time() -> impl Strategy<Value = CivilTime> {
    let time = (0_u8..24, 0_u8..60, 0_u8..60);
    let time = prop_oneof![time, Just((0, 0, 0)), Just((23, 59, 59))];
    time.prop_map(|(hour, minute, second)| CivilTime::new(hour, minute, second).unwrap())
}

fn date() -> impl Strategy<Value = CivilDate> {
    let ends = prop::sample::select(vec![
        (1000, 1, 1),
        (1582, 10, 10),
        (1969, 12, 31),
        (1970, 1, 1),
        (2000, 2, 29),
        (2038, 1, 20),
        (9999, 12, 31),
    ]);
    let day = (1000_u16..=9999, 1_u8..=12, 1_u8..=31);
    prop_oneof![day, ends].prop_map(|(year, month, day)| {
        (28..=day)
            .rev()
            .find_map(|day| CivilDate::new(year, month, day))
            .or_else(|| CivilDate::new(year, month, day))
            .unwrap()
    })
}
