use proptest::prelude::*;

use super::*;
use crate::dictionary::Dictionary;
use crate::library;

fn documents() -> &'static Table {
    library::dictionary().table("documents").unwrap()
}

fn found(table: &Table, lines: &[&str]) -> String {
    let records: Vec<(u64, Vec<String>)> =
        (1..).zip(lines).map(|(line, text)| (line, text.split(';').map(str::to_owned).collect())).collect();
    propose_table(table, &records).map_or_else(String::new, |found| found.settings.to_json())
}

#[test]
fn finds_the_columns_of_headers_in_other_words() {
    let table = documents();
    for (header, row, expected) in [
        ("id;name;datetime;collection_id;tag_id", "1;Ada;2021-07-27T16:02:08Z;3;7", "{}"),
        (
            "Document ID;Name;Filed;Tag ID;Collection ID",
            "1;Ada;2021-03-01T09:00:00Z;7;3",
            r#"{"columns":{"Collection ID":"collection_id","Document ID":"id","Filed":"datetime","Tag ID":"tag_id"}}"#,
        ),
        (
            "Doc No;Full Name;Date/Time;Coln;TagNr;Shoe size",
            "1;Ada;27/07/2021 16:02;3;7;44",
            r#"{"columns":{"Coln":"collection_id","Date/Time":"datetime","Doc No":"id","Full Name":"name","Shoe size":null,"TagNr":"tag_id"}}"#,
        ),
        (
            "docno;collectionId;tagId;filed on;person",
            "1;3;7;03.04.2021 09:00;Ada",
            r#"{"columns":{"collectionId":"collection_id","docno":"id","filed on":"datetime","person":"name","tagId":"tag_id"}}"#,
        ),
    ] {
        assert_eq!(found(table, &[header, row]), expected, "{header}");
    }
}

#[test]
fn finds_a_header_below_other_lines() {
    let lines = ["New files", "", "ID;Name;Date Time;Tag ID;Collection ID", "1;Ada;2021-03-01T09:00:00Z;7;3"];
    assert_eq!(
        found(documents(), &lines),
        r#"{"columns":{"Collection ID":"collection_id","Date Time":"datetime","Tag ID":"tag_id"},"skip_lines":2}"#
    );
}

#[test]
fn values_tell_columns_of_like_names_apart() {
    let table = &Dictionary::parse(
        "t",
        "[[table]]\nname = \"orders\"\ncolumns = [{ name = \"id\", type = \"integer\", key = true }, \
         { name = \"order_date\", type = \"date\" }, { name = \"order_note\", type = \"string(99)\" }]",
    )
    .unwrap()
    .tables()[0]
        .clone();
    assert_eq!(
        found(table, &["order no;date of order;order", "1;27.07.2021;as usual"]),
        r#"{"columns":{"date of order":"order_date","order":"order_note","order no":"id"}}"#
    );
}

#[test]
fn rows_are_no_header() {
    assert_eq!(found(documents(), &["1;Ada;2021-03-01T09:00:00Z;7;3", "2;Bea;2021-03-01T09:00:00Z;7;3"]), "");
    assert_eq!(found(documents(), &["something;else", "entirely;other"]), "");
}

const MOMENT: ColumnType = ColumnType::Timestamp { digits: 0 };

fn formats_of(values: &[&str]) -> Vec<String> {
    propose_formats(MOMENT, values)
}

#[test]
fn finds_the_formats_of_times_and_says_where_several_are_possible() {
    assert_eq!(formats_of(&["27/07/2021 16:02", "01/02/2021 08:00"]), ["%d/%m/%Y %H:%M"]);
    assert_eq!(formats_of(&["07/27/2021 04:02 PM"]), ["%m/%d/%Y %I:%M %p"]);
    assert_eq!(formats_of(&["01/02/2021 08:00"]), ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]);
    assert_eq!(formats_of(&["3 May 2021, 09:30:00"]), ["%d %b %Y, %H:%M:%S"]);
    assert_eq!(formats_of(&["20210727 16:02"]), ["%Y%m%d %H:%M"]);
    assert_eq!(formats_of(&["soon", "later"]), [""; 0]);
    // One value in five may be wrong.
    assert_eq!(
        formats_of(&["27.07.2021 16:02", "28.07.2021 16:02", "29.07.2021 16:02", "30.07.2021 16:02", "?"]),
        ["%d.%m.%Y %H:%M"]
    );
    // A fraction is for columns that hold one.
    let fraction = ["27/07/2021 16:02:08.120"];
    assert_eq!(formats_of(&fraction), [""; 0]);
    let millis = ColumnType::Timestamp { digits: 3 };
    assert_eq!(propose_formats(millis, &fraction), ["%d/%m/%Y %H:%M:%S%.f"]);
    // No time can be made of a day.
    assert_eq!(formats_of(&["27/07/2021"]), [""; 0]);
    assert_eq!(propose_formats(ColumnType::Date, &["27/07/2021"]), ["%d/%m/%Y"]);
}

#[test]
fn proposes_what_else_values_need() {
    let table = &Dictionary::parse(
        "t",
        "[[table]]\nname = \"things\"\ncolumns = [{ name = \"id\", type = \"integer\", key = true }, \
         { name = \"price\", type = \"decimal(9,2)\", required = false }]",
    )
    .unwrap()
    .tables()[0]
        .clone();
    let refused = |values: &[&str]| BTreeMap::from([(1, values.iter().map(|v| (*v).to_owned()).collect())]);
    assert_eq!(propose_settings(table, &refused(&["12,50", "-1,2"])).to_json(), r#"{"decimal_comma":true}"#);
    assert!(propose_settings(table, &refused(&["1,234.50", "12,50"])).is_empty());
    assert_eq!(propose_null_values(table, &refused(&["-", "-", "x"])).to_json(), r#"{"null_values":["-"]}"#);
    // A key cannot be without a value.
    assert!(propose_null_values(table, &BTreeMap::from([(0, vec!["-".to_owned()])])).is_empty());
}

#[test]
fn every_format_can_be_set() {
    let json = |key: &str, formats: &[String]| serde_json::json!({ key: formats }).to_string();
    for (key, kind) in
        [("date_formats", ColumnType::Date), ("timestamp_formats", ColumnType::Timestamp { digits: 6 })]
    {
        for some in formats(kind).chunks(MAX_FORMATS) {
            let settings = Settings::from_json(&json(key, some)).unwrap();
            assert_eq!(settings.apply(documents()).map(|_| ()), Ok(()), "{some:?}");
        }
    }
}

proptest! {
    /// Whatever is found can be used.
    #[test]
    fn a_proposal_can_be_applied(
        records in proptest::collection::vec(proptest::collection::vec("[a-zA-Z0-9_ /#é-]{0,9}", 0..8), 0..8),
    ) {
        let records: Vec<(u64, Vec<String>)> = (1..).zip(records).collect();
        if let Some(found) = propose_table(documents(), &records) {
            prop_assert_eq!(found.settings.apply(documents()).map(|_| ()), Ok(()));
        }
    }

    #[test]
    fn a_format_that_is_proposed_reads_what_it_was_proposed_for(day in 0..4_000i32, seconds in 0..86_400i32) {
        let time = jiff::civil::datetime(2015, 1, 1, 0, 0, 0, 0)
            .checked_add(jiff::Span::new().days(day).seconds(i64::from(seconds)))
            .unwrap();
        for format in formats(MOMENT) {
            let written = jiff::fmt::strtime::format(&format, time).unwrap();
            let proposed = formats_of(&[&written]);
            prop_assert!(!proposed.is_empty(), "{} as {}", format, written);
            for format in proposed {
                prop_assert!(read_in_format(MOMENT, &format, &written).is_some());
            }
        }
    }
}
