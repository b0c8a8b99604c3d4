//! Files of the kinds that people report as trouble with loaders, and what each of them comes to.
//! The files are in `tests/fixtures/cases`, and are for the tables of the repository's own folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use domain::load::LoadStatus;

use crate::cloud::rejects;
use crate::support::World;

/// The expected result of a file.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    /// Rows loaded, and the lines and code of the rejected records: in a case no two codes meet.
    Completed(u64, &'static [u64], &'static str),
    /// A part of the reason. No row is loaded.
    Failed(&'static str),
}

use Outcome::{Completed, Failed};

const NOT_OURS: &str = "is neither a header of the table nor a row of it";

const EMPLOYEES: &[(&str, Outcome)] = &[
    ("a01-sep-comma.csv", Completed(2, &[], "")),
    ("a02-sep-semicolon.csv", Completed(1, &[], "")),
    ("a03-title-no-comma.csv", Failed("a header of the table is in line 3")),
    ("a05-foreign-header.csv", Failed(NOT_OURS)),
    ("a07-bom-twice.csv", Completed(1, &[], "")),
    ("a08-zero-width-header.csv", Completed(1, &[], "")),
    ("a10-comment.csv", Failed("a header of the table is in line 2")),
    ("a11-header-spaces.csv", Failed("line 1: the header names \"date time\", which is no column")),
    ("a12-header-case-quotes.csv", Completed(1, &[], "")),
    ("a19-header-only-names.csv", Failed(NOT_OURS)),
    ("c03-cp1252.csv", Completed(1, &[2, 4], "encoding")),
    ("d01-null-tokens.csv", Completed(6, &[6], "type")),
    ("d03-space-datetime.csv", Completed(5, &[], "")),
    ("d04-date-forms.csv", Completed(2, &[2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17], "timestamp")),
    ("e02-tar.csv.gz", Failed("the file is a tar archive")),
    ("f01-title-rows.xlsx", Failed("a header of the table is in line 3")),
    ("f02-formula-uncached.xlsx", Failed("a formula without a stored result")),
    ("f03-errors.xlsx", Failed("the error of a spreadsheet's formula")),
    ("f04-merged.xlsx", Completed(1, &[3], "required")),
    ("f05-hidden-and-two.xlsx", Completed(1, &[], "")),
    ("f08-styled-blanks.xlsx", Completed(1, &[], "")),
    ("f09-1904.xlsx", Completed(1, &[], "")),
    ("f10-text-dates.xlsx", Completed(1, &[2], "timestamp")),
    ("f11-date-only.xlsx", Completed(1, &[], "")),
    ("f12-general-serial.xlsx", Failed("nothing could be loaded")),
    ("f13-millis.xlsx", Completed(1, &[3, 4, 5], "timestamp")),
    ("f14-strict.xlsx", Completed(1, &[], "")),
    ("f15-filtered.xlsx", Completed(2, &[], "")),
    ("g01-semicolon-with-commas.csv", Completed(30, &[], "")),
    ("g04-bom-in-quotes.csv", Completed(1, &[], "")),
];

const JOBS: &[(&str, Outcome)] = &[
    ("a13-trailing-comma-both.csv", Completed(2, &[], "")),
    ("a14-trailing-comma-data.csv", Completed(2, &[], "")),
    ("a15-header-again.csv", Completed(2, &[], "")),
    ("a17-header-dup.csv", Failed("line 1: the header names the column \"job_name\" more than once")),
    ("b01-quote-missing-at-end.csv", Completed(3, &[3], "quote")),
    ("b03-quote-inner.csv", Completed(1, &[2], "quote")),
    ("b04-backslash.csv", Completed(1, &[2, 3], "quote")),
    ("b06-quote-never-closed.csv", Completed(2, &[3], "quote")),
    ("b07-inch.csv", Completed(2, &[], "")),
    ("b08-quote-missing-many.csv", Completed(39, &[12], "quote")),
    ("c02-utf16-tabs.csv", Completed(1, &[], "")),
    ("c04-nul-in-name.csv", Completed(2, &[], "")),
    ("c05-ctrl-z.csv", Completed(1, &[3], "field_count")),
    ("c06-nul-tail.csv", Completed(1, &[3], "field_count")),
    ("c07-cr-only.csv", Completed(2, &[3], "required")),
    ("c08-nbsp-id.csv", Failed("all 3 records were rejected")),
    ("c09-utf32.csv", Failed("the file is UTF-32 text")),
    ("c11-binary-pdf.csv", Failed("the file is a PDF document")),
    ("d02-numbers.csv", Completed(1, &[2, 3, 4, 5, 6, 8, 9], "type")),
    ("d06-footer.csv", Completed(2, &[5], "type")),
    ("d08-copy-end.csv", Completed(2, &[3], "field_count")),
    ("d09-all-wrong.csv", Failed("all 2000 records were rejected")),
    ("e01-gz-in-gz.csv.gz", Failed("the file is packed twice")),
    ("e04-zip.csv", Failed("an Excel workbook or another ZIP archive")),
    ("e05-zip.xlsx", Failed("the file is a ZIP archive, but no Excel workbook")),
    ("e06-csv.xlsx", Failed("if it is plain CSV, name it .csv")),
    ("e07-html.csv", Failed("the file is an HTML page")),
    ("e08-html.xlsx", Failed("the file is an HTML page")),
    ("e10-ndjson.csv", Failed("the file is JSON, one object a line")),
    ("e11-json.csv", Failed("the file is a JSON array")),
    ("e13-utf16.csv.gz", Completed(1, &[], "")),
    ("e15-parquet.csv", Failed("the file is a Parquet file")),
    ("e16-empty.csv", Completed(0, &[], "")),
    ("e17-header-only.csv", Completed(0, &[], "")),
    ("e18-gz-in-gz-larger.csv.gz", Failed("the file is packed twice")),
    ("f16-bool-and-float.xlsx", Completed(3, &[3, 5], "type")),
    ("f18-password.xlsx", Failed("protected by a password")),
    ("f19-newline-escape.xlsx", Completed(2, &[], "")),
    ("f20-leading-zero-text.xlsx", Completed(2, &[], "")),
    ("g02-ctrl-a.csv", Failed("declare the delimiter")),
    ("g05-equals-text.csv", Completed(2, &[], "")),
    ("g08-poi-stream.xlsx", Completed(1, &[], "")),
    ("g09-zip64-end.xlsx", Completed(1, &[], "")),
    ("g10-zip64-end-ff.xlsx", Failed("the workbook is encrypted or packed in an unusual way")),
];

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cases"))
}

/// Drops a file for an empty table and holds what comes of it against what should.
async fn check(world: &World, table: &str, name: &str, expected: Outcome) {
    world.db.sql(&format!("DELETE FROM {table}")).await.unwrap();
    let record =
        world.drop_file(&format!("incoming/{table}/{name}"), fs::read(folder().join(name)).unwrap()).await;
    let added = world.count(table).await;
    assert_eq!(added, record.rows_loaded, "{name}");
    match expected {
        Completed(loaded, lines, code) => {
            assert_eq!((record.status, added), (LoadStatus::Completed, loaded), "{name}: {record:?}");
            let files = rejects(&world.store, &record);
            let rejects: String = files.iter().map(|(_, text)| text.as_str()).collect();
            let found: Vec<String> = lines_and_codes(&rejects);
            let expected: Vec<String> = lines.iter().map(|line| format!("{line},{code}")).collect();
            assert_eq!(found, expected, "{name}: {rejects}");
            assert_eq!(found.len() as u64, record.rows_rejected, "{name}: {rejects}");
        }
        Failed(reason) => {
            assert_eq!((record.status, added), (LoadStatus::Failed, 0), "{name}: {record:?}");
            let error = record.error.unwrap_or_default();
            assert!(error.contains(reason), "{name} says {error:?}");
        }
    }
    if table == "employees" {
        let swapped = "SELECT COUNT(*) FROM employees WHERE department_id <> 3 OR job_id <> 7";
        assert_eq!(world.db.value(swapped).await.unwrap(), "0", "{name}");
    }
    for (file, id, text) in TEXTS {
        if *file == name {
            let found = world.db.value(&format!("SELECT job_name FROM jobs WHERE id = {id}")).await.unwrap();
            assert_eq!(found, *text, "{name}");
        }
    }
}

/// The expected rows of some of them.
const TEXTS: &[(&str, u32, &str)] = &[
    ("b03-quote-inner.csv", 610422, "Porter"),
    ("b07-inch.csv", 610461, "Pipe fitter 24\""),
    ("c02-utf16-tabs.csv", 610511, "Welder"),
    ("c04-nul-in-name.csv", 610531, "Wel\0der"),
    ("f16-bool-and-float.xlsx", 611053, "12.5"),
    ("f19-newline-escape.xlsx", 611072, "aAb"),
    ("g05-equals-text.csv", 730401, "0042"),
];

/// `<line>,<code>` of every record of a rejects file, which no other field looks like.
fn lines_and_codes(rejects: &str) -> Vec<String> {
    let of = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let is_code = |code: &str| {
            ["quote", "type", "required", "timestamp", "encoding", "field_count"].contains(&code)
        };
        fields
            .windows(2)
            .find(|pair| is_code(pair[1]) && pair[0].parse::<u64>().is_ok())
            .map(|pair| pair.join(","))
    };
    rejects.lines().filter_map(of).collect()
}

#[tokio::test]
async fn every_case_ends_as_it_should() {
    let world = World::over(testkit::hr::folder(), |_| {}).await;
    for (name, expected) in EMPLOYEES {
        check(&world, "employees", name, *expected).await;
    }
    for (name, expected) in JOBS {
        check(&world, "jobs", name, *expected).await;
    }
    let name = "g06-replace-mostly-wrong.csv";
    let all: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let tested: BTreeSet<String> = EMPLOYEES
        .iter()
        .chain(JOBS)
        .map(|(name, _)| *name)
        .chain([name, "README.md"])
        .map(str::to_owned)
        .collect();
    assert_eq!(all, tested);
}

#[tokio::test]
async fn a_replace_with_wrong_records_leaves_the_table_as_it_was() {
    let world = World::over(testkit::hr::folder(), |_| {}).await;
    let rows: String = (1..14).map(|id| format!("{id},Department {id}\n")).collect();
    world.drop_file("incoming/departments/all.csv", rows).await;
    let wrong = fs::read(folder().join("g06-replace-mostly-wrong.csv")).unwrap();
    let record = world.drop_file("incoming/departments/replace/wrong.csv", wrong).await;
    assert_eq!(record.status, LoadStatus::Failed);
    assert!(record.error.unwrap_or_default().contains("the table is as it was"));
    assert_eq!(world.count("departments").await, 13);
}
