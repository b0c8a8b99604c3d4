//! A file's way from bytes to accepted rows and a rejects file, without a database.

use proptest::prelude::*;

use super::*;
use crate::dictionary::{Dictionary, LoadMode, Table};
use crate::library;

fn table(name: &str) -> &'static Table {
    library::dictionary().table(name).unwrap()
}

/// The content's columns and its only chunk.
fn read(table: &Table, content: &[u8]) -> Result<(Columns, Chunk), LayoutError> {
    let layout = Layout::of_values(table, content, true, b',')?;
    let mut chunker = Chunker::new(layout.dialect, layout.start, CHUNK_BYTES);
    assert_eq!(chunker.feed(content), Ok((None, &b""[..])));
    let chunk = chunker.finish().unwrap().unwrap_or_default();
    assert_eq!(chunker.finish(), Ok(None));
    Ok((layout.columns, chunk))
}

/// The values accepted, and the rejects file without its mark.
fn check_all(table: &Table, content: &[u8]) -> (Vec<String>, String) {
    let (columns, chunk) = read(table, content).unwrap();
    let checked = CheckedChunk::check(table, &columns, &chunk).unwrap();
    let judged = checked.judge(LoadMode::Append, &Facts::default());
    let rejected = judged.rejected();
    assert_eq!(checked.rows_read, judged.len() + rejected.len());
    let records = chunk.records().len() - usize::from(columns.has_header());
    assert_eq!(records, checked.rows_read + checked.skipped);
    let rows = judged.accepted().map(|(_, row)| {
        let mut text = String::new();
        crate::json_row::write_json_row(table, row, &mut text);
        text
    });
    let rows = rows.collect();
    let file = rejects_csv(table, &columns, &rejected);
    let file = file.strip_prefix("\u{FEFF}".as_bytes()).unwrap();
    (rows, String::from_utf8_lossy(file).into_owned())
}

/// The ids accepted, and the rejects file without its mark.
fn check(name: &str, content: &[u8]) -> (Vec<i64>, String) {
    let (rows, rejects) = check_all(table(name), content);
    let id = |row: &String| serde_json::from_str::<serde_json::Value>(row).unwrap()["id"].as_i64().unwrap();
    (rows.iter().map(id).collect(), rejects)
}

fn layout_error(name: &str, content: &str) -> String {
    read(table(name), content.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_file_without_a_header_is_in_dictionary_order_and_its_rejects_get_one() {
    let (ids, rejects) = check("collections", b"1,Sales\n2,\n3,Legal\n");
    assert_eq!(ids, [1, 3]);
    assert_eq!(
        rejects,
        "id,collection_name,line,code,reason\r\n2,,2,required,collection_name is required\r\n"
    );
}

#[test]
fn a_header_names_columns_in_any_order_and_by_alias() {
    let content = b"\xEF\xBB\xBFtag_id,datetime_,name,id,collection_id\r\n7,2021-02-03T04:05:06Z,Ada,1,2\r\nx,2021-02-30T00:00:00Z,,2,2\r\n";
    let (ids, rejects) = check("documents", content);
    assert_eq!(ids, [1]);
    assert_eq!(
        rejects,
        "tag_id,datetime,name,id,collection_id,line,code,reason\r\n\
         x,2021-02-30T00:00:00Z,,2,2,3,required; timestamp; type,\"name is required; datetime must be a moment in UTC \
         that exists, written like 2021-07-27T16:02:08Z; tag_id must be a whole number\"\r\n"
    );
}

#[test]
fn a_header_alone_has_no_rows() {
    assert_eq!(check("tags", b"id,tag_name\n"), (vec![], "id,tag_name,line,code,reason\r\n".to_owned()));
}

#[test]
fn a_header_that_leaves_a_column_out_is_no_header_to_load_by() {
    for (content, expected) in [
        (
            "id\n1\n",
            "line 1: the header leaves out the column \"tag_name\", which is required; the columns are id, tag_name",
        ),
        ("\nid,title\n1,x\n", "line 2: the header names \"title\", which is no column of the table"),
        ("id,tag,tag_name\n1,x,y\n", "line 1: the header names the column \"tag_name\" more than once"),
        ("id;tag;tag_name\n1;x;y\n", "line 1: the header names the column \"tag_name\" more than once"),
        ("id,,tag_name\n1,,y\n", "line 1: a field of the header has no name"),
    ] {
        let error = layout_error("tags", content);
        assert!(error.starts_with(expected), "{content:?} says {error:?}");
    }
}

#[test]
fn of_an_id_the_first_good_row_counts() {
    let (ids, rejects) = check("tags", b"1,\n1,Chef\n1,Waiter\n");
    assert_eq!(ids, [1]);
    assert_eq!(
        rejects,
        "id,tag_name,line,code,reason\r\n\
         1,,1,required,tag_name is required\r\n\
         1,Waiter,3,duplicate_in_batch,id is already taken by an earlier row\r\n"
    );
}

#[test]
fn short_and_long_records_keep_what_they_had() {
    let (ids, rejects) = check("tags", b"1\n2,Chef,\"a, b\"\n3,Cook\n");
    assert_eq!(ids, [3]);
    assert_eq!(
        rejects,
        "id,tag_name,line,code,reason\r\n\
         1,,1,field_count,the record has 1 fields instead of 2\r\n\
         2,Chef,2,field_count,the record has 3 fields instead of 2,\"a, b\"\r\n"
    );
}

#[test]
fn a_rejects_file_loads_once_it_is_fixed() {
    let (_, rejects) = check("tags", b"1,\"say \"\"hi\"\"\nthere\"\nx,Chef\n");
    let fixed = rejects.replace("\r\nx,", "\r\n2,");
    let (ids, rejects) = check("tags", fixed.as_bytes());
    assert_eq!(ids, [2]);
    assert_eq!(rejects, "id,tag_name,line,code,reason\r\n");
}

#[test]
fn bytes_that_are_not_utf_8_are_rejected_and_kept() {
    let (columns, chunk) = read(table("tags"), b"1,caf\xE9\n").unwrap();
    let checked = CheckedChunk::check(table("tags"), &columns, &chunk).unwrap();
    let file = rejects_csv(table("tags"), &columns, &checked.rejected);
    let expected =
        b"\xEF\xBB\xBFid,tag_name,line,code,reason\r\n1,caf\xE9,1,encoding,tag_name is not UTF-8 text\r\n";
    assert_eq!(file, expected);
}

const DOCUMENT: &str = "2021-03-01T09:00:00Z,7,3";

#[test]
fn a_header_is_found_behind_marks_and_sep_lines_and_in_any_dialect() {
    let names = "id,name,datetime,tag_id,collection_id";
    let row = "5,Ann,2021-03-01T09:00:00Z,7,3";
    let expected = r#"{"id":5,"name":"Ann","datetime":"2021-03-01T09:00:00Z","collection_id":3,"tag_id":7}"#;
    for (before, delimiter) in [
        ("", ","),
        ("\u{FEFF}\u{FEFF}", ","),
        ("\u{200B}", ";"),
        ("sep=,\r\n", ","),
        ("sep=;\r\n", ";"),
        ("\"sep=;\"\n", ";"),
        ("\u{FEFF}SEP=|\n\u{FEFF}", "|"),
        ("sep=\t\t\t\t\n", "\t"),
        ("sep=^\n", "^"),
        ("\n\n", "\t"),
    ] {
        let content = format!("{before}{names}\n{row}\n").replace(',', delimiter);
        let (rows, _) = check_all(table("documents"), content.as_bytes());
        assert_eq!(rows, [expected], "{content:?}");
    }
    let quoted = format!("\"\u{FEFF}id\",\"name\u{200B}\",datetime,tag_id,collection_id\n{row}\n");
    assert_eq!(check_all(table("documents"), quoted.as_bytes()).0, [expected]);
    let rows_only = format!("\"\u{FEFF}5\",Ann,{DOCUMENT}\n");
    assert_eq!(check("documents", rows_only.as_bytes()).0, [5]);
}

#[test]
fn a_delimiter_is_recognised_from_rows_that_pass_with_it_alone() {
    let row = |name: &str| format!("7;{name};{}", DOCUMENT.replace(',', ";"));
    let (rows, _) = check("documents", format!("{}\n", row("Quist, Nora")).as_bytes());
    assert_eq!(rows, [7]);
    // Content that is read with commas stays so.
    let mixed = format!("8,Bo,{DOCUMENT}\n{}\n", row("Ann"));
    assert_eq!(check("documents", mixed.as_bytes()).0, [8]);
    let error = layout_error("documents", &format!("{}\n{}\n", row("a"), row("b").replace(';', "|")));
    assert!(error.starts_with(
        "some rows can be read with semicolons between the fields and others with vertical bars"
    ));
}

#[test]
fn a_first_record_that_is_neither_header_nor_row_fails_the_file() {
    for (content, expected) in [
        (
            "document_id,name,datetime,tag_id,collection_id\n1,Ann,2021-03-01T09:00:00Z,7,3\n",
            "line 1 is neither a header of the table nor a row of it: it has \"document_id\", \"name\", \"datetime\", \
             \"tag_id\", \"collection_id\"; the columns are id, name, datetime, collection_id, tag_id; name the columns \
             as the table does, or take the line out",
        ),
        (
            "New files\n\nid,name,datetime,tag_id,collection_id\n1,Ann,2021-03-01T09:00:00Z,7,3\n",
            "line 1 is neither a header of the table nor a row of it: it has \"New files\"; the columns are id, name, \
             datetime, collection_id, tag_id; a header of the table is in line 3: take out the lines above it, or set \
             skip_lines = 2 for the table",
        ),
        ("# exported, by HR\n1,Ann,2021-03-01T09:00:00Z,7,3\n", "line 1 is neither a header"),
        (
            "Nr;Wer;Wann;Was;Wo\n1;Ann;2021-03-01T09:00:00Z;7;3\n",
            "line 1 is neither a header of the table nor a row of it: it has \"Nr\", \"Wer\"",
        ),
        ("name,datetime,tag_id,collection_id\nAnn,2021-03-01T09:00:00Z,7,3\n", "line 1 is neither a header"),
        ("sep=ab\nid,name\n", "line 1: \"sep=ab\" names no delimiter"),
    ] {
        let error = layout_error("documents", content);
        assert!(error.starts_with(expected), "{content:?} says {error:?}");
    }
    // A quote that is missing makes no row of a header, and a line above one does not either.
    for content in [
        "id,name,\"datetime,tag_id,collection_id\n1,Ann,2021-03-01T09:00:00Z,7,3\n",
        "id,name,datetime,\"tag_id\" ,collection_id\n1,Ann,2021-03-01T09:00:00Z,7,3\n",
        "\"Nr\",\"Wer\",\"Wann\",\"Stelle\" ,\"Azt\"\n1,Ann,2021-03-01T09:00:00Z,7,3\n",
        "2021\nNr,Wer,Wann,Was,Wo\n1,Ann,2021-03-01T09:00:00Z,7,3\n",
        "Stand:,,2021-07-27 16:02:08,,\nNr,Wer,Wann,Was,Wo\n1,Ann,2021-03-01T09:00:00Z,7,3\n",
        "\"Title of \"the\" list\"\nNr,Wer,Wann,Was,Wo\n1,Ann,2021-03-01T09:00:00Z,7,3\n",
    ] {
        let error = layout_error("documents", content);
        assert!(
            error.contains("is neither a header of the table nor a row of it"),
            "{content:?} says {error:?}"
        );
    }
    let (ids, _) = check("tags", b"1,\"Tag 1\n2,Mason\n3,\"id and tag_name\n");
    assert_eq!(ids, [2]);
    // A faulty row is a row if one of its numbers or times can be read.
    let (ids, rejects) = check("documents", format!("x,Ann,{DOCUMENT}\n2,Bo,{DOCUMENT}\n").as_bytes());
    assert_eq!(ids, [2]);
    assert!(rejects.contains("\r\nx,Ann,2021-03-01T09:00:00Z,7,3,1,type,"), "{rejects}");
}

#[test]
fn a_header_again_is_skipped_and_another_one_ends_the_file() {
    let (ids, rejects) = check("tags", b"id,tag_name\n1,Welder\nID, Tag \n2,Mason\nid,tag_name,\n3,Cook\n");
    assert_eq!((ids, rejects.lines().count()), (vec![1, 2, 3], 1));
    assert_eq!(check("tags", b"1,Welder\nid,tag_name\n2,Mason\n").0, [1, 2]);
    for (name, content) in [
        ("tags", "id,tag_name\n1,Welder\ntag_name,id\nMason,2\n"),
        ("documents", "5,Ann,2021-03-01T09:00:00Z,7,3\ndocument_id,name,datetime,tag_id,collection_id\n"),
        ("documents", "5,Ann,2021-03-01T09:00:00Z,7,3\nid,name,datetime,tag_id,collection_id\n"),
        ("documents", "5,Ann,2021-03-01T09:00:00Z,7,3\nid,name,filed\n"),
        ("documents", "5,Ann,2021-03-01T09:00:00Z,7,3\nid nr,Wer,Wann,Stelle,Abteilung\n"),
        ("tags", "id,tag_name\n1,x\n\"tag_name\" ,\"id\"\n2,3\n"),
    ] {
        let (columns, chunk) = read(table(name), content.as_bytes()).unwrap();
        let error = CheckedChunk::check(table(name), &columns, &chunk).unwrap_err();
        let line = 1 + content
            .lines()
            .position(|line| line.contains("id") && !line.starts_with("id,tag_name"))
            .unwrap() as u64;
        assert_eq!(error, OtherHeader { line }, "{content}");
    }
    // A row is no header for one word.
    let (ids, rejects) = check("tags", b"id,tag_name\nTotal,tag\n2,tag\n,ID\nx,Id\n");
    assert_eq!((ids, rejects.lines().count()), (vec![2], 4));
}

#[test]
fn empty_fields_at_the_end_of_every_line_are_none() {
    for content in [
        "id,tag_name,\n1,Welder,\n2,Mason,\n",
        "id,tag_name,,,\n1,Welder,,,\n2,Mason,,,\n",
        "id,tag_name\n1,Welder,\n2,Mason,\n",
        "id,tag_name,\n1,Welder\n2,Mason\n",
        "1,Welder,\n2,Mason,\n",
        "1;Welder;\n2;Mason;\n",
        "id,tag_name\n1,Welder,\n,,\n2,Mason,\n",
    ] {
        let (ids, rejects) = check("tags", content.as_bytes());
        assert_eq!((ids, rejects.lines().count()), (vec![1, 2], 1), "{content}");
    }
    // Of some lines it is a field too many.
    let (_, rejects) = check("tags", b"id,tag_name,\n1,x,note\n2,y,\n");
    assert!(rejects.contains("the record has 3 fields instead of 2,note"), "{rejects}");
    let (ids, rejects) = check("tags", b"id,tag_name\n1,Welder\n2,Mason,\n");
    assert_eq!(ids, [1]);
    assert!(
        rejects.contains("\r\n2,Mason,3,field_count,the record has 3 fields instead of 2,\r\n"),
        "{rejects}"
    );
    let (ids, _) = check("tags", b"id,tag_name\n1,Welder,\n2,Mason,x\n3,Cook\n");
    assert_eq!(ids, [3]);
}

#[test]
fn rows_of_empty_fields_are_skipped() {
    let (ids, rejects) = check("tags", b"id,tag_name\n,\n1,Welder\n,,,\n\"\"\n2,Mason\n , \n");
    assert_eq!((ids, rejects.lines().count()), (vec![1, 2], 1));
}

#[test]
fn a_record_with_wrong_quotes_is_rejected_with_its_line_and_stays_wrong() {
    let (ids, rejects) = check("tags", b"id,tag_name\n1,\"Welder\n2,\"Tiler\"\n3,\"a \"b\" c\"\n4,\"Cook\n");
    assert_eq!(ids, [2]);
    assert_eq!(
        rejects,
        "id,tag_name,line,code,reason\r\n\
         ,,2,quote,\"text follows a closing quote; inside a quoted field a quote is written twice, and a field ends with its closing quote\",\"1,\"\"Welder\"\r\n\
         ,,4,quote,\"text follows a closing quote; inside a quoted field a quote is written twice, and a field ends with its closing quote\",\"3,\"\"a \"\"b\"\" c\"\"\"\r\n\
         ,,5,quote,a quote is opened and never closed,\"4,\"\"Cook\"\r\n"
    );
    let (ids, again) = check("tags", rejects.as_bytes());
    assert_eq!((ids, again.lines().count()), (vec![], 4));
}

#[test]
fn what_a_spreadsheet_writes_is_understood_or_refused() {
    let (rows, rejects) = check_all(
        table("tags"),
        b"id,tag_name\n1,=\"0042\"\n=\"2\",Mason\n3,#N/A\n4,#REF!\n5,#1\n6,\xC2\xA0\n7,#WERT!\n8,#NV\n9,Err:502\n",
    );
    assert_eq!(
        rows,
        [r#"{"id":1,"tag_name":"0042"}"#, r#"{"id":2,"tag_name":"Mason"}"#, r##"{"id":5,"tag_name":"#1"}"##]
    );
    assert!(
        rejects.contains("3,#N/A,4,type,\"tag_name is #N/A, the error of a spreadsheet's formula\""),
        "{rejects}"
    );
    assert!(rejects.contains(",7,required,tag_name is required"), "{rejects}");
    assert!(rejects.contains("tag_name is Err:502, the error"), "{rejects}");
    assert_eq!(rejects.lines().count(), 1 + 6);
    // A blank before a quote is no field that anybody meant.
    let (ids, rejects) = check("tags", b"id,tag_name\n1, \"Baker\"\n2, \"Co\nok\"\n3, Chef \"a\"\n");
    assert_eq!(ids, [3]);
    assert!(rejects.contains(",2,quote,\"a quote follows blanks"), "{rejects}");
    // A text with the name of a column, in whatever stands for other delimiters.
    assert_eq!(check("tags", b"1,Badge;ID\n2,Cook\n").0, [1, 2]);
}

#[test]
fn a_header_that_comes_again_is_no_row_even_of_texts() {
    let text = "[[table]]\nname = \"words\"\ncolumns = [{ name = \"word\", type = \"string(9)\", key = true }, \
                { name = \"meaning\", type = \"text\" }]";
    let dictionary = Dictionary::parse("test", text).unwrap();
    let content = b"word,meaning\na,first\nword,meaning\nmeaning,word\nb,second\n";
    let (columns, chunk) = read(&dictionary.tables()[0], content).unwrap();
    let checked = CheckedChunk::check(&dictionary.tables()[0], &columns, &chunk).unwrap();
    assert_eq!((checked.len(), checked.rejected.len(), checked.skipped), (3, 0, 1));
}

#[test]
fn a_file_that_shows_no_record_at_its_start_fails() {
    for start in ["\n".repeat(1000), ",,,,\n".repeat(200), "x".repeat(1000)] {
        let error = Layout::of_values(table("documents"), start.as_bytes(), false, b',').unwrap_err();
        assert!(error.to_string().ends_with("write shorter ones"), "{error}");
        Layout::of_values(table("documents"), start.as_bytes(), true, b',').map(drop).unwrap_or_default();
    }
}

#[test]
fn declared_formats_say_exactly_what_is_read() {
    let dictionary = declared(
        r#"date_formats = ["%Y%m%d", "%d %b %Y"]
timestamp_formats = ["%d.%m.%Y %H:%M:%S"]"#,
    );
    let table = &dictionary.tables()[0];
    let row = |day: &str, at: &str| {
        check_all(table, format!("id,city,amount,day,at\n1,,,{day},{at}\n").as_bytes()).0.len()
    };
    assert_eq!([row("20210127", ""), row("27 jan 2021", ""), row("7 Jan 2021", "")], [1, 1, 1]);
    assert_eq!([row("2021127", ""), row("", "27.07.2021 16:02:60"), row("", "27.7.2021 6:02:08")], [0, 0, 1]);
    for format in ["%Y-%m-%d %H:%M:%S %Q", "%Y-%m-%dT%H:%M:%S[%Q]"] {
        let text = format!(
            "[[table]]\nname = \"t\"\ncolumns = [{{ name = \"id\", type = \"integer\", key = true }}]\n[table.files]\ntimestamp_formats = [\"{format}\"]"
        );
        assert!(Dictionary::parse("test", &text).is_err(), "{format}");
    }
}

#[test]
fn times_are_accepted_in_every_form_that_loses_nothing() {
    let name = |form: &str| format!("id,name,datetime,collection_id,tag_id\n1,Ann,{form},3,7\n");
    for form in [
        "2021-07-27T16:02:08Z",
        "2021-07-27 16:02:08",
        "2021-07-27T16:02:08",
        "2021-07-27T16:02:08.000Z",
        "2021-07-27 16:02:08.000000000",
        "2021-07-27T16:02:08+00:00",
        "2021-07-27T18:02:08+0200",
        "2021-07-27 16:02:08+00",
        "2021-07-28T01:32:08.0+09:30",
    ] {
        let (rows, _) = check_all(table("documents"), name(form).as_bytes());
        let expected =
            r#"{"id":1,"name":"Ann","datetime":"2021-07-27T16:02:08Z","collection_id":3,"tag_id":7}"#;
        assert_eq!(rows, [expected], "{form}");
    }
    for form in [
        "2021-07-27",
        "2021-07-27T16:02Z",
        "2021-07-27T16:02:08.001Z",
        "2021-07-27T16:02:08z",
        "2021-07-27T16:02:08+2",
        "2021-07-27T16:02:08+24:00",
        "2021-07-27T16:02:08 +00:00",
        "9999-12-31T23:59:59-01:00",
        "2021-02-29 00:00:00",
        "2021-06-30T23:59:60Z",
    ] {
        assert_eq!(check_all(table("documents"), name(form).as_bytes()).0, [""; 0], "{form}");
    }
}

fn declared(files: &str) -> Dictionary {
    let text = format!(
        "[[table]]\nname = \"sales\"\ncolumns = [{{ name = \"id\", type = \"integer\", key = true }}, \
         {{ name = \"city\", type = \"string(20)\", required = false }}, \
         {{ name = \"amount\", type = \"decimal(10,2)\", required = false }}, \
         {{ name = \"day\", type = \"date\", required = false }}, \
         {{ name = \"at\", type = \"timestamp\", required = false }}]\n[table.files]\n{files}"
    );
    Dictionary::parse("test", &text).unwrap()
}

/// A German Excel's export, as `docs/dictionary.md` shows it; its encoding is decoded before.
#[test]
fn a_german_export_is_read_as_declared() {
    let dictionary = declared(
        r#"
        delimiter = ";"
        encoding = "windows-1252"
        decimal_comma = true
        date_formats = ["%d.%m.%Y"]
        timestamp_formats = ["%d.%m.%Y %H:%M"]
        time_zone = "Europe/Berlin"
        "#,
    );
    let table = &dictionary.tables()[0];
    let content = "1;Köln;12,50;27.07.2021;27.07.2021 16:02\n2;Bonn;7;2021-07-27;2021-01-27 16:02:00\n\
                   3;;1.000,00;27.7.2021;31.10.2021 02:30\n";
    let (rows, rejects) = check_all(table, content.as_bytes());
    assert_eq!(
        rows,
        [
            r#"{"id":1,"city":"Köln","amount":"12.50","day":"2021-07-27","at":"2021-07-27T14:02:00Z"}"#,
            r#"{"id":2,"city":"Bonn","amount":"7.00","day":"2021-07-27","at":"2021-01-27T15:02:00Z"}"#,
        ]
    );
    assert!(
        rejects.starts_with(
            "id;city;amount;day;at;line;code;reason\r\n3;;1.000,00;27.7.2021;31.10.2021 02:30;3;"
        )
    );
    assert!(rejects.contains("type; timestamp"), "{rejects}");
    let (rows, _) =
        check_all(table, rejects.replace("1.000,00", "1000,00").replace("02:30", "04:30").as_bytes());
    assert_eq!(
        rows,
        [r#"{"id":3,"city":null,"amount":"1000.00","day":"2021-07-27","at":"2021-10-31T03:30:00Z"}"#]
    );
}

/// The output of `SELECT … INTO OUTFILE`, as `docs/dictionary.md` shows it.
#[test]
fn a_mysql_export_is_read_as_declared() {
    let dictionary = declared(
        r#"
        delimiter = "\t"
        quotes = false
        quote_escape = "backslash"
        header = "none"
        "#,
    );
    let table = &dictionary.tables()[0];
    let content = b"1\t\"hi\" she said\t1.50\t2021-07-27\t2021-07-27 16:02:08\n2\t\\N\t\\N\t\\N\t\\N\n3\ta\\\tb\\\nc\\\\\t0\t\\N\t\\N\n4\t\\\\N\t\\N\t\\N\t\\N\n";
    let (rows, rejects) = check_all(table, content);
    assert_eq!(
        rows,
        [
            r#"{"id":1,"city":"\"hi\" she said","amount":"1.50","day":"2021-07-27","at":"2021-07-27T16:02:08Z"}"#,
            r#"{"id":2,"city":null,"amount":null,"day":null,"at":null}"#,
            r#"{"id":3,"city":"a\tb\nc\\","amount":"0.00","day":null,"at":null}"#,
            r#"{"id":4,"city":"\\N","amount":null,"day":null,"at":null}"#,
        ],
        "{rejects}"
    );
    // Its rejects are plain CSV, and are read as such.
    let (_, rejects) = check_all(table, b"x\tC:\\\\n\t\\N\t\\N\t\\N\n");
    let (rows, _) = check_all(table, rejects.replace("\r\nx\t", "\r\n4\t").as_bytes());
    assert_eq!(rows, [r#"{"id":4,"city":"C:\\n","amount":null,"day":null,"at":null}"#], "{rejects}");
}

#[test]
fn lines_are_skipped_and_headers_demanded_as_declared() {
    let dictionary = declared("skip_lines = 2\nheader = \"required\"");
    let table = &dictionary.tables()[0];
    let (rows, _) = check_all(table, b"Report\n\nid,city\n1,Rome\n");
    assert_eq!(rows.len(), 1);
    let error = read(table, b"Report\n\n1,Rome,1,2021-01-01,\n").unwrap_err().to_string();
    assert!(error.starts_with("line 3 is neither a header"), "{error}");
    let dictionary = declared("header = \"none\"");
    let (rows, rejects) =
        check_all(&dictionary.tables()[0], b"id,city,amount,day,at\n1,Rome,1,2021-01-01,\n");
    assert_eq!((rows.len(), rejects.lines().count()), (1, 1));
}

#[test]
fn json_lines_are_checked_as_rows_of_the_api() {
    let content = b"\xEF\xBB\xBF{\"id\": 1, \" Tag_Name\": \"a, \\\"b\\\"\"}\n\n{\"id\": \"2\", \"tag\": null, \"x\": 1}\r\n[1]\n{\"id\": 3\n";
    let table = table("tags");
    let layout = Layout::of_json_lines(table, content);
    let mut chunker = Chunker::new(layout.dialect, layout.start, CHUNK_BYTES);
    chunker.feed(content).unwrap();
    let chunk = chunker.finish().unwrap().unwrap();
    let checked = CheckedChunk::check(table, &layout.columns, &chunk).unwrap();
    assert_eq!((checked.rows_read, checked.len()), (4, 1));
    let file = String::from_utf8(rejects_csv(table, &layout.columns, &checked.rejected)).unwrap();
    assert_eq!(
        file,
        "\u{FEFF}id,tag_name,line,code,reason\r\n\
         2,,3,type; required; unknown_column,\"id must be a whole number; tag_name is required; there is no column \"\"x\"\"\",\"{\"\"id\"\": \"\"2\"\", \"\"tag\"\": null, \"\"x\"\": 1}\"\r\n\
         ,,4,type,a row must be a JSON object,[1]\r\n\
         ,,5,type,a row must be a JSON object,\"{\"\"id\"\": 3\"\r\n"
    );
}

proptest! {
    /// Whatever the fields of a record are, its rejects file gives them back to any reader of RFC
    /// 4180.
    #[test]
    fn a_rejects_file_gives_the_fields_back(fields in proptest::collection::vec("[a-z,\"\r\n ;é]{0,12}", 2)) {
        let quoted: Vec<String> =
            fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
        // An id that is no number: every such record is rejected.
        let content = format!("id,tag_name\nx,\"\"\n\"x{}\",{}\n", &quoted[0][1..quoted[0].len() - 1], quoted[1]);
        let table = table("tags");
        let (columns, chunk) = read(table, content.as_bytes()).unwrap();
        let checked = CheckedChunk::check(table, &columns, &chunk).unwrap();
        prop_assert_eq!(checked.rejected.len(), 2);
        let (_, again) = read(table, &rejects_csv(table, &columns, &checked.rejected)).unwrap();
        let record = again.records().nth(2).unwrap();
        let given: Vec<String> =
            record.fields().take(2).map(|field| String::from_utf8_lossy(field).into_owned()).collect();
        prop_assert_eq!(given, vec![format!("x{}", fields[0]), fields[1].clone()]);
    }
}
