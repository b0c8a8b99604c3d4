//! The rows of chunks, held against loading them one after the other.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::dictionary::Dictionary;
use crate::load::{CHUNK_BYTES, Chunk, Chunker, Layout};
use crate::row::RowCode;

/// Shapes of keys: the columns that are the key, and the type of the first one.
const SHAPES: [(&[&str], &str); 4] = [
    (&["id"], "integer"),
    (&["id"], "string(9)"),
    (&["id", "part"], "integer"),
    (&["id", "part"], "string(9)"),
];

/// A table of items with a key of this shape, a unique code, and a unique pair.
fn dictionary((key, id): (&[&str], &str)) -> Dictionary {
    let is_key = |name: &str| key.contains(&name);
    let text = format!(
        r#"
        [[table]]
        name = "items"
        unique = [["x", "y"]]
        columns = [
            {{ name = "id", type = "{id}", key = true }},
            {{ name = "part", type = "string(9)", key = {}, required = {} }},
            {{ name = "code", type = "string(9)", unique = true, required = false }},
            {{ name = "x", type = "integer", required = false }},
            {{ name = "y", type = "date", required = false }},
            {{ name = "note", type = "string(9)", required = false }},
        ]
        "#,
        is_key("part"),
        is_key("part"),
    );
    Dictionary::parse("test", &text).unwrap()
}

fn chunk(table: &Table, lines: &str) -> (Layout, Chunk) {
    let content = format!("id,part,code,x,y,note\n{lines}");
    let layout = Layout::of_values(table, content.as_bytes(), true, b',').unwrap();
    let mut chunker = Chunker::new(layout.dialect, layout.start, CHUNK_BYTES);
    chunker.feed(content.as_bytes()).unwrap();
    (layout, chunker.finish().unwrap().unwrap())
}

type Row = Vec<Value<'static>>;

fn owned(row: &[Value<'_>]) -> Row {
    row.iter().cloned().map(Value::into_owned).collect()
}

fn value_of(row: &[Value<'_>], unique: &[usize]) -> Option<Key> {
    Key::of(unique.iter().map(|column| &row[*column]))
}

/// Returns the position of another row that has a unique value of this one.
fn holder(table: &Table, rows: &[Row], row: &[Value<'_>]) -> Option<usize> {
    let shares = |other: &Row| {
        table.unique().iter().any(|unique| {
            let value = value_of(row, unique);
            value.is_some() && value == value_of(other, unique)
        })
    };
    rows.iter().position(|other| table.key_of(other) != table.key_of(row) && shares(other))
}

/// Loads one row; returns the code of its refusal.
fn load(table: &Table, rows: &mut Vec<Row>, row: &[Value<'_>], mode: LoadMode) -> Result<(), &'static str> {
    let same = rows.iter().position(|other| table.key_of(other) == table.key_of(row));
    if mode != LoadMode::Upsert && same.is_some() {
        return Err("duplicate_id");
    }
    if holder(table, rows, row).is_some() {
        return Err("duplicate_value");
    }
    match same {
        Some(same) => rows[same] = owned(row),
        None => rows.push(owned(row)),
    }
    Ok(())
}

/// Returns the code that [`load`] has for an error.
fn refusal(error: &RowError<'_>) -> &'static str {
    match error.code() {
        RowCode::DuplicateInBatch => RowCode::DuplicateId.as_str(),
        code => code.as_str(),
    }
}

/// Returns what a table with these rows has of those of a chunk.
fn facts(chunk: &CheckedChunk<'_>, rows: &[Row]) -> Facts {
    let table = chunk.table;
    let keys: HashSet<Key> = chunk.keys().collect();
    let of_chunk = |key: &Key| keys.contains(key);
    let holders = table.unique().iter().map(|unique| {
        let values = chunk.values_of(unique);
        let known = rows.iter().filter_map(|row| Some((value_of(row, unique)?, table.key_of(row)?)));
        known.filter(|(value, _)| values.contains(value)).collect()
    });
    Facts {
        taken: rows.iter().filter_map(|row| table.key_of(row)).filter(of_chunk).collect(),
        holders: holders.collect(),
        missing: BTreeMap::new(),
    }
}

/// Writes rows as statements with `ON DUPLICATE KEY UPDATE` do; none may meet another's value.
fn write(table: &Table, rows: &mut Vec<Row>, groups: Vec<Vec<&[Value<'_>]>>) {
    for group in groups {
        let keys: HashSet<Key> = group.iter().filter_map(|row| table.key_of(row)).collect();
        assert_eq!(keys.len(), group.len(), "a key is in a group twice");
        for row in group {
            assert_eq!(holder(table, rows, row), None, "{row:?}");
            load(table, rows, row, LoadMode::Upsert).unwrap();
        }
    }
}

fn sorted(table: &Table, mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_key(|row| table.key_of(row));
    rows
}

/// Lines with few different values, so that many of them meet.
fn lines() -> impl Strategy<Value = String> {
    let line = (0..5_u8, 0..2_u8, 0..5_u8, 0..3_u8, 1..3_u8, any::<u8>()).prop_map(
        |(id, part, code, x, day, note)| {
            let or_none = |text: String| if text.contains('0') { String::new() } else { text };
            let (code, x) = (or_none(format!("C{code}")), or_none(x.to_string()));
            format!("{id},p{part},{code},{x},2021-07-1{day},{note}\n")
        },
    );
    proptest::collection::vec(line, 1..14).prop_map(|lines| lines.concat())
}

proptest! {
    /// Whatever the key, the table and the mode are: rows of a chunk come to the same as rows one
    /// after the other, and can be written in the order of their groups.
    #[test]
    fn rows_are_judged_as_if_loaded_one_after_the_other(
        shape in 0..SHAPES.len(),
        before in lines(),
        file in lines(),
        mode in proptest::sample::select(vec![LoadMode::Append, LoadMode::Upsert]),
    ) {
        let dictionary = dictionary(SHAPES[shape]);
        let table = &dictionary.tables()[0];
        let mut rows = Vec::new();
        let (layout, first) = chunk(table, &before);
        for row in CheckedChunk::check(table, &layout.columns, &first).unwrap().rows() {
            let _ = load(table, &mut rows, row, LoadMode::Append);
        }
        let (layout, second) = chunk(table, &file);
        let checked = CheckedChunk::check(table, &layout.columns, &second).unwrap();
        let judged = checked.judge(mode, &facts(&checked, &rows));

        let mut expected = rows.clone();
        let mut refused = Vec::new();
        for (position, row) in checked.rows().enumerate() {
            if let Err(code) = load(table, &mut expected, row, mode) {
                refused.push((position, code));
            }
        }
        let found = judged.refused.iter().map(|(position, errors)| (*position, refusal(&errors[0])));
        prop_assert_eq!(found.collect::<Vec<_>>(), refused);
        prop_assert_eq!(judged.len() + judged.rejected().len(), checked.rows_read);
        prop_assert_eq!(judged.accepted().count(), judged.len());
        let written = match mode {
            LoadMode::Upsert => {
                write(table, &mut rows, judged.groups());
                rows
            }
            _ => {
                rows.extend(judged.accepted().map(|(_, row)| owned(row)));
                rows
            }
        };
        prop_assert_eq!(sorted(table, written), sorted(table, expected));
    }
}

fn judge(table: &Table, lines: &str, mode: LoadMode, facts: &Facts) -> (u64, Vec<String>) {
    let (layout, chunk) = chunk(table, lines);
    let checked = CheckedChunk::check(table, &layout.columns, &chunk).unwrap();
    let judged = checked.judge(mode, facts);
    let errors = judged.rejected().into_iter().flat_map(|rejected| {
        let line = rejected.record.line;
        rejected.errors.into_iter().map(move |error| format!("{line}: {} {error}", error.code().as_str()))
    });
    (judged.unknown_references, errors.collect())
}

#[test]
fn a_row_that_the_table_refuses_takes_nothing_from_those_after_it() {
    let dictionary = dictionary(SHAPES[0]);
    let table = &dictionary.tables()[0];
    let facts = Facts { taken: [Key::from(1)].into(), ..Facts::default() };
    let (_, errors) = judge(table, "1,,A,,,\n2,,A,,,\n2,,B,,,\n3,,A,,,\n", LoadMode::Append, &facts);
    let codes: Vec<&str> = errors.iter().map(|error| error.split_whitespace().next().unwrap()).collect();
    assert_eq!(codes, ["2:", "4:", "5:"]);
    assert!(errors[0].starts_with("2: duplicate_id id "), "{errors:?}");
    assert!(errors[1].starts_with("4: duplicate_in_batch id "), "{errors:?}");
    assert!(errors[2].starts_with("5: duplicate_value code "), "{errors:?}");
}

#[test]
fn keys_are_told_apart_by_case_and_taken_whole() {
    let one = dictionary(SHAPES[1]);
    let (_, errors) = judge(
        &one.tables()[0],
        "a,,,,,\nA,,,,,\n\u{1F600},,,,,\na,,,,,\n",
        LoadMode::Append,
        &Facts::default(),
    );
    assert_eq!(errors.len(), 1, "{errors:?}");
    let both = dictionary(SHAPES[3]);
    let lines = "a,1,,,,\na,2,,,,\na1,,,,,\na,1,,,,\n";
    let (_, errors) = judge(&both.tables()[0], lines, LoadMode::Append, &Facts::default());
    assert!(errors[0].starts_with("4: required part"), "{errors:?}");
    assert!(errors[1].starts_with("5: duplicate_in_batch id"), "{errors:?}");
    assert_eq!(errors.len(), 2);
}

#[test]
fn a_reference_to_the_same_table_may_name_the_row_and_those_before_it() {
    let of = |on_unknown: &str| {
        let text = format!(
            r#"
            [[table]]
            name = "places"
            columns = [
                {{ name = "id", type = "string(9)", key = true }},
                {{ name = "within", type = "string(9)", required = false, references = "places", on_unknown = "{on_unknown}" }},
            ]
            "#
        );
        Dictionary::parse("test", &text).unwrap()
    };
    let lines = "id,within\na,a\nb,a\nc,d\nd,c\ne,there\nf,\n";
    let result = |dictionary: &Dictionary, mode| {
        let table = &dictionary.tables()[0];
        let layout = Layout::of_values(table, lines.as_bytes(), true, b',').unwrap();
        let mut chunker = Chunker::new(layout.dialect, layout.start, CHUNK_BYTES);
        chunker.feed(lines.as_bytes()).unwrap();
        let chunk = chunker.finish().unwrap().unwrap();
        let checked = CheckedChunk::check(table, &layout.columns, &chunk).unwrap();
        let mut named: HashSet<Key> = checked.keys_named(&table.references()[0]).into_iter().collect();
        assert_eq!(named.len(), 4);
        named.remove(&Key::of([&Value::Text("there".into())]).unwrap());
        let facts = Facts { missing: BTreeMap::from([(0, named)]), ..Facts::default() };
        let judged = checked.judge(mode, &facts);
        let lines: Vec<u64> = judged.rejected().iter().map(|rejected| rejected.record.line).collect();
        let codes: Vec<&str> =
            judged.rejected().iter().map(|rejected| rejected.errors[0].code().as_str()).collect();
        assert!(codes.iter().all(|code| *code == "unknown_reference"), "{codes:?}");
        (judged.unknown_references, lines)
    };
    for mode in [LoadMode::Append, LoadMode::Upsert, LoadMode::Replace] {
        // c is refused, so d has nothing to name.
        assert_eq!(result(&of("reject"), mode), (0, vec![4, 5]));
        assert_eq!(result(&of("accept"), mode), (1, vec![]));
    }
}
