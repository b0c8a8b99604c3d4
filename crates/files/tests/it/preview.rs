//! Previews of loads.

use std::io::Cursor;

use domain::dictionary::LoadMode;
use domain::load::Format;
use domain::row::RowCode;
use files::{Opening, Preview, preview};

fn of(text: &str, mode: LoadMode, chunk_bytes: u64) -> Preview {
    let table = testkit::dictionary().table("jobs").unwrap();
    let opening = Opening { format: Format::CSV, table, object_bytes: text.len() as u64, chunk_bytes };
    preview(opening, mode, 2, Box::new(Cursor::new(text.to_owned().into_bytes())))
}

#[test]
fn counts_what_a_load_would_load_and_reject() {
    let text = "id,job_name\n1,Welder\n2,\n,\n1,Mason\nx,\"a\"b\n-1,Cook\nid,job_name\n-1,Chef\n";
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
    let found = of("id,job_name\n1,Welder\njob_name,id\nMason,2\n", LoadMode::Append, 1);
    assert_eq!(found.counts.rows_read, 1);
    assert!(found.failure.unwrap().to_string().starts_with("line 3 is a header, and names other columns"));
}
