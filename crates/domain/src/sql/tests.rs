//! Statements of many rows: their form, and that every one of them fits.

use std::borrow::Cow;
use std::collections::BTreeSet;

use proptest::prelude::*;

use super::insert::upsert_tail;
use super::*;
use crate::dictionary::{Column, ColumnType, Dictionary, Table};
use crate::library;
use crate::value::{CivilDate, CivilTime, Decimal, Double, Key, Timestamp, Value};

fn key(number: i64) -> Key {
    number.into()
}

#[test]
fn guards_the_first_row_only() {
    let dictionary = library::dictionary();
    let documents = dictionary.table("documents").unwrap();
    let mut guard = ReferenceGuard::default();
    guard.demand(dictionary.table("collections").unwrap(), &[3, 5].map(key).into());
    guard.demand(dictionary.table("tags").unwrap(), &BTreeSet::new());
    let mut writer = InsertWriter::guarded(documents, guard);
    let row = |id| vec![Value::Integer(id), Value::Null, Value::Null, Value::Integer(3), Value::Integer(5)];
    assert_eq!(writer.push(&row(1)), None);
    assert_eq!(writer.push(&row(2)), None);
    assert_eq!(
        writer.finish().unwrap().sql,
        "INSERT INTO `documents` (`id`,`name`,`datetime`,`collection_id`,`tag_id`) VALUES \
         (1*(SELECT 1 UNION ALL SELECT 0 FROM (SELECT COUNT(*) AS `found` FROM `collections` \
         WHERE `id` IN (3,5)) AS `guard` WHERE `found`<>2),NULL,NULL,3,5),(2,NULL,NULL,3,5)"
    );
}

#[test]
fn guards_references_of_any_key_with_a_key_of_any_type() {
    let text = r#"
        [[table]]
        name = "prices"
        columns = [
            { name = "code", type = "string(9)", key = true },
            { name = "day", type = "date", key = true },
        ]
        [[table]]
        name = "sales"
        columns = [
            { name = "slip", type = "string(9)", key = true },
            { name = "code", type = "string(9)" },
            { name = "day", type = "date" },
        ]
        references = [{ columns = ["code", "day"], table = "prices" }]
    "#;
    let dictionary = Dictionary::parse("test", text).unwrap();
    let (code, day) = (Value::Text("a".into()), Value::Date(CivilDate::new(2021, 7, 27).unwrap()));
    let mut guard = ReferenceGuard::default();
    guard.demand(dictionary.table("prices").unwrap(), &[Key::of([&code, &day]).unwrap()].into());
    let mut writer = InsertWriter::guarded(dictionary.table("sales").unwrap(), guard);
    for slip in ["s", "t"] {
        assert_eq!(writer.push(&[Value::Text(slip.into()), code.clone(), day.clone()]), None);
    }
    assert_eq!(
        writer.finish().unwrap().sql,
        "INSERT INTO `sales` (`slip`,`code`,`day`) VALUES \
         (IF(1*(SELECT 1 UNION ALL SELECT 0 FROM (SELECT COUNT(*) AS `found` FROM `prices` \
         WHERE (`code`,`day`) IN ((_utf8mb4 X'61',20210727))) AS `guard` WHERE `found`<>1),X'73',NULL),\
         X'61',20210727),(X'74',X'61',20210727)"
    );
}

#[test]
fn writes_into_a_shadow_and_over_rows_that_are_there() {
    let collections = library::dictionary().table("collections").unwrap();
    let mut writer = InsertWriter::new(collections).into_table("rowgate_new_7").upserting();
    assert_eq!(writer.push(&[Value::Integer(1), Value::Null]), None);
    assert_eq!(writer.push(&[Value::Integer(1), Value::Boolean(true)]), None);
    assert_eq!(
        writer.finish().unwrap().sql,
        "INSERT INTO `rowgate_new_7` (`id`,`collection_name`) VALUES (1,NULL),(1,1) \
         ON DUPLICATE KEY UPDATE `collection_name`=VALUES(`collection_name`)"
    );
    assert_eq!(InsertWriter::new(collections).upserting().finish(), None);
}

#[test]
fn asks_for_keys_and_for_values_that_are_taken() {
    let collections = library::dictionary().table("collections").unwrap();
    let keys = [1, 2].map(key);
    assert_eq!(
        select_present(collections, "rowgate_new_7", &keys, true),
        ["SELECT CONCAT(`id`) AS `k` FROM `rowgate_new_7` WHERE `id` IN (1,2) LOCK IN SHARE MODE"]
    );
    assert_eq!(select_present(collections, "collections", [], false), Vec::<String>::new());
    let [sql] = &select_holders(
        collections,
        "collections",
        &[1],
        [&Key::of([&Value::Text("a".into())]).unwrap()],
        false,
    )[..] else {
        panic!("one statement");
    };
    assert!(sql.starts_with("SELECT CONCAT(`id`) AS `k`,CONCAT("), "{sql}");
    assert!(sql.ends_with(" AS `u` FROM `collections` WHERE `collection_name` IN (_utf8mb4 X'61')"), "{sql}");
    assert_eq!(read_key(collections, "-7"), Ok(key(-7)));
    assert_eq!(read_columns(collections, &[1], "1:a"), Ok(Key::of([&Value::Text("a".into())]).unwrap()));
    assert!(read_key(collections, "x").is_err());
}

/// The SQL of a table of its own, of a few columns of any type: the first ones are the key.
fn any_table() -> impl Strategy<Value = Dictionary> {
    let any_type = prop_oneof![
        Just("smallint".to_owned()),
        Just("integer".to_owned()),
        Just("bigint".to_owned()),
        Just("decimal(20,3)".to_owned()),
        (1_u32..3000).prop_map(|max| format!("string({max})")),
        Just("date".to_owned()),
        Just("time".to_owned()),
        Just("timestamp".to_owned()),
        Just("timestamp(6)".to_owned()),
        Just("uuid".to_owned()),
        Just("double".to_owned()),
        Just("text".to_owned()),
        Just("boolean".to_owned()),
        Just("json".to_owned()),
        Just("binary(5000)".to_owned()),
    ];
    let exact = any_type.clone().prop_filter("no type of a key", |name: &String| {
        !["double", "text", "boolean", "json"].contains(&name.as_str()) && !name.starts_with("binary")
    });
    let columns = |count, types| proptest::collection::vec(types, count);
    (columns(1..4, exact.boxed()), columns(0..5, any_type.boxed())).prop_map(|(key, others)| {
        let key = key
            .iter()
            .enumerate()
            .map(|(at, name)| format!("{{ name = \"k{at}\", type = \"{name}\", key = true }}"));
        let others = others
            .iter()
            .enumerate()
            .map(|(at, name)| format!("{{ name = \"c{at}\", type = \"{name}\", required = false }}"));
        let columns: Vec<String> = key.chain(others).collect();
        let text = format!("[[table]]\nname = \"things\"\ncolumns = [{}]", columns.join(","));
        Dictionary::parse("test", &text).unwrap()
    })
}

/// A value of a column: made of a number and a text that has every kind of character.
fn value(column: &Column, number: i64, text: &str) -> Value<'static> {
    let day = CivilDate::new(1000 + (number.unsigned_abs() % 9000) as u16, 1, 1).unwrap();
    let time = CivilTime::new(0, (number.unsigned_abs() % 60) as u8, 7).unwrap();
    match column.column_type() {
        _ if !column.required() && number % 5 == 0 => Value::Null,
        ColumnType::SmallInt => Value::Integer(number % 30_000),
        ColumnType::Integer => Value::Integer(number % 2_000_000_000),
        ColumnType::Bigint => Value::Integer(number),
        ColumnType::Double => Value::Double(Double::new(number as f64 / 7.0).unwrap()),
        ColumnType::Decimal { scale, .. } => Value::Decimal(Decimal { unscaled: number.into(), scale }),
        ColumnType::String { max } => Value::Text(text.chars().take(max as usize).collect()),
        ColumnType::Text => Value::Text(text.to_owned().into()),
        ColumnType::Boolean => Value::Boolean(number > 0),
        ColumnType::Date => Value::Date(day),
        ColumnType::Time => Value::Time(time),
        ColumnType::Timestamp { digits: 0 } => Value::Timestamp(Timestamp::of_second(day, time)),
        ColumnType::Timestamp { digits } => Value::Timestamp(
            Timestamp::new(day, time, 1000 * (number.unsigned_abs() % 1000) as u32, digits).unwrap(),
        ),
        ColumnType::Uuid => Value::Uuid(uuid::Uuid::from_u128(number.unsigned_abs().into())),
        ColumnType::Json => Value::Json(serde_json::to_string(text).unwrap().into()),
        ColumnType::Binary { max } => {
            Value::Binary(text.bytes().take(max as usize).collect::<Vec<_>>().into())
        }
    }
}

/// Holds a statement to have nothing but what may be in SQL text: it fits, is ASCII, and between
/// quotes there are digits alone.
fn holds_no_byte_of_a_value(sql: &str) -> Result<(), TestCaseError> {
    prop_assert!(sql.len() <= MAX_SQL_CHARS, "{} characters", sql.len());
    prop_assert!(sql.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "{sql}");
    let pieces: Vec<&str> = sql.split('\'').collect();
    prop_assert!(pieces.len() % 2 == 1, "{sql}");
    for quoted in pieces.iter().skip(1).step_by(2) {
        prop_assert!(quoted.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'.'), "{quoted}");
    }
    // `:p0` and so on are all that looks like a parameter.
    let unquoted: String = pieces.iter().step_by(2).copied().collect();
    for parameter in unquoted.split(':').skip(1) {
        prop_assert!(parameter.starts_with('p') && parameter[1..].starts_with(|c: char| c.is_ascii_digit()));
    }
    Ok(())
}

proptest! {
    /// Every statement fits, no row is lost or repeated, and the text has no character that
    /// could end a literal.
    #[test]
    fn splits_rows_under_the_limit(
        lengths in proptest::collection::vec(0_usize..=255, 1..400),
        upserting in any::<bool>(),
    ) {
        let table = library::dictionary().table("collections").unwrap();
        let mut writer = InsertWriter::new(table);
        let tail = if upserting { upsert_tail(table) } else { String::new() };
        if upserting {
            writer = writer.upserting();
        }
        let mut statements = Vec::new();
        for (id, length) in (1..).zip(&lengths) {
            let name = "\u{1F600}".repeat(*length);
            statements.extend(writer.push(&[Value::Integer(id), Value::Text(Cow::Owned(name))]));
        }
        statements.extend(writer.finish());
        prop_assert_eq!(statements.iter().map(|statement| statement.rows).sum::<usize>(), lengths.len());
        let ids: Vec<String> = statements
            .iter()
            .flat_map(|statement| statement.sql.strip_suffix(&tail).unwrap_or_default().split('(').skip(2))
            .map(|row| row.split(',').next().unwrap_or_default().to_owned())
            .collect();
        prop_assert_eq!(ids, (1..=lengths.len()).map(|id| id.to_string()).collect::<Vec<_>>());
        for statement in statements {
            prop_assert!(statement.sql.len() <= MAX_SQL_CHARS);
            prop_assert_eq!(statement.sql.matches('\'').count(), statement.rows * 2);
            prop_assert!(statement.sql.is_ascii());
        }
    }
}

proptest! {
    // Each case is many statements.
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The same of tables of any shape, with long values beside the text.
    #[test]
    fn inserts_of_any_table_fit_and_hold_no_byte_of_a_value(
        dictionary in any_table(),
        rows in proptest::collection::vec((any::<i64>(), "\\PC{0,9}[\"'\\\\:]{0,3}", 0_usize..700), 1..40),
    ) {
        let table: &Table = &dictionary.tables()[0];
        let mut writer = InsertWriter::new(table).upserting();
        let mut statements = Vec::new();
        for (number, text, times) in &rows {
            let text = text.repeat(*times);
            let row: Vec<_> = table.columns().iter().map(|column| value(column, *number, &text)).collect();
            statements.extend(writer.push(&row));
            if let Some((sql, parameters)) = update_row(table, &row) {
                holds_no_byte_of_a_value(&sql)?;
                prop_assert_eq!(sql.matches(":p").count(), parameters.len());
            }
            let key = table.key_of(&row).unwrap();
            holds_no_byte_of_a_value(&delete_row(table, &key))?;
        }
        statements.extend(writer.finish());
        prop_assert_eq!(statements.iter().map(|statement| statement.rows).sum::<usize>(), rows.len());
        for InsertStatement { sql, parameters, rows } in &statements {
            holds_no_byte_of_a_value(sql)?;
            prop_assert_eq!(sql.matches(":p").count(), parameters.len());
            for number in 0..parameters.len() {
                let name = format!(":p{number}");
                prop_assert!(sql.contains(&name), "{}", name);
            }
            let bytes: usize = parameters.iter().map(Parameter::json_bytes).sum();
            prop_assert!(*rows == 1 || bytes <= 1 << 20, "{bytes} bytes of {rows} rows");
        }
    }

    /// Every key is asked for once, in statements that fit.
    #[test]
    fn lists_of_any_keys_fit(
        dictionary in any_table(),
        rows in proptest::collection::vec((any::<i64>(), "\\PC{0,40}", 0_usize..20), 1..80),
    ) {
        let table: &Table = &dictionary.tables()[0];
        let keys: Vec<Key> = rows
            .iter()
            .map(|(number, text, times)| {
                let text = text.repeat(*times);
                let row: Vec<_> = table.columns().iter().map(|column| value(column, *number, &text)).collect();
                table.key_of(&row).unwrap()
            })
            .collect();
        let mut asked = 0;
        for sql in select_present(table, "things", &keys, true) {
            let list = sql.split_once(" IN (").unwrap().1.strip_suffix(") LOCK IN SHARE MODE").unwrap();
            holds_no_byte_of_a_value(list)?;
            prop_assert!(sql.len() <= MAX_SQL_CHARS);
            asked += if table.key_indexes().len() == 1 { list.split(',').count() } else { list.matches('(').count() };
        }
        prop_assert_eq!(asked, keys.len());
    }
}
