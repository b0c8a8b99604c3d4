/// The reason why a manifest cannot be used. A backup with such a manifest is not good.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, or not the JSON of a manifest.
    #[error("the manifest cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// Written by another version of Rowgate, in a form that this one does not know.
    #[error("the manifest has format {found}; this version of Rowgate reads format {expected}")]
    Format {
        /// The format in the manifest.
        found: u64,
        /// The format that is read here.
        expected: u64,
    },
    /// The manifest is another backup's.
    #[error("the manifest is that of backup {found}, not of {expected}")]
    OtherBackup {
        /// The backup that it names.
        found: String,
        /// The backup in whose folder it is.
        expected: String,
    },
    /// A member of the manifest cannot be.
    #[error("the manifest's {member} is wrong: {problem}")]
    Member {
        /// The member.
        member: &'static str,
        /// The problem.
        problem: String,
    },
    /// The entry of a table is invalid, or contradicts itself.
    #[error("the manifest's table {table:?} is wrong: {problem}")]
    Table {
        /// The table.
        table: String,
        /// The problem.
        problem: String,
    },
}
