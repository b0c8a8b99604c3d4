//! Requests with an `Idempotency-Key`: `rowgate_idempotency_keys`.
//!
//! ```text
//! claim (commits by itself) --> BEGIN, rows, answer into the record, COMMIT --> answer
//!                          \--> fails: release the claim
//! ```
//!
//! The record of a key has one claim at a time. An answer is written only by the request whose
//! claim it still is, in the transaction of its rows: so of any number of equal requests, however
//! they fail, exactly one inserts its rows, and every later one gets its answer.

mod answer;
mod claim;

use std::time::Duration;

use serde::Deserialize;

pub use answer::StoredAnswer;
pub use claim::{Claim, Claimed};

use crate::client::Error;
use crate::ledger::truth;
use crate::{Database, MaybeDatabase, Statement};

/// The time that the record of a key is kept, in hours.
const RETENTION_HOURS: u32 = 24;

/// Settings of claims.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClaimSettings {
    /// The time for which a claim without an answer blocks the key. It is longer than any request
    /// lives, so that only a crash lets it expire: 60 s by default, while API Gateway times out
    /// after 29 s.
    pub lease: Duration,
    /// The share of claims that also delete old records, 0 to 1.
    pub cleaning_rate: f64,
}

impl Default for ClaimSettings {
    fn default() -> Self {
        Self { lease: Duration::from_secs(60), cleaning_rate: 0.125 }
    }
}

/// Why a request that had claimed its key did not come to an answer.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The database's error; nothing is committed, except perhaps after [`Error::UnknownOutcome`].
    #[error(transparent)]
    Database(#[from] Error),
    /// Another request has the key by now, because this one took longer than its lease; nothing of
    /// this one is committed.
    #[error("another request has taken the key over")]
    Lost,
}

impl ClaimError {
    /// Returns the same failure for a case in which certainly nothing is committed.
    #[must_use]
    pub(crate) fn with_nothing_in(self) -> Self {
        match self {
            Self::Database(error @ Error::UnknownOutcome { .. }) => Self::Database(Error::Unavailable {
                message: "a write was not answered, and is not in".to_owned(),
                may_have_run: false,
                source: Some(Box::new(error)),
            }),
            error => error,
        }
    }
}

impl MaybeDatabase for ClaimError {
    fn database(&self) -> Option<&Error> {
        match self {
            Self::Database(error) => Some(error),
            Self::Lost => None,
        }
    }
}

/// The record of a key.
#[derive(Debug, Deserialize)]
struct Record {
    fingerprint: String,
    claim: String,
    #[serde(deserialize_with = "truth")]
    leased: bool,
    #[serde(deserialize_with = "truth")]
    expired: bool,
    status: Option<u16>,
    answer: Option<String>,
    answer_bytes: Option<usize>,
}

async fn read(database: &Database, record: &str) -> Result<Option<Record>, Error> {
    let sql = "SELECT fingerprint, claim, CAST(leased_until > UTC_TIMESTAMP(3) AS SIGNED) AS leased, \
               CAST(expires_at <= UTC_TIMESTAMP(3) AS SIGNED) AS expired, status, answer, answer_bytes \
               FROM rowgate_idempotency_keys WHERE record_id = :record";
    let rows: Vec<Record> = database.query(Statement::new(sql).bind("record", record)).await?;
    Ok(rows.into_iter().next())
}
