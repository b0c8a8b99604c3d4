//! The request of a backfill.

use serde::Deserialize;

/// The files to load.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backfill {
    /// The prefix of their keys.
    pub prefix: String,
    /// The bucket; by default the data bucket.
    pub bucket: Option<String>,
    /// The table of all the files, whatever their keys say.
    pub table: Option<String>,
    /// The mode, whatever the keys say; `replace` is refused.
    pub mode: Option<String>,
    /// The key to continue after: `next` of the answer before.
    pub after: Option<String>,
    /// True to only count.
    #[serde(default)]
    pub dry_run: bool,
}
