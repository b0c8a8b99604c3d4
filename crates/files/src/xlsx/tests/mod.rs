//! Workbooks, whole and broken.

use std::io::{self, Write};

use domain::dictionary::{Dictionary, Table};
use domain::load::{Chunk, Format};
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format as Style, Formula, Workbook, Worksheet};

use crate::tests::{drain, fields, table};
use crate::{Opening, SourceError, open};

fn read_as(table: &'static Table, bytes: &[u8], chunk_bytes: u64) -> (Vec<Chunk>, Result<(), SourceError>) {
    let object_bytes = bytes.len() as u64;
    let opening = Opening { format: Format::Xlsx, table, object_bytes, chunk_bytes, from: None };
    drain(open(opening, Box::new(io::Cursor::new(bytes.to_vec()))))
}

fn read(bytes: &[u8]) -> (Vec<Chunk>, Result<(), SourceError>) {
    read_as(table("jobs"), bytes, u64::MAX)
}

/// Line and fields of every record of a workbook that can be read.
fn records_as(table: &'static Table, bytes: &[u8]) -> Vec<(u64, Vec<String>)> {
    let (chunks, end) = read_as(table, bytes, u64::MAX);
    end.unwrap();
    fields(&chunks)
}

fn error(bytes: &[u8]) -> String {
    read(bytes).1.unwrap_err().to_string()
}

fn record(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
    (line, fields.iter().map(|field| (*field).to_owned()).collect())
}

/// A workbook that is written with the writer of another program.
fn written(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(workbook.add_worksheet());
    workbook.save_to_buffer().unwrap()
}

/// A ZIP archive of these parts, packed.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    archive_as(parts, false)
}

/// The same, perhaps with lengths and offsets in ZIP64's fields, and an end of its directory that nobody needs.
fn archive_as(parts: &[(&str, &str)], is_wide: bool) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        let mut crc = Crc::new();
        crc.update(content.as_bytes());
        let offset = file.len() as u32;
        // Version, flags, method, time, date, checksum, lengths.
        let mut head = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
        head.extend(crc.sum().to_le_bytes());
        head.extend((packed.len() as u32).to_le_bytes());
        head.extend((content.len() as u32).to_le_bytes());
        head.extend((name.len() as u32).to_le_bytes());
        file.extend([b"PK\x03\x04", &*head, name.as_bytes(), &packed].concat());
        let (mut offset, mut wide) = (offset.to_le_bytes(), Vec::new());
        if is_wide {
            wide.extend([1, 0, 24, 0]);
            for number in [&head[18..22], &head[14..18], &offset] {
                wide.extend([number, &[0; 4]].concat());
            }
            head[14..22].fill(0xff);
            (head[24], offset) = (wide.len() as u8, [0xff; 4]);
        }
        let entry = [b"PK\x01\x02\0\0", &*head, &[0; 10], &offset, name.as_bytes(), &wide];
        directory.extend(entry.concat());
    }
    let count = (parts.len() as u16).to_le_bytes();
    let place = [(directory.len() as u32).to_le_bytes(), (file.len() as u32).to_le_bytes()].concat();
    let wide = [&b"PK\x06\x06"[..], &[0; 52], b"PK\x06\x07", &[0; 16]].concat();
    let wide = if is_wide { &*wide } else { b"" };
    [&*file, &directory, wide, b"PK\x05\x06\0\0\0\0", &count, &count, &place, b"\0\0"].concat()
}

const ROOT: (&str, &str) = (
    "_rels/.rels",
    r#"<Relationships><Relationship Id="r" Type="a/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
);
const BOOK: (&str, &str) = (
    "xl/workbook.xml",
    r#"<?xml version="1.0"?><!-- by hand --><workbook><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>"#,
);
const RELATIONS: (&str, &str) = (
    "xl/_rels/workbook.xml.rels",
    r#"<Relationships><Relationship Id="r1" Type="a/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2"
       Type="a/sharedStrings" Target="/xl/sharedStrings.xml"/><Relationship Id="r3" Type="a/styles" Target="styles.xml"/>
       </Relationships>"#,
);

/// A workbook of which the sheet is given as XML, and perhaps the shared texts.
fn by_hand(rows: &str, texts: &str) -> Vec<u8> {
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    let texts = format!("<sst>{texts}</sst>");
    archive(&[ROOT, BOOK, RELATIONS, ("xl/sharedStrings.xml", &texts), ("xl/worksheets/sheet1.xml", &sheet)])
}

#[test]
fn a_workbook_by_openpyxl_loads_as_it_looks() {
    let bytes = include_bytes!("../../tests/fixtures/openpyxl.xlsx");
    assert_eq!(
        records_as(table("employees"), bytes),
        [
            record(1, &["ID", "Name", "datetime_", "department_id", "job_id"]),
            record(2, &["1", "Ada Lovelace", "2021-07-27T16:02:08Z", "2", "3"]),
            record(3, &["2", "Grace \"Amazing\" Hopper, USN", "2021-01-01T00:00:00Z", "1", "3"]),
            record(5, &["3", "José & <Łukasz>\nof two lines", "2021-02-03T04:05:06Z", "1", "4"]),
            record(6, &["", "true", "44404.5", "1.5", "", "beyond"]),
            record(9, &["9", "  spaces  ", "2020-02-29T00:00:00Z", "", ""]),
        ]
    );
}

#[test]
fn every_kind_of_cell_becomes_what_people_expect() {
    let dictionary = Dictionary::parse(
        "test",
        r#"[[table]]
           name = "things"
           columns = [{ name = "id", type = "bigint", key = true }, { name = "day", type = "date" },
                      { name = "at", type = "timestamp" }, { name = "text", type = "string(9)" }]"#,
    );
    let table = &Box::leak(Box::new(dictionary.unwrap())).tables()[0];
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
        records_as(table, &bytes),
        [
            record(1, &["text", "line", "at", "id", "day"]),
            record(2, &["2021-07-27", "", "2021-07-27T00:00:00Z", "1", "2021-07-27"]),
            record(3, &["2021-07-27T16:02:09Z", "", "2021-07-27T16:02:09Z", "2", "2021-07-27T16:02:09Z"]),
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
    assert_eq!(records_as(table("jobs"), &archive(&parts)), [record(1, &["2021-07-27", "42942"])]);
}

#[test]
fn reads_what_other_programs_write_differently() {
    let rows = r#"
        <!-- rows and cells without their place, names with a prefix, texts in runs, how they are spoken -->
        <x:row><x:c t="inlineStr"><x:is><x:r><x:t>i</x:t></x:r><x:r><x:t xml:space="preserve">d </x:t></x:r></x:is></x:c>
            <c t='str'><v><![CDATA[a<b]]>&#x263A;&amp;&#10;&lt;</v></c></x:row>
        <row r="3"/>
        <row r="4"><c r="A4" s="3"/><c r="B4" t="s"><v></v></c></row>
        <row r="7" spans="1:2" ht=">"><c r="B7" t="s"><v> 1 </v></c><c r="A7" t="n"><f>1+1</f><v> 2 </v></c></row>
        <row><c><v>8</v></c><c t="d"><v>2021-07-27T00:00:00</v></c></row>"#;
    let texts = "<si><t>zero</t></si><si><r><t>on</t></r><rPh sb=\"0\"><t>spoken</t></rPh><r><t>e_x0041_\r\n</t></r></si>";
    assert_eq!(
        records_as(table("jobs"), &by_hand(rows, texts)),
        [
            record(1, &["id ", "a<b\u{263A}&\n<"]),
            record(7, &["2", "oneA\n"]),
            record(8, &["8", "2021-07-27"])
        ]
    );
}

#[test]
fn reads_the_long_fields_that_java_writes() {
    let sheet = r#"<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>"#;
    let parts = [ROOT, BOOK, RELATIONS, ("xl/worksheets/sheet1.xml", sheet)];
    assert_eq!(records_as(table("jobs"), &archive_as(&parts, true)), [record(1, &["1", ""])]);
}

#[test]
fn the_first_sheet_that_people_see_is_read() {
    let sheets = r#"<workbook><sheets><sheet r:id="hidden" state="veryHidden"/><sheet r:id="chart"/><sheet r:id="gone"/>
                    <sheet r:id="seen" state="visible"/><sheet r:id="after"/></sheets></workbook>"#;
    let relation =
        |id: &str, kind: &str| format!("<Relationship Target=\"{id}\" Id=\"{id}\" Type=\"a/{kind}\"/>");
    let relations: String = ["hidden", "seen", "after"].map(|id| relation(id, "worksheet")).concat()
        + &relation("chart", "chartsheet");
    let sheet = |text: &str| {
        format!("<worksheet><sheetData><row><c t=\"str\"><v>{text}</v></c></row></sheetData></worksheet>")
    };
    let [hidden, seen, after] = ["hidden", "seen", "after"].map(sheet);
    let archived = |sheets: &str| {
        archive(&[
            ROOT,
            (BOOK.0, sheets),
            (RELATIONS.0, &relations),
            ("xl/hidden", &hidden),
            ("xl/seen", &seen),
            ("xl/after", &after),
        ])
    };
    assert_eq!(records_as(table("jobs"), &archived(sheets)), [record(1, &["seen", ""])]);
    // Where there is no other, a hidden one is meant.
    let one =
        r#"<workbook><sheets><sheet r:id="chart"/><sheet r:id="hidden" state="hidden"/></sheets></workbook>"#;
    assert_eq!(records_as(table("jobs"), &archived(one)), [record(1, &["hidden", ""])]);
    let none = r#"<workbook><sheets><sheet r:id="chart"/></sheets></workbook>"#;
    assert_eq!(error(&archived(none)), "the workbook has no sheet with cells");
}

#[test]
fn a_sheet_without_cells_has_no_rows() {
    assert_eq!(records_as(table("jobs"), &written(|_| {})), []);
    assert_eq!(records_as(table("jobs"), &by_hand("<row><c/></row>", "")), []);
}

#[test]
fn records_have_the_width_of_the_header_or_of_the_table() {
    let rows =
        "<row><c><v>1</v></c></row><row><c><v>2</v></c><c/><c/></row><row><c/><c/><c><v>3</v></c></row>";
    let expected = [record(1, &["1", ""]), record(2, &["2", ""]), record(3, &["", "", "3"])];
    assert_eq!(records_as(table("jobs"), &by_hand(rows, "")), expected);
    let header =
        "<row><c t=\"str\"><v>job</v></c><c t=\"str\"><v>id</v></c><c t=\"str\"><v>line</v></c><c/></row>";
    let records = records_as(table("jobs"), &by_hand(&format!("{header}{rows}"), ""));
    assert_eq!(records[0], record(1, &["job", "id", "line"]));
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
        r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="1048577"/>"#,
        r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="1"/>"#,
        r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="x"/>"#,
        r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="XFE2"/></row>"#,
        r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="XFD2"/><c/></row>"#,
    ] {
        let (chunks, end) = read(&by_hand(bad, ""));
        assert!(end.unwrap_err().to_string().contains("in a place that Excel does not have"), "{bad}");
        assert_eq!(fields(&chunks), [record(1, &["1", ""])], "{bad}");
    }
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

#[test]
fn texts_of_any_number_are_found_in_any_order() {
    // Some in memory, some in a file; forward, and back.
    let text = |index: usize| format!("{index}-{}", "x".repeat(index % 300));
    let texts: String = (0..30_000).map(|index| format!("<si><t>{}</t></si>", text(index))).collect();
    let order = (0..30_000).step_by(7).flat_map(|index| [index, 29_999 - index, index / 2, 0]);
    let order: Vec<usize> = order.collect();
    let rows: String =
        order.iter().map(|index| format!("<row><c t=\"s\"><v>{index}</v></c></row>")).collect();
    let found = records_as(table("jobs"), &by_hand(&rows, &texts));
    assert!(found.into_iter().map(|(_, fields)| fields[0].clone()).eq(order.into_iter().map(text)));
}

#[test]
fn a_workbook_cut_off_anywhere_fails() {
    let bytes = written(|sheet| {
        for row in 0..100 {
            sheet.write(row, 0, row).unwrap().write(row, 1, format!("job {row}")).unwrap();
        }
    });
    assert_eq!(read(&bytes).0[0].records().len(), 100);
    for length in (4..bytes.len()).step_by(13).chain([bytes.len() - 1]) {
        let (chunks, end) = read(&bytes[..length]);
        assert!(end.is_err() && chunks.is_empty(), "at {length}");
    }
    assert!(error(&bytes[..bytes.len() - 30]).starts_with("the workbook ends before its content does"));
}

#[test]
fn a_damaged_workbook_fails_or_reads_the_same() {
    let bytes = written(|sheet| {
        for row in 0..100 {
            sheet.write(row, 0, row).unwrap().write(row, 1, format!("job {row}")).unwrap();
        }
    });
    let whole = records_as(table("jobs"), &bytes);
    let mut failed = 0;
    for at in (4..bytes.len()).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x15;
        let (chunks, end) = read(&damaged);
        match end {
            Err(SourceError::Read(error)) => panic!("at {at}: {error}"),
            // The checksum comes last, so that all rows of a damaged sheet may have come.
            Err(_) => failed += 1,
            Ok(()) => assert_eq!(fields(&chunks), whole, "at {at}"),
        }
    }
    assert!(failed > 100, "{failed}");
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
    assert!(error(&by_hand("<row><c><v>1</v></c>", "")).contains("a part of it ends too early"));
    let parts = [ROOT, BOOK, RELATIONS, ("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row><c")];
    assert!(error(&archive(&parts)).contains("it ends within a tag"));
}

#[test]
fn what_a_part_unpacks_to_is_limited_whatever_it_claims() {
    let limit = crate::EXPANSION_FLOOR as usize;
    let fill = |length: usize| format!("<a/>{:1020}", "").repeat(length / 1024);
    read(&by_hand(&fill(limit - 1024), "")).1.unwrap();
    let bytes = by_hand(&fill(limit), "");
    assert!(bytes.len() < limit / crate::EXPANSION as usize);
    let says = "the workbook holds more than 67108864 bytes when unpacked";
    assert!(error(&bytes).starts_with(says));
    // The last entry of the directory, which claims less.
    let mut liar = bytes;
    let entry = memchr::memmem::rfind(&liar, b"PK\x01\x02").unwrap();
    liar[entry + 24..entry + 28].copy_from_slice(&1000_u32.to_le_bytes());
    assert!(error(&liar).starts_with(says));
}

#[test]
fn a_token_and_a_text_are_limited() {
    let long = "x".repeat(1024 * 1024);
    let cell = |text: &str| by_hand(&format!("<row><c t=\"str\"><v>{text}</v></c></row>"), "");
    assert_eq!(records_as(table("jobs"), &cell(&long[..1_000_000]))[0].1[0].len(), 1_000_000);
    for text in [&*long, &format!("<!--{long}-->"), &format!("<a b=\"{long}\"/>")] {
        assert!(error(&cell(text)).contains("a piece of it is longer than 1 MiB"));
    }
    let half = &long[..600_000];
    let texts = format!("<si><t>{half}</t><t>{half}</t></si>");
    assert!(error(&by_hand("", &texts)).contains("a text of more than 1 MiB"));
    assert!(error(&cell(&format!("{half}<!-- -->{half}"))).contains("a text of more than 1 MiB"));
    let two = "<c t=\"s\"><v>0</v></c>".repeat(2);
    let row =
        by_hand(&format!("<row><c><v>7</v></c></row><row>{two}</row>"), &format!("<si><t>{half}</t></si>"));
    let (chunks, end) = read(&row);
    assert!(end.unwrap_err().to_string().starts_with("line 2: the record is longer than"));
    assert_eq!(fields(&chunks), [record(1, &["7", ""])]);
}

#[test]
fn a_directory_is_limited() {
    let unusual = "the workbook is encrypted or packed in an unusual way";
    let names: Vec<_> = (0..140).map(|number| format!("{number}{:60000}", "")).collect();
    let parts: Vec<_> = [ROOT, BOOK].into_iter().chain(names.iter().map(|name| (&**name, ""))).collect();
    assert!(error(&archive(&parts)).starts_with(unusual));
    assert!(error(&archive(&parts[..130])).starts_with("the workbook has no sheet"));
    // Number of entries, length and offset of an end that refers to ZIP64's.
    let bytes = archive(&[ROOT, BOOK]);
    for field in [
        bytes.len() - 12..bytes.len() - 10,
        bytes.len() - 10..bytes.len() - 6,
        bytes.len() - 6..bytes.len() - 2,
    ] {
        let mut large = bytes.clone();
        large[field].fill(0xff);
        assert!(error(&large).starts_with(unusual));
    }
}

#[test]
fn elements_within_each_other_are_limited() {
    let nested = |depth: usize| by_hand(&"<a>".repeat(depth), "");
    let says = "its elements are too deep, or their names too long";
    assert!(error(&nested(255)).contains(says));
    assert!(error(&nested(1_000_000)).contains(says));
    let named = |length: usize| by_hand(&format!("<{}/>", "a".repeat(length)), "");
    read(&named(256)).1.unwrap();
    assert!(error(&named(257)).contains(says));
    let closed = format!("{}{}", "<a>".repeat(254), "</a>".repeat(254));
    read(&by_hand(&closed, "")).1.unwrap();
}

#[test]
fn styles_are_limited() {
    let styles = format!("<styleSheet><cellXfs>{}</cellXfs></styleSheet>", "<xf/>".repeat(65_537));
    let parts =
        [ROOT, BOOK, RELATIONS, ("xl/styles.xml", &*styles), ("xl/worksheets/sheet1.xml", "<worksheet/>")];
    assert!(error(&archive(&parts)).contains("more than 65536 cell styles"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever texts and whole numbers a sheet holds come out as they went in, in chunks that cover them once.
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
        let (chunks, end) = read_as(table("jobs"), &bytes, chunk_bytes);
        prop_assert!(end.is_ok());
        let expected: Vec<_> =
            (1..).zip(&rows).map(|(line, (id, text))| record(line, &[&id.to_string(), text])).collect();
        prop_assert_eq!(fields(&chunks), expected);
        for (number, pair) in chunks.windows(2).enumerate() {
            prop_assert_eq!(pair[0].number as usize, number);
            prop_assert_eq!(pair[0].end_byte, pair[1].start_byte);
            prop_assert!(pair[0].end_byte - pair[0].start_byte >= chunk_bytes);
        }
    }
}
