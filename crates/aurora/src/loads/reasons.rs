//! Why the records of a load were rejected.

use domain::load::{LoadId, RejectReasons};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::jobs::ChunkLedger;
use crate::{Database, Error};

/// Chunks in one answer at most. Mostly a chunk has a reason or two, of a hundred bytes.
const MAX_PER_PAGE: u32 = 2_000;

/// Adds up why the records of a load were rejected, over its committed chunks.
///
/// # Errors
/// As [`Database::query`].
pub async fn reject_reasons(database: &Database, id: &LoadId) -> Result<RejectReasons, Error> {
    #[derive(Deserialize)]
    struct Row {
        chunk_no: u32,
        #[serde(deserialize_with = "from_json")]
        reject_reasons: RejectReasons,
    }
    let columns = "chunk_no, reject_reasons";
    let condition = "reject_reasons IS NOT NULL";
    // Many reasons and long names: of each chunk they may be 30 KB, and an answer has 1 MiB at
    // most.
    let number = |row: &Row| row.chunk_no;
    let rows = ChunkLedger::Load(id).read(database, columns, condition, MAX_PER_PAGE, number).await?;
    let mut sum = RejectReasons::default();
    rows.into_iter().for_each(|row| sum.add(row.reject_reasons));
    Ok(sum)
}

/// Reads what is JSON in a text column.
fn from_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RejectReasons, D::Error> {
    serde_json::from_str(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}
