//! Avro files as fastavro reads them, in the Python of the local cloud.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

/// A file as fastavro read it.
#[derive(Debug, Deserialize)]
pub(crate) struct AvroFile {
    /// The metadata but for the schema.
    pub(crate) metadata: Value,
    pub(crate) codec: String,
    pub(crate) schema: Value,
    pub(crate) columns: Vec<String>,
    /// Every value as the database prints it.
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

/// Reads files in one process.
pub(crate) fn read_avro(files: &[PathBuf]) -> Vec<AvroFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("../.local/venv/bin/python");
    assert!(python.exists(), "{} is missing: `make test` makes it", python.display());
    let output = Command::new(python).arg(root.join("python/read_avro.py")).args(files).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let advice = if said.contains("No module named") { "`make test` installs it" } else { "" };
    assert!(output.status.success(), "{said}{advice}");
    serde_json::from_slice(&output.stdout).unwrap()
}
