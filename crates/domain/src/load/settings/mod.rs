//! The settings of one file, set by the person who sends it.

#[cfg(test)]
mod tests;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::dictionary::{ColumnMatches, HeaderRule, Table, WireFiles, read_matches};
use crate::shortened;

/// The user metadata of an object that holds its settings. In HTTP it is the header
/// `x-amz-meta-rowgate-settings`.
pub const SETTINGS_METADATA: &str = "rowgate-settings";

/// The user metadata of an object with the number of its chunks after which its load continues in
/// another invocation, as it does when time is up. `rowgate verify` proves continuations with it,
/// which take files of many gigabytes otherwise. Anything but a number from 1 on has no effect.
pub const CHUNKS_METADATA: &str = "rowgate-chunks";

/// Bytes of the metadata at most. S3 takes 2 KB of user metadata with an object, names and values
/// together.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
pub const MAX_SETTINGS_BYTES: usize = 1800;

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
        let mut json = serde_json::to_value(&self.0).unwrap_or_default();
        if let Some(members) = json.as_object_mut() {
            members.retain(|_, value| !value.is_null() && *value != Value::Object(Map::new()));
        }
        json.to_string()
    }

    /// Returns true if nothing is set.
    pub fn is_empty(&self) -> bool {
        self.0 == WireFiles::default()
    }

    /// These settings, and where they set nothing, those of `other`.
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
        let ColumnMatches(matches) = read_matches(&self.0, table).map_err(SettingsError::Unusable)?;
        files.matches.0.extend(matches);
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
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands it over")]
fn unreadable(error: serde_json::Error) -> SettingsError {
    // Its position refers to a text that nobody sees.
    let text = error.to_string();
    let problem = text.split(" at line ").next().unwrap_or(&text);
    SettingsError::Unreadable(shortened(problem, 200).into_owned())
}
