use proptest::prelude::*;

use super::*;
use crate::library;
use crate::load::Layout;

fn documents() -> &'static Table {
    library::dictionary().table("documents").unwrap()
}

fn applied(json: &str) -> Result<Table, String> {
    let settings = Settings::from_json(json).map_err(|error| error.to_string())?;
    settings.apply(documents()).map_err(|error| error.to_string())
}

/// Returns the columns, in the table's order, and the fields that they come from.
fn fields(json: &str, content: &str) -> Result<Vec<Option<usize>>, String> {
    let table = applied(json)?;
    let layout = Layout::of_values(&table, content.as_bytes(), true, b',').map_err(|e| e.to_string())?;
    assert!(layout.columns.has_header());
    Ok((0..5).map(|index| layout.columns.fields().field_of(index)).collect())
}

#[test]
fn names_of_a_header_mean_what_the_settings_say() {
    let json = r#"{"columns": {"Doc No": "id", "Filed on": "datetime", "notes": null, "": null,
        "Tag": "tag_id", "Coln": "COLLECTION_ID", "not there": "name"}}"#;
    let content = "\u{FEFF}Coln;name;NOTES;;Tag; doc no ;filed ON\n3;Ada;x;;7;1;2021-07-27T16:02:08Z\n";
    // The dictionary has id, name, datetime, collection_id, tag_id.
    assert_eq!(fields(json, content), Ok(vec![Some(5), Some(1), Some(6), Some(0), Some(4)]));
    // A name of the table that means something else.
    let swapped = r#"{"columns": {"collection_id": "tag_id", "tag_id": "collection_id"}}"#;
    let header = "id,name,datetime,collection_id,tag_id\n";
    assert_eq!(fields(swapped, header), Ok(vec![Some(0), Some(1), Some(2), Some(4), Some(3)]));
    // Names that are not ASCII, and an empty object.
    let russian = r#"{"columns": {"Имя": "name"}}"#;
    let header = "id,имя,datetime,collection_id,tag_id\n";
    assert_eq!(fields(russian, header), Ok(vec![Some(0), Some(1), Some(2), Some(3), Some(4)]));
}

#[test]
fn a_file_whose_columns_are_matched_has_a_header() {
    let json = r#"{"columns": {"Doc No": "id"}}"#;
    let error = fields(json, "1,Ada,2021-07-27T16:02:08Z,3,7\n").unwrap_err();
    assert!(error.starts_with("line 1 is neither a header of the table nor a row of it"), "{error}");
    assert_eq!(applied(json).unwrap().files().header, HeaderRule::Required);
}

#[test]
fn a_field_without_a_meaning_is_named() {
    let error = fields(r#"{"columns": {"Doc No": "id"}}"#, "Doc No,Shoe size\n").unwrap_err();
    assert!(error.contains("the header names \"shoe size\", which is no column of the table"), "{error}");
    let twice = fields(r#"{"columns": {"Doc No": "id"}}"#, "Doc No,id,name\n").unwrap_err();
    assert!(twice.contains("the header names the column \"id\" more than once"), "{twice}");
}

#[test]
fn rejected_records_are_read_by_the_names_of_the_table() {
    let json = r#"{"columns": {"id": null, "Doc No": "id"}}"#;
    let content = "id,name,datetime,collection_id,tag_id,line,code,reason\n";
    assert_eq!(fields(json, content), Ok(vec![Some(0), Some(1), Some(2), Some(3), Some(4)]));
}

#[test]
fn what_is_not_set_stays_as_the_table_has_it() {
    let table = applied(r#"{"delimiter": ";", "null_values": ["-"], "header": "auto"}"#).unwrap();
    let files = table.files();
    assert_eq!((files.delimiter, &files.null_values[..]), (Some(b';'), &["-".to_owned()][..]));
    assert_eq!(files.quotes, documents().files().quotes);
    assert!(files.changes_values);
    assert_eq!(&applied("{}").unwrap(), documents());
    assert!(Settings::from_json("{}").unwrap().is_empty());
    assert_eq!(Settings::from_json("{\"delimiter\": null}").unwrap().digest(), None);
}

#[test]
fn says_what_cannot_be_used() {
    for (json, expected) in [
        ("", "the settings cannot be read: EOF while parsing a value"),
        ("[]", "the settings cannot be read: they are no JSON object"),
        (r#"{"delimeter": ";"}"#, "the settings cannot be read: unknown field `delimeter`"),
        (r#"{"skip_lines": -1}"#, "the settings cannot be read: invalid value"),
        (r#"{"delimiter": "ab"}"#, "the settings cannot be used: delimiter \"ab\""),
        (
            r#"{"columns": {"x": "y"}}"#,
            "the settings cannot be used: columns names \"y\", which is no column",
        ),
        (r#"{"columns": {"x": "id", " X": "name"}}"#, "the settings cannot be used: columns says twice"),
        (
            r#"{"columns": {"x": "id"}, "header": "none"}"#,
            "the settings cannot be used: columns names the fields",
        ),
        (r#"{"timestamp_formats": ["%d/%m/%Y"]}"#, "the settings cannot be used: timestamp_formats"),
    ] {
        let error = applied(json).unwrap_err();
        assert!(error.starts_with(expected), "{json} said {error:?}");
    }
    for text in ["=", "!", "e30=e30", "_w"] {
        assert!(Settings::from_metadata(text).is_err(), "{text}");
    }
    assert_eq!(Settings::from_metadata("e30="), Ok(Settings::default()));
}

#[test]
fn what_is_larger_than_the_metadata_of_an_object_is_refused() {
    let of = |length: usize| {
        Settings::from_value(serde_json::json!({"sheet": "x".repeat(length)})).unwrap().to_metadata()
    };
    let fits = MAX_SETTINGS_BYTES * 3 / 4 - r#"{"sheet":""}"#.len();
    assert_eq!(of(fits).unwrap().len(), MAX_SETTINGS_BYTES);
    assert_eq!(of(fits + 1), Err(SettingsError::TooLong(MAX_SETTINGS_BYTES + 2)));
}

fn settings() -> impl Strategy<Value = Settings> {
    let columns = proptest::collection::btree_map(".{0,8}", proptest::option::of(".{0,8}"), 0..4);
    let texts = || proptest::option::of(proptest::collection::vec(".{0,8}", 0..3));
    (
        columns,
        proptest::option::of(".{0,2}"),
        proptest::option::of(any::<u32>()),
        texts(),
        texts(),
        any::<Option<bool>>(),
    )
        .prop_map(|(columns, delimiter, skip_lines, null_values, timestamp_formats, decimal_comma)| {
            Settings(WireFiles {
                columns,
                delimiter,
                skip_lines,
                null_values,
                timestamp_formats,
                decimal_comma,
                ..WireFiles::default()
            })
        })
}

proptest! {
    #[test]
    fn settings_are_the_same_behind_their_way_as_metadata(settings in settings()) {
        let text = settings.to_metadata().unwrap();
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
        prop_assert_eq!(Settings::from_metadata(&text), Ok(settings));
    }

    #[test]
    fn settings_are_applied_or_refused_with_a_reason(settings in settings()) {
        if let Err(error) = settings.apply(documents()) {
            prop_assert!(error.to_string().starts_with("the settings cannot be used: "));
        }
    }

    #[test]
    fn any_order_of_matched_columns_gives_each_its_field(
        order in Just((0..5).collect::<Vec<usize>>()).prop_shuffle(),
        left_out in 0..6usize,
    ) {
        let table = documents();
        let mut names: Vec<String> = order.iter().map(|index| format!("Field No {index}")).collect();
        names.insert(left_out, "Other".to_owned());
        let mut columns: Map<String, Value> = order
            .iter()
            .map(|index| (format!("field no {index}"), table.columns()[*index].name().into()))
            .collect();
        columns.insert("OTHER".to_owned(), Value::Null);
        let json = serde_json::json!({"columns": columns}).to_string();
        let found = fields(&json, &format!("{}\n", names.join("\t"))).unwrap();
        for (index, field) in found.into_iter().enumerate() {
            prop_assert_eq!(&names[field.unwrap()], &format!("Field No {index}"));
        }
    }

    #[test]
    fn no_bytes_of_metadata_panic(text in ".*", bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = Settings::from_metadata(&text);
        let _ = Settings::from_metadata(&BASE64_URL_SAFE_NO_PAD.encode(bytes));
    }
}
