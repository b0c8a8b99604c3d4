use std::io::Write as _;

use flate2::write::GzEncoder;

use super::*;

/// A workbook of sheets with these names, states, and rows; each is the part of its name.
fn sheets(sheets: &[(&str, &str, &str)]) -> Vec<u8> {
    let listed: String = sheets
        .iter()
        .map(|(name, state, _)| format!("<sheet name=\"{name}\" r:id=\"{name}\" state=\"{state}\"/>"))
        .collect();
    let book = format!("<workbook><sheets>{listed}</sheets></workbook>");
    let relation = |(name, _, rows): &(&str, &str, &str)| {
        let kind = if *rows == CHART { "chartsheet" } else { "worksheet" };
        format!("<Relationship Target=\"{name}\" Id=\"{name}\" Type=\"a/{kind}\"/>")
    };
    let relations: String = sheets.iter().map(relation).collect();
    let parts: Vec<(String, String)> = sheets
        .iter()
        .map(|(name, _, rows)| {
            (format!("xl/{name}"), format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"))
        })
        .collect();
    let relations = format!("<Relationships>{relations}</Relationships>");
    let mut all = vec![ROOT, (BOOK.0, &*book), (RELATIONS.0, &*relations)];
    all.extend(parts.iter().map(|(name, part)| (&**name, &**part)));
    archive(&all)
}

const CHART: &str = "chart";

fn warnings(table: &'static Table, bytes: &[u8]) -> Vec<String> {
    open_as(table, XLSX, bytes, u64::MAX).unwrap().warnings().to_vec()
}

/// The text of the only row.
fn text(table: &'static Table, bytes: &[u8]) -> String {
    let records = records_as(table, bytes);
    assert_eq!(records.len(), 1);
    records[0].1[1].clone()
}

#[test]
fn the_first_sheet_that_people_see_is_read() {
    let [secret, seen, after] = ["secret", "seen", "after"].map(|name| row(&["1", name]));
    let bytes = sheets(&[
        ("Secret", "veryHidden", &secret),
        ("Chart", "", CHART),
        ("Seen", "visible", &seen),
        ("After", "", &after),
    ]);
    assert_eq!(text(things(""), &bytes), "seen");
    assert_eq!(warnings(things(""), &bytes), ["the sheet \"After\" was not read; only \"Seen\" was"]);
    // If there is no other, a hidden sheet is read.
    let bytes = sheets(&[("Chart", "", CHART), ("Secret", "hidden", &secret)]);
    assert_eq!(text(things(""), &bytes), "secret");
    assert_eq!(error(&sheets(&[("Chart", "", CHART)])), "the workbook has no sheet with cells");
}

#[test]
fn the_sheet_that_is_declared_is_read() {
    let [cover, hires, old] = ["cover", "hires", "old"].map(|name| row(&["1", name]));
    let bytes = sheets(&[("Cover", "", &cover), ("Hires 1", "", &hires), ("Zürich", "hidden", &old)]);
    for (name, expected) in
        [("Hires 1", "hires"), ("hIRES 1", "hires"), ("ZÜRICH", "old"), ("Cover", "cover")]
    {
        let table = things(&format!("sheet = {name:?}"));
        assert_eq!(text(table, &bytes), expected);
        assert!(warnings(table, &bytes).is_empty(), "nobody need be told what is declared");
    }
    assert_eq!(
        error_as(things("sheet = \"Hires\""), &bytes),
        "the workbook has no sheet \"Hires\", which is declared for the table; it has \"Cover\", \"Hires 1\", \"Zürich\"; rename \
         the right one"
    );
    let bytes = sheets(&[("Cover", "", &row(&["Figures of July"])), ("Hires", "", &hires), ("More", "", "")]);
    let error = error_as(things("sheet = \"cover\""), &bytes);
    assert!(
        error.ends_with(
            "; this is the sheet \"Cover\", as declared for the table; the workbook also has \"Hires\""
        ),
        "{error}"
    );
    let bytes = sheets(&[("Cover", "", &cover), ("Hires", "", "")]);
    assert_eq!(records_as(things("sheet = \"Hires\""), &bytes), []);
}

#[test]
fn sheets_with_cells_that_are_not_read_are_named() {
    let one = row(&["1", "one"]);
    let blank = "<row><c s=\"1\"/></row>";
    let with = |others: &[(&str, &str, &str)]| sheets(&[&[("One", "", &*one)], others].concat());
    assert!(
        warnings(things(""), &with(&[("Sheet2", "", ""), ("Sheet3", "", blank), ("Old", "hidden", &one)]))
            .is_empty()
    );
    assert_eq!(
        warnings(things(""), &with(&[("Q2", "", &one), ("Blank", "", blank), ("Notes", "", &one)])),
        ["the sheets \"Q2\", \"Notes\" were not read; only \"One\" was"]
    );
    let names: Vec<String> = (0..300).map(|number| format!("{number}{}", "x".repeat(5000))).collect();
    let many: Vec<_> = names.iter().map(|name| (&**name, "", &*one)).collect();
    let warnings = warnings(things(""), &with(&many));
    assert!(warnings[0].len() < 1000 && warnings[0].contains("\", … were not read"), "{}", warnings[0]);
    // Damage of another sheet does not matter.
    assert_eq!(text(things(""), &with(&[("Broken", "", "</a>")])), "one");
}

#[test]
fn a_sheet_in_front_that_is_not_the_tables_fails_with_the_names_of_the_others() {
    let hires = format!("{}{}", row(&["text", "id"]), row(&["a", "1"]));
    let advice = "move the right one to the front, or set sheet = \"…\" for the table";
    let covers = [
        row(&["Figures of July"]),
        row(&["id", "texts"]),
        String::new(),
        "<row><c s=\"1\"/></row>".to_owned(),
    ];
    for cover in covers {
        let bytes =
            sheets(&[("Cover", "", &cover), ("Hires", "", &hires), ("More", "", &hires), ("Sheet3", "", "")]);
        let error = error_as(things(""), &bytes);
        assert!(error.contains("the sheet \"Cover\", the first one"), "{error}");
        assert!(error.ends_with(&format!("the workbook also has \"Hires\", \"More\": {advice}")), "{error}");
        assert_eq!(checked(things("sheet = \"Hires\""), &bytes), [(2, Ok("1 | a |  |  |  | ".to_owned()))]);
        // Without another sheet, there is nothing to choose.
        let error = read_as(things(""), &sheets(&[("Cover", "", &cover)]), u64::MAX).1;
        assert!(!matches!(error, Err(SourceError::Sheet(_))));
    }
}

#[test]
fn a_sheet_without_cells_has_no_rows() {
    assert_eq!(records_as(table("tags"), &written(|_| {})), []);
    assert_eq!(records_as(table("tags"), &by_hand("<row><c/></row>", "")), []);
    assert_eq!(records_as(things("skip_lines = 1"), &by_hand(&row(&["1"]), "")), []);
}

#[test]
fn a_workbook_with_macros_is_read_like_any_other() {
    let relations = RELATIONS.1.replace(
        "</Relationships>",
        "<Relationship Id=\"m\" Type=\"a/vbaProject\" Target=\"vbaProject.bin\"/></Relationships>",
    );
    let types = "<Types><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.ms-excel.sheet.macroEnabled.main+xml\"/></Types>";
    let sheet = format!("<worksheet><sheetData>{}</sheetData></worksheet>", row(&["1", "a"]));
    let bytes = archive(&[
        ("[Content_Types].xml", types),
        ROOT,
        BOOK,
        (RELATIONS.0, &relations),
        ("xl/styles.xml", STYLES),
        ("xl/vbaProject.bin", "\u{1}\u{2}"),
        ("xl/worksheets/sheet1.xml", &sheet),
    ]);
    assert_eq!(text(things(""), &bytes), "a");
}

#[test]
fn a_workbook_may_be_packed_once_more() {
    let bytes = by_hand(&row(&["1", "a"]), "");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&bytes).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(&*bytes, 1).unwrap();
    for (packing, packed) in [(Packing::Gzip, gzip), (Packing::Zstd, zstd)] {
        let format = Format { packing, ..XLSX };
        let (chunks, end) = drain(open_as(things(""), format, &packed, u64::MAX));
        end.unwrap();
        assert_eq!(fields(&chunks), [record(1, &["1", "a", "", "", "", ""])]);
        for length in (4..packed.len()).step_by(7) {
            let (chunks, end) = drain(open_as(things(""), format, &packed[..length], u64::MAX));
            assert!(end.is_err() && chunks.is_empty(), "{packing} at {length}");
        }
        assert!(drain(open_as(things(""), format, &bytes, u64::MAX)).1.is_err());
    }
}
