use super::*;

#[test]
fn reads_the_long_fields_that_java_writes() {
    let sheet = r#"<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>"#;
    let parts = [ROOT, BOOK, RELATIONS, ("xl/styles.xml", STYLES), ("xl/worksheets/sheet1.xml", sheet)];
    assert_eq!(records(&archive_as(&parts, true)), [record(1, &["1", "", "", "", "", ""])]);
}

#[test]
fn a_workbook_cut_off_anywhere_fails() {
    let bytes = written(|sheet| {
        for row in 0..100 {
            sheet.write(row, 0, row).unwrap().write(row, 1, format!("tag {row}")).unwrap();
        }
    });
    assert_eq!(read(&bytes).0[0].records().len(), 100);
    for length in (4..bytes.len()).step_by(13).chain([bytes.len() - 1]) {
        let (chunks, end) = read(&bytes[..length]);
        assert!(end.is_err() && chunks.is_empty(), "at {length}");
    }
    assert!(error(&bytes[..bytes.len() - 30]).starts_with("the workbook ends before its content does"));
}

/// A workbook with every kind of cell, of 60 rows.
fn mixed() -> Vec<u8> {
    let moment = Style::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    written(|sheet| {
        for row in 0..60 {
            sheet.write(row, 0, row + 1).unwrap().write(row, 1, format!("text {}", row / 2)).unwrap();
            let date = ExcelDateTime::parse_from_str("2021-07-27T16:02:08").unwrap();
            sheet.write_with_format(row, 2, &date, &moment).unwrap();
            sheet.write(row, 5, row % 2 == 0).unwrap();
            sheet.write(row, 4, Formula::new("1+1").set_result("2.5")).unwrap();
        }
    })
}

#[test]
fn a_damaged_workbook_fails_or_reads_the_same() {
    let bytes = mixed();
    let whole = records(&bytes);
    let mut failed = 0;
    for at in (0..bytes.len()).step_by(3) {
        let mut damaged = bytes.clone();
        damaged[at] ^= [0x01, 0x15, 0x20, 0xFF][at % 4];
        let (chunks, end) = read(&damaged);
        match end {
            Err(SourceError::Read(error)) => panic!("at {at}: {error}"),
            Err(_) => failed += usize::from(chunks.is_empty()),
            Ok(()) => assert_eq!(fields(&chunks), whole, "at {at}"),
        }
        assert!(fields(&chunks).iter().all(|record| whole.contains(record)), "at {at}");
    }
    assert!(failed > 100, "{failed}");
}

#[test]
fn rows_of_a_damaged_sheet_are_not_given_out() {
    let rows: String = (1..2000).map(|id| row(&[&id.to_string(), "a text that comes again"])).collect();
    let bytes = by_hand(&rows, "");
    // The sheet is the last part, and its packed data end where the directory begins.
    let end = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap();
    for back in 100..200 {
        let mut damaged = bytes.clone();
        damaged[end - back] ^= 1;
        let (chunks, result) = read(&damaged);
        assert!(result.is_err() && chunks.is_empty(), "{back} before the end");
    }
}

#[test]
fn other_archives_and_workbooks_fail_clearly() {
    let no_workbook = "the file is a ZIP archive, but no Excel workbook";
    assert!(error(&archive(&[("a.csv", "1,a\n")])).starts_with(no_workbook));
    let binary = (ROOT.0, &*ROOT.1.replace("workbook.xml", "workbook.bin"));
    assert!(error(&archive(&[binary, ("xl/workbook.bin", "")])).starts_with(no_workbook));
    let text = (BOOK.0, "<document/>");
    assert!(error(&archive(&[ROOT, text])).starts_with(no_workbook));
    // The first part, which is looked for first, marked as encrypted.
    let mut encrypted = archive(&[ROOT, BOOK]);
    let entry = memchr::memmem::find(&encrypted, b"PK\x01\x02").unwrap();
    encrypted[entry + 8] = 1;
    assert!(error(&encrypted).starts_with("the workbook is encrypted"));
    let declared = format!("<!DOCTYPE a [<!ENTITY b \"c\">]>{}", BOOK.1);
    assert!(error(&archive(&[ROOT, (BOOK.0, &declared)])).contains("it has a document type"));
    assert!(error(&by_hand("<row><c><v>&b;</v></c></row>", "")).contains("an entity is not known"));
    assert!(error(&by_hand("<row><c><v>1</v></c>", "")).contains("it is not well-formed"));
    let in_sheet =
        |xml| archive(&[ROOT, BOOK, RELATIONS, ("xl/styles.xml", STYLES), ("xl/worksheets/sheet1.xml", xml)]);
    assert!(error(&in_sheet("<worksheet><sheetData><row><c")).contains("it ends within a tag"));
    for unfinished in
        ["<worksheet/>", "<worksheet><sheetData>", "<worksheet><sheetData><row><c><v>1</v></c></row>"]
    {
        assert!(error(&in_sheet(unfinished)).contains("a part of it ends too early"), "{unfinished}");
    }
    // Without the styles that are named, a date would be a number.
    assert!(error(&archive(&[ROOT, BOOK, RELATIONS])).starts_with("the workbook is damaged"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever texts and whole numbers a sheet holds come out as they went in, in chunks that
    /// cover them once.
    #[test]
    fn sheets_give_back_what_was_written(
        rows in proptest::collection::vec((any::<i32>(), "\\PC{0,12}|[ -~\n\t_x0-9A-F]{0,12}|(_x[0-9A-F]{4}_){0,2}"), 1..200),
        chunk_bytes in 1_u64..4000,
    ) {
        let bytes = written(|sheet| {
            for (row, (id, text)) in (0..).zip(&rows) {
                sheet.write(row, 0, *id).unwrap().write(row, 1, text).unwrap();
            }
        });
        let (chunks, end) = read_as(things("header = \"none\""), &bytes, chunk_bytes);
        prop_assert!(end.is_ok());
        let fields_of = |id: &i32, text: &String| [id.to_string(), text.clone(), "".into(), "".into(), "".into(), "".into()];
        let expected: Vec<_> =
            (1..).zip(&rows).map(|(line, (id, text))| (line, fields_of(id, text).to_vec())).collect();
        prop_assert_eq!(fields(&chunks), expected);
        for (number, pair) in chunks.windows(2).enumerate() {
            prop_assert_eq!(pair[0].number as usize, number);
            prop_assert_eq!(pair[0].end_byte, pair[1].start_byte);
            prop_assert!(pair[0].end_byte - pair[0].start_byte >= chunk_bytes);
        }
    }

    /// Any XML in the place of a sheet and its texts, and any bytes in that of a workbook, end in
    /// rows or an error.
    #[test]
    fn whatever_comes_ends(
        pieces in proptest::collection::vec(0..PIECES.len(), 0..60),
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let xml: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        for result in [
            read(&by_hand(&xml, "<si><t>a</t></si>")).1,
            read(&by_hand("", &xml)).1,
            read(&by_hand_in(&xml, "", "")).1,
            read(&[b"PK\x03\x04", &*bytes].concat()).1,
            read(&[&*by_hand("", ""), &bytes].concat()).1,
            read_as(table("documents"), &by_hand(&xml, ""), 1).1,
        ] {
            prop_assert!(!matches!(result, Err(SourceError::Read(_))));
        }
    }
}

/// Pieces of the XML of a workbook.
const PIECES: [&str; 32] = [
    "<row>",
    "</row>",
    "<row r=\"3\">",
    "<row r=\"99999999999\"/>",
    "<c>",
    "</c>",
    "<c r=\"B3\" t=\"s\">",
    "<c t=\"str\">",
    "<c t=\"e\" s=\"1\">",
    "<c s=\"1\">",
    "<c t=\"b\" s=\"2\">",
    "<c t=\"d\">",
    "<c t=\"inlineStr\">",
    "<v>",
    "</v>",
    "<v/>",
    "<is>",
    "</is>",
    "<t>",
    "</t>",
    "<rPh>",
    "</rPh>",
    "<f>",
    "</f>",
    "0",
    "-1",
    "44404.5",
    "1e400",
    "_x000D_",
    "<si>",
    "</si>",
    "<sheet r:id=\"r1\"/>",
];
