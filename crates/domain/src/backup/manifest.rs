use std::collections::BTreeSet;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::{BackupId, ManifestError, ManifestLoads, part_number};
use crate::avro::Codec;
use crate::dictionary::is_identifier;
use crate::digest::is_hex;
use crate::members::Members;
use crate::row_text::ContentSum;

/// The form of the manifests that this version writes and reads.
pub const MANIFEST_FORMAT: u64 = 1;

/// The content of a backup. It is written after everything else, so files without a manifest are no
/// backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_FORMAT`].
    pub format: u64,
    /// The backup's id.
    pub backup: BackupId,
    /// The version of Rowgate that wrote it.
    pub rowgate: String,
    /// [`dictionary_version`](crate::folder::TableFolder::version) at that time.
    pub dictionary: String,
    /// The snapshot time: all tables are as they were then, by the database's clock;
    /// `2026-11-21T02:00:01.123Z`.
    #[serde(rename = "moment")]
    pub snapshot_time: String,
    /// The time when the backup began, in the same form.
    pub started_at: String,
    /// The time when the manifest was written, in the same form.
    pub finished_at: String,
    /// The codec of all blocks in all files.
    pub codec: Codec,
    /// The loads that wrote its rows, if they were looked for.
    #[serde(flatten)]
    pub loads: ManifestLoads,
    /// The tables by name.
    #[serde(deserialize_with = "each_once")]
    pub tables: IndexMap<String, TableManifest>,
}

/// The content of one table in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableManifest {
    /// Rows in all files.
    pub rows: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// [`ContentSum::checksum`] of the row texts with the columns below, in their order.
    pub checksum: String,
    /// SHA-256 of the canonical form of the schema in every file, as 64 hexadecimal digits.
    pub schema_fingerprint: String,
    /// The columns in the order of the fields.
    pub columns: Vec<String>,
    /// The files in the order of their rows. Their numbers ascend, and may leave some out.
    pub files: Vec<FileManifest>,
}

/// One Avro file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileManifest {
    /// Relative to the backup's folder: `documents/part-00000.avro`.
    pub key: String,
    /// Rows in the file.
    pub rows: u64,
    /// The file's size.
    pub bytes: u64,
    /// SHA-256 of the file's bytes, as 64 hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// Reads a manifest and checks that it is consistent.
    ///
    /// # Errors
    /// The first thing that is wrong: JSON that cannot be read, an unknown format, a time, digest,
    /// name or key that cannot be (a key that leads out of the table's own folder among them), or
    /// numbers that do not add up.
    pub fn parse(json: &[u8]) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct Format {
            format: u64,
        }
        let Format { format } = serde_json::from_slice(json)?;
        if format != MANIFEST_FORMAT {
            return Err(ManifestError::Format { found: format, expected: MANIFEST_FORMAT });
        }
        let manifest: Self = serde_json::from_slice(json)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Returns the same, of the manifest in this backup's folder.
    ///
    /// # Errors
    /// As [`Manifest::parse`], and when it is another backup's.
    pub fn parse_of(backup: &BackupId, json: &[u8]) -> Result<Self, ManifestError> {
        let manifest = Self::parse(json)?;
        if manifest.backup == *backup {
            Ok(manifest)
        } else {
            let found = manifest.backup.to_string();
            Err(ManifestError::OtherBackup { found, expected: backup.to_string() })
        }
    }

    /// Returns the manifest as JSON for people and programs, with a line end after it.
    ///
    /// # Errors
    /// Those of `serde_json`, which writing to memory does not have.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        Ok(json)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let started = time("started_at", &self.started_at)?;
        let finished = time("finished_at", &self.finished_at)?;
        time("moment", &self.snapshot_time)?;
        if finished < started {
            return Err(member("finished_at", "it is before started_at"));
        }
        if self.rowgate.is_empty() {
            return Err(member("rowgate", "it is empty"));
        }
        if !is_hex(&self.dictionary, 16) {
            return Err(member("dictionary", "it is not 16 lower-case hexadecimal digits"));
        }
        if self.tables.is_empty() {
            return Err(member("tables", "there are none"));
        }
        self.tables.iter().try_for_each(|(name, table)| {
            let wrong = |problem| ManifestError::Table { table: name.clone(), problem };
            table.check(name).map_err(wrong)
        })
    }
}

impl TableManifest {
    fn check(&self, name: &str) -> Result<(), String> {
        if !is_identifier(name) {
            return Err("that is no name of a table".to_owned());
        }
        let mut columns = BTreeSet::new();
        for column in &self.columns {
            if !is_identifier(column) {
                return Err(format!("{column:?} is no name of a column"));
            }
            if !columns.insert(column) {
                return Err(format!("the column {column} is there twice"));
            }
        }
        if columns.is_empty() {
            return Err("it has no columns".to_owned());
        }
        if !is_hex(&self.schema_fingerprint, 64) {
            return Err("its schema_fingerprint is not 64 lower-case hexadecimal digits".to_owned());
        }
        let sum = ContentSum::parse(self.rows, &self.checksum)
            .ok_or("its checksum is not 16 lower-case hexadecimal digits")?;
        if self.rows == 0 && sum != ContentSum::default() {
            return Err("it has no rows, but a checksum of some".to_owned());
        }
        self.check_files(name)
    }

    fn check_files(&self, name: &str) -> Result<(), String> {
        let (mut rows, mut bytes, mut last) = (0_u64, 0_u64, None);
        for file in &self.files {
            let key = &file.key;
            let number = part_number(name, key);
            if number.is_none() {
                return Err(format!("{key:?} is none of its files"));
            }
            if number <= last {
                return Err(format!("the file {key} is there twice or out of order"));
            }
            last = number;
            if !is_hex(&file.sha256, 64) {
                return Err(format!("the sha256 of {key} is not 64 lower-case hexadecimal digits"));
            }
            if file.bytes == 0 {
                return Err(format!("the file {key} is empty, which no Avro file is"));
            }
            rows = rows.checked_add(file.rows).ok_or("its files have more rows than there can be")?;
            bytes = bytes.checked_add(file.bytes).ok_or("its files have more bytes than there can be")?;
        }
        if rows != self.rows {
            return Err(format!("it has {} rows, but its files have {rows}", self.rows));
        }
        if bytes != self.bytes {
            return Err(format!("it has {} bytes, but its files have {bytes}", self.bytes));
        }
        Ok(())
    }
}

/// Returns the tables, none of them twice: the second of a name would hide the first.
fn each_once<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<IndexMap<String, TableManifest>, D::Error> {
    let Members(members) = Members::<String, TableManifest>::deserialize(deserializer)?;
    let mut tables = IndexMap::new();
    for (name, table) in members {
        if tables.contains_key(&name) {
            return Err(D::Error::custom(format_args!("the table {name:?} is there twice")));
        }
        tables.insert(name, table);
    }
    Ok(tables)
}

fn member(member: &'static str, problem: &str) -> ManifestError {
    ManifestError::Member { member, problem: problem.to_owned() }
}

/// A time as files of backups have it: ISO 8601 in UTC with milliseconds,
/// `2026-11-21T02:00:01.123Z`.
pub fn time_text(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// Parses such a time; an invalid text gives a time long ago.
pub fn read_time(text: &str) -> Timestamp {
    text.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Parses a time in this form.
fn time(name: &'static str, text: &str) -> Result<Timestamp, ManifestError> {
    let time = text.parse::<Timestamp>().ok();
    time.filter(|time| time_text(*time) == text)
        .ok_or_else(|| member(name, "it is no time like 2026-11-21T02:00:01.123Z"))
}
