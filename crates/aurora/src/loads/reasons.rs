//! Why the records of a load were rejected.

use domain::load::{LoadId, RejectReasons};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::{Database, Error, Statement};

/// Chunks in one answer at most. Mostly a chunk has a reason or two, of a hundred bytes.
const MOST_PER_PAGE: u32 = 2_000;

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
    let mut sum = RejectReasons::default();
    let mut limit = MOST_PER_PAGE;
    let mut from = 0;
    loop {
        let sql = format!(
            "SELECT chunk_no, reject_reasons FROM rowgate_load_chunks \
             WHERE load_id = :load AND chunk_no >= :from AND reject_reasons IS NOT NULL ORDER BY chunk_no LIMIT {limit}"
        );
        let select = Statement::new(sql).bind("load", id.as_str()).bind("from", from);
        let page: Vec<Row> = match database.query(select).await {
            // Many reasons and long names: of each chunk they may be 30 KB, and an answer has 1 MiB at most.
            Err(Error::TooLarge { .. }) if limit > 1 => {
                limit /= 2;
                continue;
            }
            page => page?,
        };
        let Some(last) = page.last() else { return Ok(sum) };
        from = i64::from(last.chunk_no) + 1;
        page.into_iter().for_each(|row| sum.add(row.reject_reasons));
    }
}

/// Reads what is JSON in a text column.
fn from_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RejectReasons, D::Error> {
    serde_json::from_str(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}
