//! Previews of loads.

use std::collections::BTreeMap;
use std::io::Cursor;

use domain::dictionary::{Dictionary, LoadMode, Table};
use domain::load::Format;
use domain::row::RowCode;
use files::{Opening, Preview, preview};
use proptest::prelude::*;

fn of(text: &str, mode: LoadMode, chunk_bytes: u64) -> Preview {
    of_table(testkit::dictionary().table("tags").unwrap(), text, mode, chunk_bytes)
}

fn of_table(table: &Table, text: &str, mode: LoadMode, chunk_bytes: u64) -> Preview {
    let opening = Opening { format: Format::CSV, table, object_bytes: text.len() as u64, chunk_bytes };
    preview(opening, mode, 2, Box::new(Cursor::new(text.to_owned().into_bytes())))
}

#[test]
fn counts_what_a_load_would_load_and_reject() {
    let text = "id,tag_name\n1,Welder\n2,\n,\n1,Mason\nx,\"a\"b\n-1,Cook\nid,tag_name\n-1,Chef\n";
    for chunk_bytes in [1, 20, u64::MAX] {
        let found = of(text, LoadMode::Append, chunk_bytes);
        assert!(found.failure.is_none());
        assert_eq!(
            (found.counts.rows_read, found.counts.rows_rejected, found.counts.skipped),
            (6, 4, 2),
            "{found:?}"
        );
        assert_eq!(found.counts.codes.values().sum::<u64>(), 4);
        assert_eq!(found.counts.codes[&RowCode::Quote], 1);
        let first: Vec<(u64, &[RowCode])> =
            found.first.iter().map(|rejected| (rejected.line, &rejected.codes[..])).collect();
        assert_eq!(first[0], (3, &[RowCode::Required][..]));
        assert_eq!(first[1].0, 5);
    }
    assert_eq!(of(text, LoadMode::Upsert, 1).counts.rows_rejected, 2);
}

#[test]
fn says_why_a_load_would_fail_and_what_was_read_before() {
    let found = of("id,tag_name\n1,Welder\ntag_name,id\nMason,2\n", LoadMode::Append, 1);
    assert_eq!(found.counts.rows_read, 1);
    assert!(found.failure.unwrap().to_string().starts_with("line 3 is a header, and names other columns"));
}

/// Counts each code, a key that is taken as one whichever chunk has it.
fn codes(preview: &Preview) -> BTreeMap<RowCode, u64> {
    let mut codes = BTreeMap::new();
    for (code, count) in &preview.counts.codes {
        let code = if *code == RowCode::DuplicateInBatch { RowCode::DuplicateId } else { *code };
        *codes.entry(code).or_default() += count;
    }
    codes
}

proptest! {
    /// Keys and unique values are held against those of every chunk before, whatever they are.
    #[test]
    fn counts_the_same_whatever_the_chunks_are(
        is_text in any::<bool>(),
        has_two in any::<bool>(),
        rows in proptest::collection::vec((0..6_u8, 0..2_u8, 0..6_u8), 1..20),
        chunk_bytes in 1_u64..60,
        mode in proptest::sample::select(vec![LoadMode::Append, LoadMode::Upsert, LoadMode::Replace]),
    ) {
        let text = format!(
            r#"
            [[table]]
            name = "badges"
            columns = [
                {{ name = "id", type = "{}", key = true }},
                {{ name = "part", type = "date", key = {has_two} }},
                {{ name = "code", type = "string(9)", unique = true, required = false }},
            ]
            "#,
            if is_text { "string(9)" } else { "bigint" },
        );
        let dictionary = Dictionary::parse("test", &text).unwrap();
        let mut file = String::from("id,part,code\n");
        for (id, part, code) in rows {
            let code = if code == 0 { String::new() } else { format!("C{code}") };
            file += &format!("{id},2021-07-1{part},{code}\n");
        }
        let table = &dictionary.tables()[0];
        let whole = of_table(table, &file, mode, u64::MAX);
        let cut = of_table(table, &file, mode, chunk_bytes);
        prop_assert!(whole.failure.is_none() && cut.failure.is_none());
        prop_assert_eq!(whole.counts.rows_rejected, cut.counts.rows_rejected);
        prop_assert_eq!(codes(&whole), codes(&cut));
    }
}
