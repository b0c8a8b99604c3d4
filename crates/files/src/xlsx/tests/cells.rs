use super::*;

#[test]
fn a_workbook_by_openpyxl_loads_as_it_looks() {
    let bytes = include_bytes!("../../../tests/fixtures/openpyxl.xlsx");
    assert_eq!(
        records_as(table("documents"), bytes),
        [
            record(1, &["ID", "Name", "datetime_", "collection_id", "tag_id"]),
            record(2, &["1", "Ada Lovelace", "2021-07-27T16:02:08", "2", "3"]),
            record(3, &["2", "Grace \"Amazing\" Hopper, USN", "2021-01-01T00:00:00", "1", "3"]),
            record(5, &["3", "José & <Łukasz>\nof two lines", "2021-02-03T04:05:06Z", "1", "4"]),
            record(6, &["", "true", "44404.5", "1.5", "", "beyond"]),
            record(9, &["9", "  spaces  ", "2020-02-29T00:00:00", "", ""]),
        ]
    );
}

#[test]
fn every_kind_of_cell_becomes_what_people_expect() {
    let day = Style::new().set_num_format("dd/mm/yyyy");
    let moment = Style::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    let date = ExcelDateTime::parse_from_str("2021-07-27").unwrap();
    let late = ExcelDateTime::parse_from_str("2021-07-27T16:02:08.600").unwrap();
    let bytes = written(|sheet| {
        // The columns in another order, with one that a rejects file adds.
        for (column, name) in ["text", "line", "at", "id", "day"].into_iter().enumerate() {
            sheet.write(0, column as u16, name).unwrap();
        }
        for (row, cell) in (1..).zip([&date, &late]) {
            for column in [0, 2, 4] {
                sheet.write_with_format(row, column, cell, if column == 4 { &day } else { &moment }).unwrap();
            }
            sheet.write(row, 3, row).unwrap();
        }
        sheet.write(3, 0, true).unwrap();
        sheet.write(3, 2, 0.1).unwrap();
        sheet.write(3, 3, 12_345_678_901_234_u64).unwrap();
        sheet.write(3, 4, -1.5e-7).unwrap();
        sheet.write(4, 0, Formula::new("A1&\"!\"").set_result("text!")).unwrap();
        sheet.write(4, 2, Formula::new("1/0").set_result("#DIV/0!")).unwrap();
        sheet.write(4, 3, Formula::new("2+2").set_result("4")).unwrap();
        sheet.write(4, 4, "a_x000D_b \u{1F600} ]]> & \u{1}").unwrap();
    });
    assert_eq!(
        records_as(things(""), &bytes),
        [
            record(1, &["text", "line", "at", "id", "day"]),
            record(2, &["2021-07-27", "", "2021-07-27T00:00:00", "1", "2021-07-27"]),
            record(
                3,
                &["2021-07-27T16:02:08.600", "", "2021-07-27T16:02:08.600", "2", "2021-07-27T16:02:08.600"]
            ),
            record(4, &["true", "", "0.1", "12345678901234", "-0.00000015"]),
            record(5, &["text!", "", "#DIV/0!", "4", "a_x000D_b \u{1F600} ]]> & \u{1}"]),
        ]
    );
}

#[test]
fn days_may_be_counted_from_1904() {
    let book = BOOK.1.replace("<sheets>", "<workbookPr date1904=\"1\"/><sheets>");
    let styles = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="d\.m\.yy"/></numFmts>
                    <cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf/><xf numFmtId="164"/></cellXfs></styleSheet>"#;
    let sheet = r#"<worksheet><sheetData><row><c s="1"><v>42942</v></c><c s="0"><v>42942</v></c></row></sheetData></worksheet>"#;
    let parts =
        [ROOT, (BOOK.0, &book), RELATIONS, ("xl/Styles.xml", styles), ("xl/worksheets/sheet1.xml", sheet)];
    assert_eq!(records(&archive(&parts)), [record(1, &["2021-07-27", "42942", "", "", "", ""])]);
}

#[test]
fn reads_what_other_programs_write_differently() {
    let rows = r#"
        <!-- rows and cells without their place, names with a prefix, texts in runs, how they are spoken -->
        <x:row><x:c t="inlineStr"><x:is><x:r><x:t>i</x:t></x:r><x:r><x:t xml:space="preserve">d </x:t></x:r></x:is></x:c>
            <c t='str'><v><![CDATA[a<b]]>&#x263A;&amp;&#10;&lt;</v></c></x:row>
        <row r="3"/>
        <row r="4"><c r="A4" s="3"/><c r="B4" t="s"><v></v></c><c r="C4" t="s"><v> </v></c></row>
        <row r="7" spans="1:2" ht=">"><c r="B7" t="s"><v> 1 </v></c><c r="A7" t="n"><f>1+1</f><v> 2 </v></c></row>
        <row><c><v>8</v></c><c t="d"><v>2021-07-27T00:00:00</v></c></row>
        <row><c r="A9"/><c t="inlineStr"><is><t>a_x005F_x000D_b</t><rPh sb="0" eb="1"><t>spoken</t></rPh></is></c></row>
        <row><c/><c t="str"><v> b_x005F_x000D_c </v></c></row>"#;
    let texts = "<si><t>zero</t></si><si><r><t>on</t></r><rPh sb=\"0\"><t>spoken</t></rPh><r><t>e_x0041_\r\n</t></r></si>";
    let expected: [(u64, [&str; 2]); 5] = [
        (1, ["id ", "a<b\u{263A}&\n<"]),
        (7, ["2", "oneA\n"]),
        (8, ["8", "2021-07-27"]),
        (9, ["", "a_x000D_b"]),
        (10, ["", " b_x000D_c "]),
    ];
    let expected = expected.map(|(line, [id, text])| record(line, &[id, text, "", "", "", ""]));
    assert_eq!(records(&by_hand(rows, texts)), expected);
}

/// Returns the result of a row with an id and these cells after it.
fn outcome_in(table: &'static Table, book: &str, cells: &str) -> Result<String, String> {
    let rows = format!("<row r=\"1\"><c r=\"A1\"><v>1</v></c>{cells}</row>");
    let mut found = checked(table, &by_hand_in(book, &rows, "<si><t>a</t></si>"));
    assert_eq!(found.len(), 1);
    found.remove(0).1
}

fn outcome(cells: &str) -> Result<String, String> {
    outcome_in(things("header = \"none\""), BOOK.1, cells)
}

fn loads(cells: &str, expected: &str) {
    assert_eq!(outcome(cells).as_deref(), Ok(expected), "{cells}");
}

fn is_rejected(cells: &str, expected: &str) {
    match outcome(cells) {
        Err(errors) => assert!(errors.starts_with(expected), "{cells}: {errors}"),
        Ok(row) => panic!("{cells} loads as {row}"),
    }
}

#[test]
fn an_error_is_never_a_value() {
    for name in ["#N/A", "#REF!", "#SPILL!"] {
        let cells = format!("<c t=\"e\"><f>1/0</f><v>{name}</v></c>");
        is_rejected(&cells, &format!("type: text is {name}, the error of a spreadsheet's formula"));
    }
    for text in ["#FOO!", "7", "Err:502", ""] {
        is_rejected(&format!("<c t=\"e\"><v>{text}</v></c>"), "type: text is #VALUE!");
    }
    is_rejected("<c t=\"e\"/>", "type: text is #VALUE!");
    is_rejected("<c t=\"b\"><v>2</v></c>", "type: text is #VALUE!");
    is_rejected("<c/><c t=\"e\"><v>#N/A</v></c>", "type: at is #N/A");
    // As is declared for all files of the table.
    let table = things("header = \"none\"\nnull_values = [\"#N/A\"]");
    assert_eq!(outcome_in(table, BOOK.1, "<c t=\"e\"><v>#N/A</v></c>").as_deref(), Ok("1 |  |  |  |  | "));
}

#[test]
fn a_formula_needs_a_stored_result() {
    let says = |column: &str| format!("type: {column} is a formula without a stored result");
    for cell in [
        "<c><f>A1</f></c>",
        "<c><f>A1</f><v/></c>",
        "<c><f>A1</f><v> </v></c>",
        "<c><f t=\"shared\" si=\"0\"/></c>",
        "<c t=\"str\"><f>A1</f></c>",
        "<c t=\"b\"><f>A1</f><v></v></c>",
        "<c t=\"e\"><f>A1</f><v></v></c>",
        "<c s=\"1\"><v></v><f>A1</f></c>",
    ] {
        is_rejected(cell, &says("text"));
        is_rejected(&format!("<c/><c/>{cell}"), &says("day"));
    }
    loads("<c t=\"str\"><f>\"\"</f><v></v></c>", "1 |  |  |  |  | ");
    loads("<c t=\"str\"><f>\"\"</f><v/></c>", "1 |  |  |  |  | ");
    loads("<c><f>A1</f><v>0</v></c>", "1 | 0 |  |  |  | ");
    loads("<c/><c/><c/><c/><c/><c><f>A1</f></c>", "1 |  |  |  |  | ");
    // The first one of a column counts, and a row is one though nothing else is in it.
    let rows = "<row><c><v>1</v></c></row><row><c r=\"H2\"><f>A1</f></c><c r=\"A2\"><f>A1</f></c></row>";
    let found = checked(things(""), &by_hand(rows, ""));
    assert!(found[1].1.as_ref().is_err_and(|errors| errors.starts_with(&says("id"))), "{found:?}");
}

#[test]
fn a_formula_without_a_result_decides_about_no_header() {
    let formulas = "<row><c><f>A9</f></c><c><f>B9</f></c></row>";
    let data = "<row><c><v>1</v></c></row>";
    let says = "line 1, which may be the header, has formulas without stored results";
    assert!(error_as(things(""), &by_hand(&format!("{formulas}{data}"), "")).starts_with(says));
    // The third column would be unknown.
    let header = "<row><c t=\"str\"><v>id</v></c><c t=\"str\"><v>text</v></c><c r=\"K1\"><f>A9</f></c></row>";
    assert!(error_as(things(""), &by_hand(&format!("{header}{data}"), "")).starts_with(says));
    // Without a header it is a row.
    let found = checked(things("header = \"none\""), &by_hand(&format!("{formulas}{data}"), ""));
    assert!(found[0].1.is_err() && found[1].1.is_ok(), "{found:?}");
    let row = "<row><c><v>1</v></c><c><f>B9</f></c></row>";
    let found = checked(things(""), &by_hand(&format!("{row}{data}"), ""));
    assert!(found[0].1.is_err() && found[1].1.is_ok(), "{found:?}");
    // By the header, the field is of no column.
    let rows = "<row><c t=\"str\"><v>id</v></c><c t=\"str\"><v>line</v></c></row><row><c><v>1</v></c><c><f>A1</f></c></row>";
    assert_eq!(checked(things(""), &by_hand(rows, "")), [(2, Ok("1 |  |  |  |  | ".to_owned()))]);
}

#[test]
fn zeros_of_a_program_that_does_not_calculate_are_no_results() {
    let calculation =
        |attributes: &str| BOOK.1.replace("</workbook>", &format!("<calcPr {attributes}/></workbook>"));
    let outcome = |attributes: &str, result: &str| {
        let cell = format!("<c><f>SUM(A1:A9)</f><v>{result}</v></c>");
        outcome_in(things("header = \"none\""), &calculation(attributes), &cell)
    };
    let by_xlsxwriter = "calcId=\"124519\" fullCalcOnLoad=\"1\"";
    assert!(outcome(by_xlsxwriter, "0").is_err_and(|errors| errors.contains("without a stored result")));
    assert!(outcome(by_xlsxwriter, "7").is_ok());
    assert!(outcome("calcId=\"191029\"", "0").is_ok());
    assert!(outcome("calcId=\"0\" fullCalcOnLoad=\"1\"", "0").is_ok());
    let bytes = written(|sheet| {
        sheet.write(0, 0, 1).unwrap().write(0, 1, Formula::new("1+1")).unwrap();
    });
    assert!(checked(things("header = \"none\""), &bytes)[0].1.is_err());
}

#[test]
fn cells_have_the_times_of_the_tables_zone() {
    let summer = "<c/><c s=\"2\"><v>44404.5</v></c>";
    let offset = "<c/><c t=\"d\"><v>2021-07-27T12:00:00+01:00</v></c>";
    loads(summer, "1 |  | 2021-07-27T12:00:00Z |  |  | ");
    loads(offset, "1 |  | 2021-07-27T11:00:00Z |  |  | ");
    let berlin = things("header = \"none\"\ntime_zone = \"Europe/Berlin\"");
    let outcome = |cells: &str| outcome_in(berlin, BOOK.1, cells).unwrap();
    assert_eq!(outcome(summer), "1 |  | 2021-07-27T10:00:00Z |  |  | ");
    assert_eq!(outcome(offset), "1 |  | 2021-07-27T11:00:00Z |  |  | ");
    assert_eq!(outcome("<c/><c s=\"1\"><v>44404</v></c>"), "1 |  | 2021-07-26T22:00:00Z |  |  | ");
    assert_eq!(
        outcome("<c/><c t=\"d\"><v>2021-01-27T12:00:00</v></c>"),
        "1 |  | 2021-01-27T11:00:00Z |  |  | "
    );
}

#[test]
fn days_and_times_that_are_not_the_columns_are_rejected() {
    // A day with a time, a time without a day, a duration, a day that never was, one before all
    // days.
    is_rejected("<c/><c/><c s=\"2\"><v>44404.5</v></c>", "timestamp: day");
    is_rejected("<c/><c/><c s=\"3\"><v>0.5</v></c>", "timestamp: day");
    is_rejected("<c/><c s=\"3\"><v>0.5</v></c>", "timestamp: at");
    is_rejected("<c/><c s=\"5\"><v>1.5</v></c>", "timestamp: at");
    is_rejected("<c/><c s=\"2\"><v>60</v></c>", "timestamp: at");
    is_rejected("<c/><c s=\"2\"><v>-1</v></c>", "timestamp: at");
    // The last day of the year is not to become the first of the next.
    is_rejected("<c/><c s=\"2\"><v>44561.99999537037</v></c>", "timestamp: at");
    is_rejected("<c/><c t=\"d\"><v>2021-07-27T16:02:08.600</v></c>", "timestamp: at");
    is_rejected("<c/><c><v>44404.5</v></c>", "timestamp: at");
    is_rejected("<c/><c/><c/><c s=\"3\"><v>0.5</v></c>", "type: price");
    is_rejected("<c/><c/><c/><c s=\"1\"><v>44404</v></c>", "type: price");
    // Floating-point noise is none of the time.
    loads("<c/><c s=\"2\"><v>44404.668148148004</v></c>", "1 |  | 2021-07-27T16:02:08Z |  |  | ");
    loads("<c/><c/><c s=\"1\"><v>44403.999999999</v></c>", "1 |  |  | 2021-07-27 |  | ");
    // In a text they are as people see them.
    loads("<c s=\"3\"><v>0.5</v></c>", "1 | 12:00:00 |  |  |  | ");
    loads("<c s=\"5\"><v>1.5</v></c>", "1 | 1.5 |  |  |  | ");
}

#[test]
fn numbers_are_what_the_cell_holds() {
    loads("<c s=\"4\"><v>1234</v></c>", "1 | 01234 |  |  |  | ");
    loads("<c><v>1234567890123456789</v></c>", "1 | 1234567890123456789 |  |  |  | ");
    loads("<c/><c/><c/><c><v>59.969999999999999</v></c>", "1 |  |  |  | 59.97 | ");
    is_rejected("<c/><c/><c/><c><v>0.123</v></c>", "out_of_range: price");
    loads("<c t=\"b\"><v>1</v></c><c/><c/><c/><c t=\"b\"><v>0</v></c>", "1 | true |  |  |  | false");
    is_rejected("<c/><c/><c/><c t=\"b\"><v>1</v></c>", "type: price");
    // Whoever writes it in a file with commas has it with one in a workbook, too.
    let comma = things("header = \"none\"\ndecimal_comma = true");
    let outcome = |cell: &str| outcome_in(comma, BOOK.1, &format!("<c><v>1.5</v></c><c/><c/>{cell}"));
    assert_eq!(outcome("<c><v>12.5</v></c>").as_deref(), Ok("1 | 1.5 |  |  | 12.50 | "));
    assert_eq!(outcome("<c t=\"str\"><v>12,5</v></c>").as_deref(), Ok("1 | 1.5 |  |  | 12.50 | "));
    assert!(outcome("<c t=\"str\"><v>12.5</v></c>").is_err());
}

#[test]
fn cells_hold_values_of_every_type() {
    let value = |column_type: &str, cell: &str| {
        let table = table_of(&[("it", column_type)], "header = \"none\"");
        let found = outcome_in(table, BOOK.1, cell)?;
        Ok::<_, String>(found.strip_prefix("1 | ").unwrap_or_default().to_owned())
    };
    let uuid = "1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a";
    let text = |text: &str| format!("<c t=\"str\"><v>{text}</v></c>");
    for (column_type, cell, expected) in [
        ("smallint", "<c><v>-7</v></c>", "-7"),
        ("double", "<c><v>0.30000000000000004</v></c>", "0.30000000000000004"),
        ("double", "<c><v>-1.5E-7</v></c>", "-0.00000015"),
        ("double", "<c><v>1.5E+300</v></c>", "1.5e300"),
        ("text", "<c s=\"4\"><v>1234</v></c>", "01234"),
        ("time", "<c s=\"3\"><v>0.66814814815</v></c>", "16:02:08"),
        ("time", "<c s=\"3\"><v>0</v></c>", "00:00:00"),
        ("time", "<c t=\"d\"><v>16:02:08</v></c>", "16:02:08"),
        ("timestamp(3)", "<c s=\"2\"><v>44404.66814815972</v></c>", "2021-07-27T16:02:08.001Z"),
        ("timestamp(3)", "<c s=\"1\"><v>44404</v></c>", "2021-07-27T00:00:00.000Z"),
        ("timestamp(6)", "<c t=\"d\"><v>2021-07-27T16:02:08.000007</v></c>", "2021-07-27T16:02:08.000007Z"),
        ("uuid", &text(uuid), uuid),
        ("json", &text("{&quot;b&quot;:1, &quot;a&quot;:[]}"), "{\"a\": [], \"b\": 1}"),
        ("json", "<c><v>7</v></c>", "7"),
        ("binary(4)", &text("AP8="), "AP8="),
    ] {
        assert_eq!(value(column_type, cell).as_deref(), Ok(expected), "{column_type} {cell}");
    }
    for (column_type, cell) in [
        ("time", "<c s=\"3\"><v>0.500005</v></c>"),
        ("time", "<c s=\"2\"><v>44404.5</v></c>"),
        ("timestamp", "<c s=\"2\"><v>44404.66814815972</v></c>"),
        ("smallint", "<c><v>32768</v></c>"),
        ("uuid", "<c><v>7</v></c>"),
    ] {
        assert!(value(column_type, cell).is_err(), "{column_type} {cell}");
    }
}

#[test]
fn an_id_that_floating_point_cannot_hold_is_rejected() {
    let ids = ["1.234567890123457E+18", "1E2", "7.0", "1234567890123456789", "1.5", "TRUE"];
    let rows: String = ids.iter().map(|id| format!("<row><c><v>{id}</v></c></row>")).collect();
    let found = checked(things("header = \"none\""), &by_hand(&rows, ""));
    let ids: Vec<Option<&str>> =
        found.iter().map(|(_, row)| row.as_deref().ok().and_then(|row| row.split(' ').next())).collect();
    assert_eq!(ids, [None, Some("100"), Some("7"), Some("1234567890123456789"), None, None]);
}

#[test]
fn a_cell_has_one_value() {
    for cell in [
        "<c><v>1</v><v>2</v></c>",
        "<c t=\"inlineStr\"><is><t>1</t></is><v>2</v></c>",
        "<c t=\"inlineStr\"><v>2</v><is><t>1</t></is></c>",
    ] {
        assert!(
            error(&by_hand(&format!("<row>{cell}</row>"), "")).contains("a cell has two values"),
            "{cell}"
        );
    }
    assert!(error(&by_hand("<row><c><v>1</v></row>", "")).contains("it is not well-formed"));
    for nested in ["<row><c><c><v>1</v></c></c></row>", "<row><row><c><v>1</v></c></row></row>"] {
        assert!(error(&by_hand(nested, "")).contains("is within a cell or a row"), "{nested}");
    }
}

#[test]
fn texts_of_any_number_are_found_in_any_order() {
    // Some in memory, some in a file; forward, and back.
    let text = |index: usize| format!("{index}-{}", "x".repeat(index % 300));
    let texts: String = (0..30_000).map(|index| format!("<si><t>{}</t></si>", text(index))).collect();
    let order = (0..30_000).step_by(7).flat_map(|index| [index, 29_999 - index, index / 2, 0]);
    let order: Vec<usize> = order.collect();
    let rows: String =
        order.iter().map(|index| format!("<row><c t=\"s\"><v>{index}</v></c></row>")).collect();
    let found = records(&by_hand(&rows, &texts));
    assert!(found.into_iter().map(|(_, fields)| fields[0].clone()).eq(order.into_iter().map(text)));
}

#[test]
fn a_text_that_is_not_there_fails() {
    for index in ["1", "x", "-1", "99999999999"] {
        let row = format!("<row><c t=\"s\"><v>{index}</v></c></row>");
        assert!(
            error(&by_hand(&row, "<si><t>a</t></si>")).starts_with("line 1: a cell refers to a text"),
            "{index}"
        );
    }
}
