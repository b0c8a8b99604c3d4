//! Ending a load.

use domain::load::LoadStatus;

use super::Run;
use crate::{Database, Error, Statement};

/// How a load ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'a> {
    /// Every record is loaded or rejected; the digest of the content.
    Completed(&'a str),
    /// Given up for a reason; what was committed stays.
    Failed(&'a str),
    /// Failed for a reason that may pass, after the last try; a message from the dead-letter queue makes it go on.
    GivenUp(&'a str),
    /// The very same bytes are in already.
    Skipped {
        /// The load that brought them.
        same_as: &'a str,
        /// The digest of the content.
        digest: &'a str,
        /// The table that they are in.
        table: &'a str,
    },
}

/// Ends a load that runs; its figures are the sums of its committed chunks. Does nothing to one that has ended, or
/// that has been sent back to its start since the run began, and says so with false; so it does where a first answer was
/// lost and the load had been ended all the same.
///
/// # Errors
/// As [`Database::execute`].
pub async fn end(database: &Database, run: &Run, ending: Ending<'_>) -> Result<bool, Error> {
    let ended = database.execute(statement(run, ending).idempotent()).await?;
    Ok(ended.updated > 0)
}

/// The statement that ends a load.
pub(super) fn statement(run: &Run, ending: Ending<'_>) -> Statement {
    let given_up = matches!(ending, Ending::GivenUp(_));
    let (status, digest, same_as, reason) = match ending {
        Ending::Completed(digest) => (LoadStatus::Completed, Some(digest), None, None),
        Ending::Failed(reason) | Ending::GivenUp(reason) => {
            (LoadStatus::Failed, None, None, Some(reason.to_owned()))
        }
        Ending::Skipped { same_as, digest, table } => {
            let reason = format!(
                "the load {same_as} has already brought the very same bytes; drop it under incoming/{table}/upsert/, or \
                 change the file, to load it again"
            );
            (LoadStatus::Skipped, Some(digest), Some(same_as), Some(reason))
        }
    };
    let sql = "UPDATE rowgate_loads l \
               CROSS JOIN (SELECT COALESCE(SUM(rows_read), 0) AS rows_read, \
                                  COALESCE(SUM(rows_loaded), 0) AS rows_loaded, \
                                  COALESCE(SUM(rows_rejected), 0) AS rows_rejected, \
                                  COALESCE(SUM(unknown_references), 0) AS unknown_references, \
                                  COALESCE(SUM(rows_skipped), 0) AS rows_skipped \
                           FROM rowgate_load_chunks WHERE load_id = :load) c \
               SET l.status = :status, l.content_digest = :digest, l.same_as_load_id = :same_as, l.error = :reason, \
                   l.rows_read = c.rows_read, l.rows_loaded = c.rows_loaded, l.rows_rejected = c.rows_rejected, \
                   l.unknown_references = c.unknown_references, l.rows_skipped = c.rows_skipped, \
                   l.given_up = :given_up, l.finished_at = UTC_TIMESTAMP(3) \
               WHERE l.load_id = :load AND l.status = 'running' AND l.restarts = :restarts";
    Statement::new(sql)
        .bind("load", run.id.as_str())
        .bind("restarts", i64::from(run.restarts))
        .bind("status", status.as_str())
        .bind("digest", digest)
        .bind("same_as", same_as)
        .bind("reason", reason)
        .bind("given_up", given_up)
        .idempotent()
}
