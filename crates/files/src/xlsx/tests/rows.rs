use super::*;

#[test]
fn records_have_the_width_of_the_header_or_of_the_table() {
    let rows =
        "<row><c><v>1</v></c></row><row><c><v>2</v></c><c/><c/></row><row><c/><c/><c><v>3</v></c></row>";
    let expected = [record(1, &["1", ""]), record(2, &["2", ""]), record(3, &["", "", "3"])];
    let two = &Box::leak(Box::new(
        Dictionary::parse(
            "test",
            r#"[[table]]
               name = "two"
               columns = [{ name = "id", type = "integer", key = true }, { name = "a", type = "string(9)", required = false }]"#,
        )
        .unwrap(),
    ))
    .tables()[0];
    assert_eq!(records_as(two, &by_hand(rows, "")), expected);
    let header =
        "<row><c t=\"str\"><v>tag</v></c><c t=\"str\"><v>id</v></c><c t=\"str\"><v>line</v></c><c/></row>";
    let records = records_as(table("tags"), &by_hand(&format!("{header}{rows}"), ""));
    assert_eq!(records[0], record(1, &["tag", "id", "line"]));
    assert_eq!(
        records[1..],
        [record(2, &["1", "", ""]), record(3, &["2", "", ""]), record(4, &["", "", "3"])]
    );
}

#[test]
fn a_place_that_excel_does_not_have_fails_behind_the_rows_before_it() {
    let good =
        r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>"#;
    assert_eq!(read(&by_hand(good, "")).0[0].records().last().unwrap().width(), 16_384);
    for bad in [
        r#"<row r="1048577"/>"#,
        r#"<row r="1"/>"#,
        r#"<row r="0"/>"#,
        r#"<row r="x"/>"#,
        r#"<row r=""/>"#,
        r#"<row r="2"><c r="XFE2"/></row>"#,
        r#"<row r="2"><c r="XFD2"/><c/></row>"#,
        // Of another row, and one that another cell has.
        r#"<row r="2"><c r="A3"><v>2</v></c></row>"#,
        r#"<row r="2"><c r="R2C1"><v>2</v></c></row>"#,
        r#"<row r="2"><c r="A2"><v>2</v></c><c r="B2"><v>x</v></c><c r="A2"><v>3</v></c></row>"#,
    ] {
        let rows = format!(r#"<row r="1"><c r="A1"><v>1</v></c></row>{bad}"#);
        for table in [things(""), things("header = \"none\"")] {
            let (chunks, end) = read_as(table, &by_hand(&rows, ""), u64::MAX);
            let error = end.unwrap_err().to_string();
            assert!(error.contains("in a place that Excel does not have"), "{bad}: {error}");
            assert_eq!(fields(&chunks), [record(1, &["1", "", "", "", "", ""])], "{bad}");
        }
    }
    // An empty cell takes no place.
    let again = r#"<row r="1"><c r="B1"><v>2</v></c><c r="A1"><v>1</v></c><c r="A1"/><c r="B1"/></row>"#;
    assert_eq!(records(&by_hand(again, "")), [record(1, &["1", "2", "", "", "", ""])]);
}

#[test]
fn rows_before_an_error_are_given_out_however_far_it_is() {
    for count in [1, 5, 99, 100, 101, 250] {
        let rows: String = (1..=count).map(|id| format!("<row><c><v>{id}</v></c></row>")).collect();
        let bytes = by_hand(&format!("{rows}<row><c t=\"s\"><v>7</v></c></row>"), "");
        for chunk_bytes in [1, 300, u64::MAX] {
            let (chunks, end) = read_as(things(""), &bytes, chunk_bytes);
            let says = format!("line {}: a cell refers to a text", count + 1);
            assert!(end.unwrap_err().to_string().starts_with(&says));
            let found: Vec<u64> = fields(&chunks).into_iter().map(|(line, _)| line).collect();
            assert_eq!(found, (1..=count).collect::<Vec<u64>>());
        }
    }
    let only = by_hand("<row><c t=\"s\"><v>7</v></c></row>", "");
    assert!(error_as(things(""), &only).starts_with("line 1: a cell refers to a text"));
}

#[test]
fn a_first_row_that_is_not_the_tables_fails() {
    let header = row(&["day", "id", "text"]);
    let data = r#"<row><c s="1"><v>44404</v></c><c><v>1</v></c><c t="str"><v>a</v></c></row>"#;
    let below = |title: &str, files: &str| {
        read_as(things(files), &by_hand(&format!("{title}<row/>{header}{data}"), ""), u64::MAX)
    };
    let (chunks, end) = below(&row(&["Hires of July"]), "");
    let error = end.unwrap_err().to_string();
    assert!(chunks.is_empty());
    assert!(
        error
            .starts_with("line 1 is neither a header of the table nor a row of it: it has \"Hires of July\""),
        "{error}"
    );
    assert!(error.contains("in line 3") && error.contains("skip_lines = 2"), "{error}");
    // Rows that are skipped are those of the sheet, empty ones too.
    for title in [&*row(&["Hires of July"]), "<row r=\"1\"/>", ""] {
        let header = header.replace("<row>", "<row r=\"3\">");
        let bytes = by_hand(&format!("{title}{header}{data}"), "");
        let expected = [(4, Ok("1 | a |  | 2021-07-27 |  | ".to_owned()))];
        assert_eq!(checked(things("skip_lines = 2"), &bytes), expected, "{title}");
    }
    let foreign = by_hand(&format!("{}{data}", row(&["Stichtag", "Nr", "Text"])), "");
    assert!(error_as(things(""), &foreign).starts_with("line 1 is neither a header"));
    let unknown = by_hand(&format!("{}{data}", row(&["day", "id", "texts"])), "");
    assert!(error_as(things(""), &unknown).starts_with("line 1: the header names \"texts\""));
    let required = by_hand("<row><c><v>1</v></c></row>", "");
    assert!(error_as(things("header = \"required\""), &required).starts_with("line 1 is neither a header"));
}

#[test]
fn hidden_rows_and_columns_count_and_a_merged_cell_is_its_first() {
    let header = row(&["id", "text", "price"]).replace("<row>", "<row r=\"1\">");
    let sheet = format!(
        r#"<worksheet><cols><col min="2" max="2" hidden="1"/></cols><sheetData>{header}
           <row r="2" hidden="1"><c r="A2"><v>1</v></c><c r="B2" t="str"><v>a</v></c><c r="C2" s="6"><v>0.5</v></c></row>
           <row r="3" outlineLevel="1"><c r="A3"><v>2</v></c><c r="B3"/></row></sheetData>
           <mergeCells count="1"><mergeCell ref="B2:B3"/></mergeCells><f>1</f><row r="1"/></worksheet>"#
    );
    let parts = [ROOT, BOOK, RELATIONS, ("xl/styles.xml", STYLES), ("xl/worksheets/sheet1.xml", &*sheet)];
    let expected = [(2, Ok("1 | a |  |  | 0.50 | ".to_owned())), (3, Ok("2 |  |  |  |  | ".to_owned()))];
    assert_eq!(checked(things(""), &archive(&parts)), expected);
}
