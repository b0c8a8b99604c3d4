//! Checking the first records of a file, and proposing settings.

use std::io::Write;

use domain::dictionary::{LoadMode, Table};
use domain::load::{Format, Settings};
use domain::row::RowCode;
use files::{Checked, check};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

fn documents() -> &'static Table {
    testkit::dictionary().table("documents").unwrap()
}

fn settings(json: &str) -> Settings {
    Settings::from_json(json).unwrap()
}

fn of(name: &str, content: impl AsRef<[u8]>, json: &str, is_whole: bool) -> Checked {
    let format = Format::of_file(name).unwrap();
    check(documents(), format, LoadMode::Append, &settings(json), content.as_ref(), is_whole).unwrap()
}

fn proposal(checked: &Checked) -> String {
    checked.proposal.as_ref().map(Settings::to_json).unwrap_or_default()
}

/// A row with this id.
fn row(id: u32) -> String {
    format!("{id},Ada,2021-07-27T16:02:08Z,3,7\n")
}

#[test]
fn tells_the_first_records_and_counts_all() {
    let text: String = (1..=50).map(row).collect::<String>() + &row(7) + "51,,x,3,7\n";
    let found = of("a.csv", &text, "{}", true);
    assert_eq!((found.problem, found.counts.rows_read, found.counts.rows_rejected), (None, 52, 2));
    assert_eq!(found.records.len(), 20);
    assert_eq!(found.records[0].values[0].as_deref(), Some("1"));
    assert_eq!(
        (found.counts.codes[&RowCode::DuplicateInBatch], found.counts.codes[&RowCode::Required]),
        (1, 1)
    );
    assert_eq!((found.header, found.fields[4].column.as_deref()), (None, Some("tag_id")));
    let few = of("a.csv", "2,,x,3,7\n1,Ada,2021-07-27T16:02:08Z,3,7\n", "{}", true);
    assert_eq!(few.records[0].line, 1);
    assert_eq!(few.records[0].values[2].as_deref(), Some("x"));
    assert_eq!(few.records[0].errors.len(), 2);
    assert!(few.records[1].errors.is_empty());
}

#[test]
fn of_a_beginning_the_last_record_is_left_out() {
    let text = row(1) + &row(2) + "3,\"Bea\nof two lines";
    for (content, name) in [(text.clone().into_bytes(), "a.csv"), (gzip(&text), "a.csv.gz")] {
        let found = of(name, &content, "{}", false);
        assert_eq!(
            (found.problem, found.counts.rows_read, found.counts.rows_rejected),
            (None, 2, 0),
            "{name}"
        );
    }
    // Packed content that is cut off in its middle.
    let many: String = (1..=5_000).map(row).collect();
    let packed = gzip(&many);
    let found = of("a.csv.gz", &packed[..packed.len() / 2], "{}", false);
    assert!(found.problem.is_none() && (100..5_000).contains(&found.counts.rows_read), "{found:?}");
    assert!(of("a.csv.gz", &packed[..packed.len() / 2], "{}", true).problem.unwrap().contains("was cut off"));
    // Of all, the last one counts.
    assert_eq!(of("a.csv", &text, "{}", true).counts.rows_read, 4);
    let whole = of("a.csv", row(1).trim_end(), "{}", true);
    assert_eq!((whole.counts.rows_read, whole.counts.rows_rejected), (1, 0));
    // A record of which nothing is known yet.
    assert!(of("a.csv", "1,Ad", "{}", false).problem.unwrap().contains("hold no whole record"));
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// Files with one fault each, and what is proposed for it; with that they are read to the last
/// record.
#[test]
fn what_is_proposed_makes_the_file_readable() {
    let foreign = "Document ID,Name,Filed,Tag ID,Collection ID\n1,Ada,2021-03-01T09:00:00Z,7,3\n";
    let columns = r#""columns":{"Collection ID":"collection_id","Document ID":"id","Filed":"datetime","Tag ID":"tag_id"}"#;
    for (name, content, expected) in [
        ("a.csv", foreign.as_bytes().to_vec(), format!("{{{columns}}}")),
        ("a.csv", foreign.replace(',', ";").into_bytes(), format!("{{{columns}}}")),
        (
            "a.csv",
            foreign.replace(',', "\x01").into_bytes(),
            format!("{{{columns},\"delimiter\":\"\\u0001\"}}"),
        ),
        (
            "a.csv",
            format!("New files of March\n\n{foreign}").into_bytes(),
            format!("{{{columns},\"skip_lines\":2}}"),
        ),
        ("a.csv", row(1).replace(',', "^").into_bytes(), r#"{"delimiter":"^"}"#.to_owned()),
        (
            "a.csv",
            foreign.replace("2021-03-01T09:00:00Z", "27.03.2021 09:00").into_bytes(),
            format!("{{{columns},\"timestamp_formats\":[\"%d.%m.%Y %H:%M\"]}}"),
        ),
        (
            "a.csv",
            b"id,name,datetime,collection_id,tag_id\n1,Zo\xEB,2021-03-01T09:00:00Z,3,7\n".to_vec(),
            r#"{"encoding":"windows-1252"}"#.to_owned(),
        ),
        ("a.csv", row(1).replace("2021-07-27T16:02:08Z", "07/27/2021 04:02 PM").into_bytes(), {
            r#"{"timestamp_formats":["%m/%d/%Y %I:%M %p"]}"#.to_owned()
        }),
    ] {
        let found = of(name, &content, "{}", true);
        assert_eq!(proposal(&found), expected);
        let again = of(name, &content, &expected, true);
        assert_eq!(
            (again.problem, again.counts.rows_read, again.counts.rows_rejected),
            (None, 1, 0),
            "{expected}"
        );
        assert_eq!(again.records[0].values[3..], [Some("3".to_owned()), Some("7".to_owned())]);
        assert_eq!(again.proposal, None);
    }
    // Content that can be read as it is needs no proposal.
    assert_eq!(proposal(&of("a.csv", row(1), "{}", true)), "");
}

#[test]
fn a_workbook_is_checked_where_all_of_it_is_there() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "New files").unwrap();
    for (column, name) in ["Doc No", "Name", "Filed", "Tag ID", "Collection ID"].iter().enumerate() {
        sheet.write_string(2, column as u16, *name).unwrap();
    }
    for (column, value) in ["1", "Ada", "2021-03-01T09:00:00Z", "7", "3"].iter().enumerate() {
        sheet.write_string(3, column as u16, *value).unwrap();
    }
    let content = book.save_to_buffer().unwrap();
    let found = of("a.xlsx", &content, "{}", true);
    assert_eq!(
        proposal(&found),
        r#"{"columns":{"Collection ID":"collection_id","Doc No":"id","Filed":"datetime","Tag ID":"tag_id"},"skip_lines":2}"#
    );
    let again = of("a.xlsx", &content, &proposal(&found), true);
    assert_eq!((again.problem, again.counts.rows_read, again.counts.rows_rejected), (None, 1, 0));
    assert!(again.form.is_none());
    let part = of("a.xlsx", &content[..content.len() / 2], "{}", false);
    assert_eq!(
        part.problem.as_deref(),
        Some("a workbook is read from its end, so it is checked when it is loaded")
    );
}

#[test]
fn json_lines_have_no_header() {
    let line =
        r#"{"Nr": 1, "name": "Ada", "datetime": "2021-07-27T16:02:08Z", "collection_id": 3, "tag_id": 7}"#;
    let found = of("a.jsonl", format!("{line}\n{{\n"), r#"{"columns": {"nr": "id"}}"#, true);
    assert_eq!((found.problem, found.counts.rows_read, found.counts.rows_rejected), (None, 2, 1));
    assert_eq!(found.records[0].values[0].as_deref(), Some("1"));
    assert_eq!((found.header, found.fields.len()), (None, 0));
    assert_eq!(found.form.and_then(|form| form.delimiter), None);
}

#[test]
fn settings_that_do_not_fit_the_table_are_refused() {
    let error =
        check(documents(), Format::CSV, LoadMode::Append, &settings(r#"{"columns": {"a": "b"}}"#), b"", true);
    assert!(error.unwrap_err().to_string().starts_with("the settings cannot be used"));
}

proptest! {
    #[test]
    fn no_content_makes_it_panic(
        content in proptest::collection::vec(any::<u8>(), 0..400),
        text in "[a-z0-9,;\"\n\r|\t: -]{0,300}",
        name in proptest::sample::select(vec!["a.csv", "a.tsv", "a.csv.gz", "a.csv.zst", "a.xlsx", "a.jsonl"]),
        is_whole in any::<bool>(),
    ) {
        of(name, &content, "{}", is_whole);
        of(name, &text, "{}", is_whole);
        of(name, format!("id,name,datetime,collection_id,tag_id\n{text}"), r#"{"columns": {"x": "id"}}"#, is_whole);
    }

    /// A beginning shows nothing that all of the file would not show.
    #[test]
    fn a_beginning_has_the_first_records_of_all(cut in 60..1_000usize) {
        let text: String = (1..=40).map(|id| if id % 3 == 0 { format!("{id},\"A\nB\",x,3,7\n") } else { row(id) }).collect();
        let all = of("a.csv", &text, "{}", true);
        let some = of("a.csv", &text[..cut.min(text.len())], "{}", false);
        prop_assert!(some.counts.rows_read <= all.counts.rows_read);
        prop_assert_eq!(&all.records[..some.records.len()], &some.records[..]);
    }
}
