//! The `rowgate-sample` function: drops a file of generated rows for each table.

use bucket::{BucketError, Store, Upload};
use domain::dictionary::LoadMode;
use domain::folder::TableFolder;
use domain::load::INCOMING;
use lambda_kit::{ErrorType, INVALID_PAYLOAD};
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Sample, SampleTable};

/// Rows of the largest table, if the payload does not say.
const DEFAULT_ROWS: u64 = 10_000;

/// Rows of all tables at most: what is generated and dropped well within the 15 minutes of an
/// invocation.
const MAX_ROWS: u64 = 2_000_000;

/// Rows that are written at once.
const ROWS_AT_ONCE: u64 = 1000;

/// What the function is invoked with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    #[serde(default = "default_rows")]
    rows: u64,
}

fn default_rows() -> u64 {
    DEFAULT_ROWS
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Response {
    /// The files, each after those of the tables that its rows refer to.
    pub files: Vec<DroppedFile>,
}

/// A file of generated rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DroppedFile {
    /// Its key in the data bucket.
    pub key: String,
    /// Its rows.
    pub rows: u64,
    /// False if the file was there already, and was left as it is: it has been loaded before.
    pub dropped: bool,
}

/// Why the invocation fails.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The payload cannot be read.
    #[error("the payload is not {{}} or {{\"rows\": 10000}}: {0}")]
    Payload(#[from] serde_json::Error),
    /// No rows, or more than are generated in time.
    #[error("rows = {rows}: {all} rows of all tables; from 1 to {MAX_ROWS} can be generated")]
    Rows {
        /// Rows of the largest table.
        rows: u64,
        /// Rows of all tables.
        all: u64,
    },
    /// A file could not be written.
    #[error("a file could not be dropped: {0}; another invocation drops the rest")]
    Bucket(#[from] BucketError),
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Payload(_) | Failure::Rows { .. } => INVALID_PAYLOAD.diagnostic(failure),
            Failure::Bucket(_) => ErrorType("SampleFailed").diagnostic(failure),
        }
    }
}

/// Drops a file for each table of the folder. The name of a file has the number of rows that was
/// asked for: another invocation with the same number drops nothing twice.
///
/// # Errors
/// [`Failure`] for a payload that cannot be used, and if a file cannot be written.
pub async fn run<S: Store>(store: &S, folder: &TableFolder, payload: Value) -> Result<Response, Failure> {
    let Request { rows } = serde_json::from_value(payload)?;
    let sample = Sample::new(folder, rows.min(MAX_ROWS + 1));
    let all = sample.tables().map(SampleTable::rows).sum();
    if rows == 0 || !(1..=MAX_ROWS).contains(&all) {
        return Err(Failure::Rows { rows, all });
    }
    let mut files = Vec::new();
    for table in sample.tables() {
        // Appended, whatever files of the table do else: generated rows replace none.
        let (name, mode) = (table.table().name(), LoadMode::Append);
        let key = format!("{INCOMING}{name}/{mode}/sample-{rows}.{}", table.extension());
        let mut upload = Upload::new(store.clone(), &key);
        let mut lines = Vec::new();
        for first in (0..table.rows()).step_by(ROWS_AT_ONCE as usize) {
            table.write_lines(first..(first + ROWS_AT_ONCE).min(table.rows()), &mut lines);
            upload.write(&lines).await?;
            lines.clear();
        }
        let uploaded = upload.finish().await?;
        files.push(DroppedFile { key, rows: table.rows(), dropped: uploaded.is_written });
    }
    Ok(Response { files })
}
