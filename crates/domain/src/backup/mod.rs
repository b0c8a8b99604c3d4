//! The ids of backups, the keys of their files, and their manifests.
//!
//! ```text
//! backups/20261121-020000-1f3a90bc/documents/part-00000.avro
//! backups/20261121-020000-1f3a90bc/manifest.json      written last: without it there is no backup
//! backups/20261121-020000-1f3a90bc/state.json         who works on it, and how it ended
//! backups/20261121-020000-1f3a90bc/verified.json      what the newest verification found
//! ```

mod id;
mod key;
mod loads;
mod manifest;
mod manifest_error;
mod status;
#[cfg(test)]
mod tests;

pub use id::{BackupId, RestoreId};
pub use key::{PREFIX, folder, manifest_key, part_key, part_name, part_number, state_key, verified_key};
pub use loads::{MAX_LOADS, ManifestLoad, ManifestLoads};
pub use manifest::{FileManifest, MANIFEST_FORMAT, Manifest, TableManifest, read_time, time_text};
pub use manifest_error::ManifestError;
pub use status::{BackupStatus, RestoreKind, RestoreMode, RestoreStatus};
