//! What the function answers.

use domain::backup::{BackupId, Manifest, TableManifest, folder};
use indexmap::IndexMap;
use serde::Serialize;

use crate::state::{State, Status};

/// A backup as an invocation leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Its id.
    pub backup: BackupId,
    /// `running` where another invocation goes on with it.
    pub status: Status,
    /// The moment that all tables are a picture of; once it is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moment: Option<String>,
    /// What is written of each table.
    pub tables: IndexMap<String, DoneTable>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A table as an invocation leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoneTable {
    /// Rows in the files.
    pub rows: u64,
    /// The keys of the files in the data bucket.
    pub files: Vec<String>,
}

impl Done {
    pub(crate) fn of_manifest(manifest: &Manifest) -> Self {
        let backup = manifest.backup.clone();
        let table = |(name, table): (&String, &TableManifest)| (name.clone(), DoneTable::of(&backup, table));
        let tables = manifest.tables.iter().map(table).collect();
        let moment = Some(manifest.snapshot_time.clone());
        Self { status: Status::Completed, moment, tables, backup, error: None }
    }

    pub(crate) fn of_state(state: &State) -> Self {
        let backup = state.backup.clone();
        let tables = state.cursor.iter().flat_map(|cursor| &cursor.tables);
        let tables =
            tables.map(|(name, progress)| (name.clone(), DoneTable::of(&backup, &progress.manifest)));
        let error = state.error.clone();
        Self { status: state.status, moment: None, tables: tables.collect(), backup, error }
    }

    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.values().map(|table| table.rows).sum()
    }
}

impl DoneTable {
    fn of(backup: &BackupId, table: &TableManifest) -> Self {
        let folder = folder(backup);
        let files = table.files.iter().map(|file| format!("{folder}{}", file.key)).collect();
        Self { rows: table.rows, files }
    }
}
