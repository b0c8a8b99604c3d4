//! Taking a key, and giving it back.

use std::time::Duration;

use domain::idempotency::KeyedRequest;
use serde::Deserialize;

use super::{ClaimError, ClaimSettings, RETENTION_HOURS, Record, StoredAnswer, answer, read};
use crate::client::Error;
use crate::client::limits::RELEASE_GRACE;
use crate::{Database, Deadline, Statement, Tx};

/// Old records that one cleaning deletes at most: with the default rate twice as many as claims
/// make.
const REAPED: u32 = 16;

/// Time that a cleaning may take; the request that does it waits for it.
const REAP_TIME: Duration = Duration::from_secs(2);

/// The right to answer the request of a key: of all requests with the key, one has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    record: String,
    token: String,
}

/// The way to handle a request with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// To do the work.
    Mine(Claim),
    /// To give this answer again.
    Answered(StoredAnswer),
    /// To come again: an equal request is still running, or was cut off less than its lease ago.
    InUse,
    /// To be refused: the key came with another request before.
    Reused,
}

impl Claim {
    /// Claims the key of a request, if no other request has it.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::UnknownOutcome`].
    pub async fn take(
        database: &Database,
        request: &KeyedRequest,
        settings: &ClaimSettings,
    ) -> Result<Claimed, Error> {
        let database = &database.with_deadline(database.deadline());
        let claim =
            Self { record: request.record().to_owned(), token: format!("{:032x}", fastrand::u128(..)) };
        let taking = take(database, &claim, request, settings);
        let taken = if fastrand::f64() < settings.cleaning_rate {
            tokio::join!(taking, delete_old(database)).0
        } else {
            taking.await
        };
        if taken.is_err() {
            claim.forget(database).await;
        }
        taken
    }

    /// Writes the answer into the record, in the transaction of the rows; nothing but the COMMIT
    /// may follow.
    pub(crate) async fn answer(&self, tx: &Tx, answer: &StoredAnswer) -> Result<(), ClaimError> {
        answer::write(tx, self, answer).await
    }

    /// Releases the claim after its work failed, so that the key can be used again at once. Returns
    /// true if the answer is committed all the same. That is final: a transaction that still held
    /// the record would be waited for.
    pub(crate) async fn release(&self, database: &Database) -> Result<bool, Error> {
        #[derive(Deserialize)]
        struct Row {
            status: Option<u16>,
        }
        let database = &in_grace(database);
        if self.delete(database).await? {
            return Ok(false);
        }
        let sql = "SELECT status FROM rowgate_idempotency_keys WHERE record_id = :record AND claim = :claim";
        let rows: Vec<Row> = database.query(self.bound(sql)).await?;
        Ok(rows.iter().any(|row| row.status.is_some()))
    }

    /// Releases a possible claim: taking it failed, but its statement may have run. A client that
    /// gets the answer that nothing was changed must find the key free.
    async fn forget(&self, database: &Database) {
        if let Err(error) = self.delete(&in_grace(database)).await {
            tracing::info!(error.class = error.class(), "what may be a claim is left to its lease");
        }
    }

    /// Deletes the record while it has this claim and no answer. Tells whether it was there.
    async fn delete(&self, database: &Database) -> Result<bool, Error> {
        let sql = "DELETE FROM rowgate_idempotency_keys WHERE record_id = :record AND claim = :claim AND status IS NULL";
        Ok(database.execute(self.bound(sql).idempotent()).await?.updated > 0)
    }

    pub(super) fn record(&self) -> &str {
        &self.record
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    fn bound(&self, sql: &'static str) -> Statement {
        Statement::new(sql).bind("record", self.record.as_str()).bind("claim", self.token.as_str())
    }
}

/// Returns the database with some time left to release a claim.
fn in_grace(database: &Database) -> Database {
    database.with_deadline(database.deadline().max(Deadline::after(RELEASE_GRACE)))
}

async fn take(
    database: &Database,
    claim: &Claim,
    request: &KeyedRequest,
    settings: &ClaimSettings,
) -> Result<Claimed, Error> {
    // Each turn starts over if another request has changed the record between two of its
    // statements.
    loop {
        match insert(database, claim, request, settings).await {
            Ok(()) => return Ok(Claimed::Mine(claim.clone())),
            Err(error) if error.is_duplicate_key() => {}
            Err(error) => return Err(error),
        }
        let Some(record) = read(database, &claim.record).await? else { continue };
        if record.claim == claim.token {
            // The answer to an earlier try was lost.
            return Ok(Claimed::Mine(claim.clone()));
        }
        match record {
            Record { expired: true, .. } => delete_expired(database, &claim.record).await?,
            Record { ref fingerprint, .. } if fingerprint != request.fingerprint() => {
                return Ok(Claimed::Reused);
            }
            Record { status: Some(_), .. } => {
                if let Some(answer) = answer::complete(database, &claim.record, record).await? {
                    return Ok(Claimed::Answered(answer));
                }
            }
            Record { leased: true, .. } => return Ok(Claimed::InUse),
            Record { claim: former, .. } => {
                if take_over(database, claim, &former, settings).await? {
                    return Ok(Claimed::Mine(claim.clone()));
                }
            }
        }
    }
}

async fn insert(
    database: &Database,
    claim: &Claim,
    request: &KeyedRequest,
    settings: &ClaimSettings,
) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO rowgate_idempotency_keys (record_id, fingerprint, claim, leased_until, expires_at) \
         VALUES (:record, :fingerprint, :claim, {}, {})",
        after_lease(settings),
        after_keeping()
    );
    let statement = Statement::new(sql)
        .bind("record", claim.record.as_str())
        .bind("fingerprint", request.fingerprint())
        .bind("claim", claim.token.as_str())
        .idempotent();
    database.execute(statement).await.map(|_| ())
}

/// Takes a claim over whose lease has ended without an answer. Of several that try, one does.
async fn take_over(
    database: &Database,
    claim: &Claim,
    former: &str,
    settings: &ClaimSettings,
) -> Result<bool, Error> {
    let sql = format!(
        "UPDATE rowgate_idempotency_keys SET claim = :claim, leased_until = {}, expires_at = {} \
         WHERE record_id = :record AND claim = :former AND status IS NULL AND leased_until <= UTC_TIMESTAMP(3)",
        after_lease(settings),
        after_keeping()
    );
    let statement = Statement::new(sql)
        .bind("claim", claim.token.as_str())
        .bind("record", claim.record.as_str())
        .bind("former", former)
        .idempotent();
    Ok(database.execute(statement).await?.updated > 0)
}

async fn delete_expired(database: &Database, record: &str) -> Result<(), Error> {
    let sql =
        "DELETE FROM rowgate_idempotency_keys WHERE record_id = :record AND expires_at <= UTC_TIMESTAMP(3)";
    database.execute(Statement::new(sql).bind("record", record).idempotent()).await.map(|_| ())
}

/// Deletes some expired records. Nothing depends on it: they count as absent already.
async fn delete_old(database: &Database) {
    let database = &database.within(Deadline::after(REAP_TIME));
    let sql = format!(
        "DELETE FROM rowgate_idempotency_keys WHERE expires_at <= UTC_TIMESTAMP(3) ORDER BY expires_at LIMIT {REAPED}"
    );
    if let Err(error) = database.execute(Statement::new(sql).idempotent()).await {
        tracing::info!(error.class = error.class(), "old idempotency records are left to a later request");
    }
}

fn after_lease(settings: &ClaimSettings) -> String {
    format!("UTC_TIMESTAMP(3) + INTERVAL {} MICROSECOND", settings.lease.as_micros())
}

fn after_keeping() -> String {
    format!("UTC_TIMESTAMP(3) + INTERVAL {RETENTION_HOURS} HOUR")
}
