//! Random tables with every type of column, and rows for them with the ends of every type more
//! often than chance has them.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::dictionary::ColumnType;

/// A table, which of its columns take NULL, and rows.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) table: Table,
    pub(crate) nullable: Vec<bool>,
    pub(crate) rows: Vec<Vec<Value<'static>>>,
}

pub(crate) fn sample(rows: usize) -> impl Strategy<Value = Sample> {
    let any_type = prop_oneof![
        Just("integer".to_owned()),
        Just("bigint".to_owned()),
        (1_u8..=38).prop_flat_map(|p| (0..=p.min(30)).prop_map(move |s| format!("decimal({p},{s})"))),
        Just("decimal(38,0)".to_owned()),
        Just("decimal(38,30)".to_owned()),
        (1_u32..=40).prop_map(|max| format!("string({max})")),
        Just("boolean".to_owned()),
        Just("date".to_owned()),
        Just("timestamp".to_owned()),
    ];
    vec((any_type, any::<bool>()), 1..9).prop_flat_map(move |columns| {
        let named = columns.iter().enumerate();
        let text: Vec<String> =
            named.map(|(index, (kind, _))| format!("{{ name = \"c{index}\", type = \"{kind}\" }}")).collect();
        let table = table(&text.join(","));
        let nullable: Vec<bool> =
            std::iter::once(false).chain(columns.into_iter().map(|(_, nullable)| nullable)).collect();
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
        ColumnType::String { max } => {
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
        ColumnType::Timestamp => {
            let time = (0_u8..24, 0_u8..60, 0_u8..60);
            let time = prop_oneof![time, Just((0, 0, 0)), Just((23, 59, 59))];
            let time = time.prop_map(|(hour, minute, second)| CivilTime::new(hour, minute, second).unwrap());
            (date(), time).prop_map(|(date, time)| Value::Timestamp(date, time)).boxed()
        }
    }
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
