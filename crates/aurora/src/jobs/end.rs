//! Ends jobs and starts them over.

use domain::backup::{RestoreId, RestoreStatus};
use domain::load::{LoadId, LoadStatus};

use super::{JobId, Run};
use crate::ledger::Only;
use crate::{Database, Error, Statement, Tx};

/// The ending of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'a> {
    /// Every record is loaded or rejected; the digest of the content.
    Completed(&'a str),
    /// Failed for a reason; what was committed stays.
    Failed(&'a str),
    /// Failed for a reason that may pass, after the last try; a message from the dead-letter queue
    /// makes it resume.
    Abandoned(&'a str),
    /// The very same bytes are loaded already.
    Skipped {
        /// The load that inserted them.
        same_as: &'a str,
        /// The digest of the content.
        digest: &'a str,
        /// The table that has them.
        table: &'a str,
    },
}

/// Returns the statement that ends a running load; its figures are the sums of its chunks.
pub(crate) fn end_load(run: &Run, ending: Ending<'_>) -> Statement {
    let is_abandoned = matches!(ending, Ending::Abandoned(_));
    match ending {
        Ending::Completed(digest) => update_load(run, LoadStatus::Completed, Some(digest), None, None),
        Ending::Failed(reason) | Ending::Abandoned(reason) => {
            update_load(run, LoadStatus::Failed, None, None, Some(reason))
        }
        Ending::Skipped { same_as, digest, table } => {
            let reason = format!(
                "the load {same_as} has already brought the very same bytes; drop it under incoming/{table}/upsert/, or \
                 change the file, to load it again"
            );
            update_load(run, LoadStatus::Skipped, Some(digest), Some(same_as), Some(&reason))
        }
    }
    .bind("given_up", is_abandoned)
}

/// Returns the statement that completes a replace whose digest is in the ledger.
pub(crate) fn complete_load(run: &Run) -> Statement {
    update_load(run, LoadStatus::Completed, None, None, None).bind("given_up", false)
}

fn update_load(
    run: &Run,
    status: LoadStatus,
    digest: Option<&str>,
    same_as: Option<&str>,
    reason: Option<&str>,
) -> Statement {
    let sql = "UPDATE rowgate_loads l \
               CROSS JOIN (SELECT COALESCE(SUM(rows_read), 0) AS rows_read, \
                                  COALESCE(SUM(rows_loaded), 0) AS rows_loaded, \
                                  COALESCE(SUM(rows_rejected), 0) AS rows_rejected, \
                                  COALESCE(SUM(unknown_references), 0) AS unknown_references, \
                                  COALESCE(SUM(rows_skipped), 0) AS rows_skipped \
                           FROM rowgate_load_chunks WHERE load_id = :load) c \
               SET l.status = :status, l.content_digest = COALESCE(:digest, l.content_digest), \
                   l.same_as_load_id = :same_as, l.error = :reason, \
                   l.rows_read = c.rows_read, l.rows_loaded = c.rows_loaded, l.rows_rejected = c.rows_rejected, \
                   l.unknown_references = c.unknown_references, l.rows_skipped = c.rows_skipped, \
                   l.given_up = :given_up, l.event_due = TRUE, l.finished_at = UTC_TIMESTAMP(3) \
               WHERE l.load_id = :load AND l.status = 'running' AND l.restarts = :restarts";
    Statement::new(sql)
        .bind("load", run.id.as_str())
        .bind("restarts", run.restarts)
        .bind("status", status.as_str())
        .bind("digest", digest)
        .bind("same_as", same_as)
        .bind("reason", reason)
        .idempotent()
}

/// Ends a restore that the transaction has locked.
pub(crate) async fn end_restore(
    tx: &Tx,
    id: &RestoreId,
    status: RestoreStatus,
    reason: Option<&str>,
) -> Result<(), Error> {
    let sql = "UPDATE rowgate_restores SET status = :status, error = :reason, finished_at = UTC_TIMESTAMP(3), \
               event_due = (mode = 'replace' AND :completed) WHERE restore_id = :restore";
    let end = Statement::new(sql)
        .bind("restore", id.as_str())
        .bind("status", status.as_str())
        .bind("reason", reason)
        .bind("completed", status == RestoreStatus::Completed);
    tx.execute(end).await.map(|_| ())
}

/// Sends the appends and upserts into a table that are not through back to their start, but for
/// one, in the transaction that has locked the table's fence.
pub(crate) async fn send_others_back(tx: &Tx, table: &str, except: &JobId) -> Result<(), Error> {
    // Read without locks, which would wait for the chunks of other replaces. While the table is
    // fenced no load commits its first chunk, and a load that begins only now has nothing to lose.
    let sql = "SELECT l.load_id FROM rowgate_loads l WHERE l.table_name = :table AND l.load_id <> :except \
               AND l.mode <> 'replace' AND (l.status = 'running' OR l.given_up AND EXISTS \
               (SELECT 1 FROM rowgate_load_chunks c WHERE c.load_id = l.load_id)) ORDER BY l.load_id";
    let select = Statement::new(sql).bind("table", table).bind("except", except.as_str());
    for Only(other) in tx.query(select).await? {
        send_back(tx, &other).await?;
    }
    Ok(())
}

/// Sends a load that has not ended for good back to its start.
async fn send_back(tx: &Tx, load: &LoadId) -> Result<(), Error> {
    let sql = "UPDATE rowgate_loads SET restarts = restarts + 1, content_digest = NULL, \
               rows_read = 0, rows_loaded = 0, rows_rejected = 0, unknown_references = 0, rows_skipped = 0 \
               WHERE load_id = :load AND (status = 'running' OR given_up)";
    if tx.execute(Statement::new(sql).bind("load", load.as_str())).await?.updated > 0 {
        forget_load_chunks(tx, load).await?;
    }
    Ok(())
}

/// Removes the chunks of a load.
pub(crate) async fn forget_load_chunks(tx: &Tx, load: &LoadId) -> Result<(), Error> {
    let sql = "DELETE FROM rowgate_load_chunks WHERE load_id = :load";
    tx.execute(Statement::new(sql).bind("load", load.as_str())).await.map(|_| ())
}

/// Makes a job whose shadow table is lost fill a new one from the start, in a transaction that has
/// locked the job.
pub(crate) async fn start_over(tx: &Tx, job: &JobId, table: &str) -> Result<(), Error> {
    match job {
        JobId::Load(load) => send_back(tx, load).await?,
        JobId::Restore(restore) => {
            let sql =
                "DELETE FROM rowgate_restore_chunks WHERE restore_id = :restore AND table_name = :table";
            tx.execute(Statement::new(sql).bind("restore", restore.as_str()).bind("table", table)).await?;
        }
    }
    let sql = "UPDATE rowgate_job_tables SET shadow_table = NULL, is_filled = FALSE, rows_read = NULL, \
               rows_restored = NULL, rows_rejected = NULL, checksum = NULL \
               WHERE job_id = :job AND table_name = :table";
    tx.execute(Statement::new(sql).bind("job", job.as_str()).bind("table", table)).await.map(|_| ())
}

/// Removes the chunks of restores that have ended, but for those that say where rejected rows are.
pub(crate) async fn forget_restore_chunks(database: &Database) -> Result<(), Error> {
    let sql = "DELETE c FROM rowgate_restore_chunks c JOIN rowgate_restores r ON r.restore_id = c.restore_id \
               WHERE r.status <> 'running' AND c.rejects_key IS NULL";
    database.execute(Statement::new(sql).idempotent()).await.map(|_| ())
}
