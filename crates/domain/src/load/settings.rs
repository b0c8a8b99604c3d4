//! The settings of one file, set by the person who sends it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::dictionary::{ColumnMatches, HeaderRule, Table, WireFiles, header_name};
use crate::shortened;

/// The user metadata of an object that holds its settings. In HTTP it is the header
/// `x-amz-meta-rowgate-settings`.
pub const SETTINGS_METADATA: &str = "rowgate-settings";

/// Bytes of the metadata at most. S3 takes 2 KB of user metadata with an object, names and values
/// together.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
pub const MAX_SETTINGS_BYTES: usize = 1800;

/// Characters of a name in a message at most.
const MAX_NAME: usize = 40;

/// The settings of one file: the keys of `[table.files]`, and `columns`, which says what the names
/// of its header mean.
///
/// They go before those of the table. As text they are JSON; as metadata of an object, that in
/// base64url.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(pub(super) WireFiles);

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// They are not a JSON object, or have an unknown key, or a value of another type.
    #[error("the settings cannot be read: {0}")]
    Unreadable(String),
    /// The metadata is not base64url.
    #[error("the settings cannot be read: they are not base64url")]
    NotBase64,
    /// They do not fit into the metadata of an object.
    #[error(
        "the settings take {0} bytes as metadata of the file, at most {MAX_SETTINGS_BYTES} are allowed; leave out the \
         columns that are named as in the table"
    )]
    TooLong(usize),
    /// A value that cannot be used for the table.
    #[error("the settings cannot be used: {0}")]
    Unusable(String),
}

impl Settings {
    /// Reads settings from JSON.
    ///
    /// # Errors
    /// [`SettingsError`] for what is no object of known keys.
    pub fn from_json(json: &str) -> Result<Self, SettingsError> {
        let value: Value = serde_json::from_str(json).map_err(unreadable)?;
        Self::from_value(value)
    }

    /// Reads settings from a JSON value.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn from_value(value: Value) -> Result<Self, SettingsError> {
        // A list would be taken for the fields in their order.
        if !value.is_object() {
            return Err(SettingsError::Unreadable("they are no JSON object".to_owned()));
        }
        serde_json::from_value(value).map(Self).map_err(unreadable)
    }

    /// Reads settings from the metadata of an object.
    ///
    /// # Errors
    /// [`SettingsError`] for what [`to_metadata`](Self::to_metadata) cannot have made.
    pub fn from_metadata(text: &str) -> Result<Self, SettingsError> {
        let json = BASE64_URL_SAFE_NO_PAD
            .decode(text.trim_end_matches('='))
            .ok()
            .and_then(|json| String::from_utf8(json).ok())
            .ok_or(SettingsError::NotBase64)?;
        Self::from_json(&json)
    }

    /// Writes the settings as metadata of an object.
    ///
    /// # Errors
    /// [`SettingsError::TooLong`] if it would be larger than [`MAX_SETTINGS_BYTES`].
    pub fn to_metadata(&self) -> Result<String, SettingsError> {
        let text = BASE64_URL_SAFE_NO_PAD.encode(self.to_json());
        if text.len() > MAX_SETTINGS_BYTES {
            return Err(SettingsError::TooLong(text.len()));
        }
        Ok(text)
    }

    /// Writes the settings as JSON: only those that are set, in a fixed order.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists of them cannot fail to be written.
        let mut said = serde_json::to_value(&self.0).unwrap_or_default();
        if let Some(said) = said.as_object_mut() {
            said.retain(|_, value| !value.is_null() && *value != Value::Object(Map::new()));
        }
        said.to_string()
    }

    /// Returns true if nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0 == WireFiles::default()
    }

    /// These settings, and where they say nothing, those of `other`.
    pub fn or(self, other: Self) -> Self {
        let (Self(one), Self(other)) = (self, other);
        let mut columns = other.columns;
        columns.extend(one.columns);
        Self(WireFiles {
            columns,
            delimiter: one.delimiter.or(other.delimiter),
            encoding: one.encoding.or(other.encoding),
            quotes: one.quotes.or(other.quotes),
            quote_escape: one.quote_escape.or(other.quote_escape),
            header: one.header.or(other.header),
            skip_lines: one.skip_lines.or(other.skip_lines),
            null_values: one.null_values.or(other.null_values),
            decimal_comma: one.decimal_comma.or(other.decimal_comma),
            date_formats: one.date_formats.or(other.date_formats),
            timestamp_formats: one.timestamp_formats.or(other.timestamp_formats),
            time_zone: one.time_zone.or(other.time_zone),
            sheet: one.sheet.or(other.sheet),
        })
    }

    /// Returns the settings that make a text of records: its fields by position, between these
    /// delimiters.
    #[must_use]
    pub fn by_position(&self, delimiter: Option<u8>) -> Self {
        let mut wire = self.0.clone();
        wire.columns.clear();
        wire.header = Some(HeaderRule::None);
        match delimiter {
            Some(delimiter) => Self(wire).with_delimiter(delimiter),
            None => Self(wire),
        }
    }

    /// Returns the same settings with another delimiter.
    #[must_use]
    pub fn with_delimiter(mut self, delimiter: u8) -> Self {
        self.0.delimiter = Some(char::from(delimiter).to_string());
        self
    }

    /// Returns the delimiter, if it is set.
    pub fn delimiter(&self) -> Option<&str> {
        self.0.delimiter.as_deref()
    }

    /// Returns a digest that distinguishes files with the same bytes and other settings; `None` if
    /// nothing is set.
    pub fn digest(&self) -> Option<[u8; 32]> {
        (!self.is_empty()).then(|| Sha256::digest(self.to_json()).into())
    }

    /// Returns the settings of the records that are rejected from the file. Their own file names
    /// the columns as the table does, and is written as Rowgate writes it; only the values are
    /// still as they were.
    pub fn of_rejects(&self) -> Self {
        let all = self.0.clone();
        Self(WireFiles {
            delimiter: all.delimiter,
            null_values: all.null_values,
            decimal_comma: all.decimal_comma,
            date_formats: all.date_formats,
            timestamp_formats: all.timestamp_formats,
            time_zone: all.time_zone,
            ..WireFiles::default()
        })
    }

    /// Returns the table with these settings of the file applied.
    ///
    /// # Errors
    /// [`SettingsError::Unusable`] for a value that cannot be used, or a column that the table does
    /// not have.
    pub fn apply(&self, table: &Table) -> Result<Table, SettingsError> {
        let mut files = table.files().with(&self.0).map_err(SettingsError::Unusable)?;
        files.matches = self.matches(table).map_err(SettingsError::Unusable)?;
        if !self.0.columns.is_empty() {
            match self.0.header {
                Some(HeaderRule::None) => {
                    return Err(SettingsError::Unusable(
                        "columns names the fields of a header, and header = \"none\" says that there is none"
                            .to_owned(),
                    ));
                }
                // By position its fields would be read as other columns.
                None => files.header = HeaderRule::Required,
                Some(HeaderRule::Auto | HeaderRule::Required) => {}
            }
        }
        Ok(table.with_files(files))
    }

    /// Returns the meaning of the header's names.
    fn matches(&self, table: &Table) -> Result<ColumnMatches, String> {
        let mut matches = BTreeMap::new();
        for (name, column) in &self.0.columns {
            let index = match column {
                None => None,
                Some(column) => {
                    Some(table.column_index(&header_name(column.as_bytes())).ok_or_else(|| {
                        format!(
                            "columns names {:?}, which is no column of the table; the columns are {}",
                            shortened(&**column, MAX_NAME),
                            table.column_names()
                        )
                    })?)
                }
            };
            let before = matches.insert(header_name(name.as_bytes()), index);
            if before.is_some_and(|before| before != index) {
                return Err(format!("columns says twice what {:?} means", shortened(&**name, MAX_NAME)));
            }
        }
        Ok(ColumnMatches(matches))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands it over")]
fn unreadable(error: serde_json::Error) -> SettingsError {
    // Its position refers to a text that nobody sees.
    let text = error.to_string();
    let problem = text.split(" at line ").next().unwrap_or(&text);
    SettingsError::Unreadable(shortened(problem, 200).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::load::Layout;
    use crate::shipped;

    fn employees() -> &'static Table {
        shipped::dictionary().unwrap().table("employees").unwrap()
    }

    fn applied(json: &str) -> Result<Table, String> {
        let settings = Settings::from_json(json).map_err(|error| error.to_string())?;
        settings.apply(employees()).map_err(|error| error.to_string())
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
        let json = r#"{"columns": {"Emp No": "id", "Hired on": "datetime", "notes": null, "": null,
            "Job": "job_id", "Dept": "DEPARTMENT_ID", "not there": "name"}}"#;
        let content = "\u{FEFF}Dept;name;NOTES;;Job; emp no ;hired ON\n3;Ada;x;;7;1;2021-07-27T16:02:08Z\n";
        // The dictionary has id, name, datetime, department_id, job_id.
        assert_eq!(fields(json, content), Ok(vec![Some(5), Some(1), Some(6), Some(0), Some(4)]));
        // A name of the table that means something else.
        let swapped = r#"{"columns": {"department_id": "job_id", "job_id": "department_id"}}"#;
        let header = "id,name,datetime,department_id,job_id\n";
        assert_eq!(fields(swapped, header), Ok(vec![Some(0), Some(1), Some(2), Some(4), Some(3)]));
        // Names that are not ASCII, and an empty object.
        let russian = r#"{"columns": {"Имя": "name"}}"#;
        let header = "id,имя,datetime,department_id,job_id\n";
        assert_eq!(fields(russian, header), Ok(vec![Some(0), Some(1), Some(2), Some(3), Some(4)]));
    }

    #[test]
    fn a_file_whose_columns_are_matched_has_a_header() {
        let json = r#"{"columns": {"Emp No": "id"}}"#;
        let error = fields(json, "1,Ada,2021-07-27T16:02:08Z,3,7\n").unwrap_err();
        assert!(error.starts_with("line 1 is neither a header of the table nor a row of it"), "{error}");
        assert_eq!(applied(json).unwrap().files().header, HeaderRule::Required);
    }

    #[test]
    fn a_field_without_a_meaning_is_named() {
        let error = fields(r#"{"columns": {"Emp No": "id"}}"#, "Emp No,Shoe size\n").unwrap_err();
        assert!(error.contains("the header names \"shoe size\", which is no column of the table"), "{error}");
        let twice = fields(r#"{"columns": {"Emp No": "id"}}"#, "Emp No,id,name\n").unwrap_err();
        assert!(twice.contains("the header names the column \"id\" more than once"), "{twice}");
    }

    #[test]
    fn rejected_records_are_read_by_the_names_of_the_table() {
        let json = r#"{"columns": {"id": null, "Emp No": "id"}}"#;
        let content = "id,name,datetime,department_id,job_id,line,code,reason\n";
        assert_eq!(fields(json, content), Ok(vec![Some(0), Some(1), Some(2), Some(3), Some(4)]));
    }

    #[test]
    fn what_is_not_said_stays_as_the_table_has_it() {
        let table = applied(r#"{"delimiter": ";", "null_values": ["-"], "header": "auto"}"#).unwrap();
        let files = table.files();
        assert_eq!((files.delimiter, &files.null_values[..]), (Some(b';'), &["-".to_owned()][..]));
        assert_eq!(files.quotes, employees().files().quotes);
        assert!(files.changes_values);
        assert_eq!(&applied("{}").unwrap(), employees());
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
            .prop_map(
                |(columns, delimiter, skip_lines, null_values, timestamp_formats, decimal_comma)| {
                    Settings(WireFiles {
                        columns,
                        delimiter,
                        skip_lines,
                        null_values,
                        timestamp_formats,
                        decimal_comma,
                        ..WireFiles::default()
                    })
                },
            )
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
            if let Err(error) = settings.apply(employees()) {
                prop_assert!(error.to_string().starts_with("the settings cannot be used: "));
            }
        }

        #[test]
        fn any_order_of_matched_columns_gives_each_its_field(
            order in Just((0..5).collect::<Vec<usize>>()).prop_shuffle(),
            left_out in 0..6usize,
        ) {
            let table = employees();
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
}
