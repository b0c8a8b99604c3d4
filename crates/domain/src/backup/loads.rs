use serde::{Deserialize, Serialize};

use super::BackupId;
use crate::dictionary::LoadMode;
use crate::load::LoadId;

/// The most loads that a manifest lists, of either kind: what lineage can use, in less than 2 MiB
/// with the longest keys.
pub const MAX_LOADS: u32 = 1000;

/// The loads that wrote rows of a backup: what lineage calls its inputs. Members of the manifest,
/// all of them optional: manifests of older versions have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestLoads {
    /// The completed loads of the backup's tables that are in its snapshot and not in that of the
    /// backup `since`, oldest first; of more than [`MAX_LOADS`] the newest. `None` if they were not
    /// recorded.
    #[serde(rename = "loads", skip_serializing_if = "Option::is_none")]
    pub completed: Option<Vec<ManifestLoad>>,
    /// The number of loads, if there are more than are listed.
    #[serde(rename = "loads_total", skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// The newest good backup of these tables before this one. Without one, all completed loads of
    /// the ledger count.
    #[serde(rename = "loads_since", skip_serializing_if = "Option::is_none")]
    pub since: Option<BackupId>,
    /// Loads that were under way at the snapshot. Some of their rows may be in the backup already;
    /// they are listed as completed by a later one. At most [`MAX_LOADS`].
    #[serde(rename = "loads_running", default, skip_serializing_if = "Vec::is_empty")]
    pub running: Vec<LoadId>,
}

/// A completed load, as a manifest lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestLoad {
    /// The load's id.
    pub load: LoadId,
    /// The table that it loaded into.
    pub table: String,
    /// The key of its file.
    pub key: String,
    /// Its mode: what it did with ids that were taken.
    pub mode: LoadMode,
    /// Rows that it put into the table.
    pub rows_loaded: u64,
    /// The time when it ended: ISO 8601 in UTC with milliseconds.
    pub finished_at: String,
}
