//! Audits the ledger: checks that loads which have ended add up, abandons loads that nobody works
//! on any more, sends the events of loads that are still to be sent, drops the orphaned tables of
//! interrupted replaces, and deletes old loads of the canary and old rows that the API rejected.
//!
//! The audit runs on a schedule, all day, but queries the database only after a load: a database
//! that is queried every quarter of an hour never pauses. Two notes in the data bucket show whether
//! there was a load: each message that is worked on changes the first, and an audit that found all
//! loads settled copies it into the second. Auditing less often would leave stalled loads for
//! longer; auditing at the end of each load would miss the loads that never end. While the canary
//! is on, its own files are loads, and nothing is saved.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aurora::loads::{self, Begun, Ending, Stalled};
use aurora::rejects::{self, Expired};
use aurora::{Database, Deadline, swap};
use bucket::{BucketError, Store, When};
use domain::dictionary::{Dictionary, Table};
use domain::load::{LoadId, LoadStatus};
use event_bus::EventBus;
use lambda_kit::causes;
use serde::{Deserialize, Serialize};

use crate::load::end_run;
use crate::options::Options;
use crate::queue::{Backlog, QueueError};
use crate::{metrics, outbox};

/// The note that changes with every message that is worked on; `infra/` lets the loader write it.
const LAST_LOAD: &str = "rowgate/last-load";

/// The note of what the last audit found.
const LAST_AUDIT: &str = "rowgate/last-audit";

/// The size of a note at most, in bytes; they have some hundred.
const MAX_NOTE: u64 = 64 * 1024;

/// The time without work after which a load is abandoned: longer than a function may work on it (15
/// minutes) and its message may then be hidden (90 minutes, unless a heartbeat shortened them). The
/// ledger does not know whether the message still exists; to abandon a load too early does no harm,
/// because its message continues it.
const STALLED_AFTER: Duration = Duration::from_secs(2 * 3600);

/// The same while messages wait in the queue: the load's own may be among them, behind many large
/// files.
const STALLED_AFTER_IN_BACKLOG: Duration = Duration::from_secs(24 * 3600);

/// The ledger's reason of a load that was abandoned here.
const REASON: &str = "given up, because no function has worked on it for hours and no message is left that would make one; \
                      a backfill of its prefix makes it go on";

/// The result of an audit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Audited {
    /// True if the database was not queried, because nothing was loaded since the last audit.
    pub spared: bool,
    /// Loads whose figures were checked.
    pub checked: u64,
    /// Loads that do not add up.
    pub faults: Vec<LedgerFault>,
    /// Loads that were abandoned.
    pub stalled: Vec<LoadId>,
    /// Orphaned tables of interrupted replaces that were dropped.
    #[serde(rename = "debris")]
    pub orphaned_tables: Vec<String>,
    /// Old loads of hidden tables that were deleted: the canary makes 105,000 a year, which lists
    /// would have to skip.
    pub forgotten: u64,
    /// Rows that the API rejected, and that were deleted for their age.
    pub rejected_rows_deleted: u64,
}

/// A load that does not add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerFault {
    /// The load.
    pub load: LoadId,
    /// The contradiction.
    pub fault: String,
}

/// Why an audit stops. The next one does its work.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The notes.
    #[error(transparent)]
    Store(#[from] BucketError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The database.
    #[error(transparent)]
    Database(#[from] aurora::Error),
}

/// The note of the last audit.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// The note of the last load, when everything that it had begun was settled.
    settled: Option<String>,
    /// The time until which ended loads have been checked, by the database's clock.
    checked_until: Option<String>,
}

/// Audits the ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Auditor<'a, S, Q> {
    /// The database of the ledger.
    pub(crate) database: &'a Database,
    /// The dictionary, which says which tables are hidden.
    pub(crate) dictionary: &'a Dictionary,
    /// The data bucket, where the notes are.
    pub(crate) store: &'a S,
    /// The queue that messages wait in.
    pub(crate) queue: &'a Q,
    /// The bus that the end of each load is sent to.
    pub(crate) events: &'a EventBus,
    /// The function's options.
    pub(crate) options: &'a Options,
}

/// Notes that a message is worked on, so that the next audit queries the database. To be called
/// before the work, for a function that is killed, and after it, for an audit that ran before the
/// load was in the ledger.
///
/// A note that cannot be written is only logged: the next message makes up for it.
pub(crate) async fn note_work(store: &impl Store, message: &str) {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let note = format!("{message} {}", time.as_nanos());
    if let Err(error) = store.put(LAST_LOAD, note.into(), When::Always).await {
        tracing::warn!(error.causes = causes(&error), "the next audit may pass over this load");
    }
}

impl<S: Store, Q: Backlog> Auditor<'_, S, Q> {
    /// Audits the ledger, if anything was loaded since it was found settled, and writes the
    /// metrics.
    ///
    /// # Errors
    /// [`AuditError`]. There are no metrics then.
    pub(crate) async fn run(&self, deadline: Deadline) -> Result<Audited, AuditError> {
        let last_load = self.note(LAST_LOAD).await?.unwrap_or_default();
        // A note that cannot be read is like none.
        let state = self.note(LAST_AUDIT).await?.and_then(|text| serde_json::from_str(&text).ok());
        let state: State = state.unwrap_or_default();
        let audited = if state.settled.as_ref() == Some(&last_load) {
            Audited { spared: true, ..Audited::default() }
        } else {
            self.audit(state, last_load, &self.database.with_deadline(deadline)).await?
        };
        metrics::audited(audited.faults.len(), audited.stalled.len()).write();
        tracing::info!(
            audit.spared = audited.spared,
            audit.checked = audited.checked,
            audit.faults = audited.faults.len(),
            audit.stalled = audited.stalled.len(),
            audit.debris = audited.orphaned_tables.len(),
            audit.forgotten = audited.forgotten,
            audit.rejected_rows_deleted = audited.rejected_rows_deleted,
            "ledger audited"
        );
        Ok(audited)
    }

    async fn audit(
        &self,
        state: State,
        last_load: String,
        database: &Database,
    ) -> Result<Audited, AuditError> {
        let checked = loads::check_ended(database, state.checked_until.as_deref()).await?;
        for fault in &checked.faults {
            tracing::error!(
                load.id = fault.load.as_str(),
                fault = fault.what.as_str(),
                "the ledger does not add up"
            );
        }
        swap::settle_abandoned(database).await?;
        let stalled = self.abandon_stalled(database).await?;
        let orphans = swap::drop_orphans(database).await?;
        let hidden: Vec<&Table> = self.dictionary.tables().iter().filter(|table| table.is_hidden()).collect();
        let forgotten = loads::forget(database, &hidden).await?;
        let expired = self.delete_rejected(database).await?;
        let are_sent = outbox::send_due(self.events, database, &hidden).await?;
        // A fault is found again until it is corrected, or for a day.
        let checked_until = if checked.faults.is_empty() { Some(checked.until) } else { state.checked_until };
        let is_settled = checked.faults.is_empty()
            && orphans.left == 0
            && !expired.is_partial
            && are_sent
            && !loads::is_under_way(database).await?;
        let state = State { settled: is_settled.then_some(last_load), checked_until };
        // Texts alone cannot fail to serialize.
        let text = serde_json::to_string(&state).unwrap_or_default();
        self.store.put(LAST_AUDIT, text.into(), When::Always).await?;
        let fault = |fault: loads::Fault| LedgerFault { load: fault.load, fault: fault.what };
        Ok(Audited {
            spared: false,
            checked: checked.loads,
            faults: checked.faults.into_iter().map(fault).collect(),
            stalled,
            orphaned_tables: orphans.dropped,
            forgotten,
            rejected_rows_deleted: expired.rows,
        })
    }

    /// Deletes rejected rows that are older than they are kept.
    async fn delete_rejected(&self, database: &Database) -> Result<Expired, AuditError> {
        let days = self.options.rejected_keep_days;
        if days == 0 {
            return Ok(Expired::default());
        }
        let expiry = rejects::expiry(database, days).await?;
        Ok(rejects::delete_before(database, &expiry).await?)
    }

    async fn note(&self, key: &str) -> Result<Option<String>, BucketError> {
        let note = self.store.get(key, MAX_NOTE).await?;
        Ok(note.map(|note| String::from_utf8_lossy(&note.content).into_owned()))
    }

    /// Abandons the loads that nobody works on any more.
    async fn abandon_stalled(&self, database: &Database) -> Result<Vec<LoadId>, AuditError> {
        let mut stalled = loads::stalled(database, STALLED_AFTER).await?;
        if !stalled.is_empty() && self.queue.waiting().await? > 0 {
            stalled = loads::stalled(database, STALLED_AFTER_IN_BACKLOG).await?;
        }
        let mut abandoned = Vec::with_capacity(stalled.len());
        for Stalled { run, mode } in stalled {
            end_run(database, &run, mode, Ending::Abandoned(REASON)).await?;
            if let Ok(Some(Begun { status: LoadStatus::Completed, .. })) =
                loads::state(database, &run.id).await
            {
                // A replace whose RENAME had happened.
                continue;
            }
            tracing::error!(
                load.id = run.id.as_str(),
                "nobody has worked on the load for hours; it is abandoned"
            );
            abandoned.push(run.id);
        }
        Ok(abandoned)
    }
}

#[cfg(test)]
mod tests {
    use bucket::MemoryBucket;
    use testkit::TestDatabase;
    use testkit::events::{bus, refused, sent, taken};
    use testkit::replay::Replay;

    use super::*;
    use crate::queue::memory::MemoryQueue;

    const BUCKET: &str = "data";

    struct World {
        test: TestDatabase,
        store: MemoryBucket,
        queue: MemoryQueue,
        events: EventBus,
        options: Options,
    }

    impl World {
        async fn start() -> Self {
            let test = TestDatabase::migrated().await.unwrap();
            let (store, queue) = (MemoryBucket::default(), MemoryQueue::default());
            Self { test, store, queue, events: EventBus::default(), options: Options::default() }
        }

        async fn audit(&self) -> Audited {
            let database = &self.test.database();
            let dictionary = testkit::dictionary();
            let (store, queue) = (&self.store, &self.queue);
            let (events, options) = (&self.events, &self.options);
            let auditor = Auditor { database, dictionary, store, queue, events, options };
            auditor.run(Deadline::after(Duration::from_secs(60))).await.unwrap()
        }

        /// Returns true if the next audit does not query the database.
        async fn is_spared(&self) -> bool {
            self.audit().await.spared
        }

        /// A load that is made up in the ledger, and noted: begun `hours` ago, and ended then
        /// unless it runs.
        async fn load(&self, name: &str, mode: &str, status: &str, hours: u32) -> LoadId {
            let id = LoadId::of_object(BUCKET, name, "v1");
            let ended = if status == "running" { "NULL" } else { "started_at" };
            self.sql(&format!(
                "INSERT INTO rowgate_loads (load_id, bucket, object_key, object_version, table_name, mode, status, \
                 started_at, active_at, finished_at) VALUES ('{id}', '{BUCKET}', '{name}', 'v1', 'tags', '{mode}', \
                 '{status}', UTC_TIMESTAMP(3) - INTERVAL {hours} HOUR, started_at, {ended})"
            ))
            .await;
            note_work(&self.store, name).await;
            id
        }

        async fn sql(&self, sql: &str) {
            self.test.sql(sql).await.unwrap();
        }

        /// The statuses of the loads, in the order of their keys.
        async fn statuses(&self) -> String {
            let sql = "SELECT GROUP_CONCAT(CONCAT(status, given_up) ORDER BY object_key) FROM rowgate_loads";
            self.test.value(sql).await.unwrap()
        }
    }

    #[tokio::test]
    async fn asks_the_database_once_after_a_load_and_then_no_more() {
        let world = World::start().await;
        assert!(!world.is_spared().await, "of the time before there is no note");
        assert!(world.is_spared().await);
        world.load("a", "append", "completed", 0).await;
        assert_eq!(world.audit().await, Audited { checked: 1, ..Audited::default() });
        assert_eq!(world.audit().await, Audited { spared: true, ..Audited::default() });
        world.load("b", "append", "completed", 0).await;
        assert!(!world.is_spared().await);
    }

    #[tokio::test]
    async fn queries_again_while_a_load_runs() {
        let world = World::start().await;
        let id = world.load("a", "append", "running", 0).await;
        assert!(!world.is_spared().await);
        assert!(!world.is_spared().await);
        world.sql(&format!("UPDATE rowgate_loads SET status = 'completed', finished_at = UTC_TIMESTAMP(3) WHERE load_id = '{id}'")).await;
        assert_eq!(world.audit().await.checked, 1, "its end is not missed");
        assert!(world.is_spared().await);
    }

    #[tokio::test]
    async fn finds_a_fault_until_it_is_mended() {
        let world = World::start().await;
        let id = world.load("a", "append", "completed", 0).await;
        world.sql("UPDATE rowgate_loads SET rows_read = 1").await;
        let fault =
            LedgerFault { load: id, fault: "rows_read is not rows_loaded + rows_rejected".to_owned() };
        for _ in 0..2 {
            assert_eq!(world.audit().await.faults, std::slice::from_ref(&fault));
        }
        world.sql("UPDATE rowgate_loads SET rows_read = 0").await;
        assert_eq!(world.audit().await.faults, []);
        assert!(world.is_spared().await);
    }

    #[tokio::test]
    async fn abandons_stalled_loads_so_that_they_may_continue() {
        let world = World::start().await;
        let append = world.load("a", "append", "running", 3).await;
        let replace = world.load("b", "replace", "running", 3).await;
        world.load("c", "append", "running", 1).await;
        assert_eq!(world.audit().await.stalled, [append, replace]);
        assert_eq!(world.statuses().await, "failed1,failed1,running0");
        assert_eq!(world.audit().await.stalled, []);
    }

    #[tokio::test]
    async fn while_messages_wait_a_load_has_a_day() {
        let mut world = World::start().await;
        world.load("a", "append", "running", 3).await;
        let old = world.load("b", "append", "running", 25).await;
        world.queue.waiting = 1;
        assert_eq!(world.audit().await.stalled, [old]);
        assert_eq!(world.statuses().await, "running0,failed1");
    }

    #[tokio::test]
    async fn drops_orphaned_tables_of_interrupted_replaces() {
        let world = World::start().await;
        let id = world.load("a", "replace", "completed", 3).await;
        let left = format!("rowgate_new_{id}_00000001");
        world.sql(&format!("CREATE TABLE {left} (id INT PRIMARY KEY)")).await;
        assert_eq!(world.audit().await.orphaned_tables, [left]);
    }

    /// A replace that was killed after its RENAME: its table is fenced, its marker renamed.
    async fn renamed(world: &World, name: &str, fenced: &str) {
        let id = world.load(name, "replace", "running", 3).await;
        world.sql(&format!("CREATE TABLE rowgate_swapped_{id}_00000001 (id INT PRIMARY KEY)")).await;
        world
            .sql(&format!("INSERT INTO rowgate_job_tables (job_id, table_name) VALUES ('{id}', '{name}')"))
            .await;
        world
            .sql(&format!(
                "INSERT INTO rowgate_table_fences (table_name, job_id, commit_marker, fenced_since) \
                 VALUES ('{name}', '{id}', 'rowgate_swap_{id}_00000001', {fenced})"
            ))
            .await;
    }

    #[tokio::test]
    async fn a_replace_that_completes_is_not_stalled() {
        let world = World::start().await;
        renamed(&world, "a", "UTC_TIMESTAMP(3) - INTERVAL 3 HOUR").await;
        renamed(&world, "b", "UTC_TIMESTAMP(3)").await;
        assert_eq!(world.audit().await.stalled, []);
        assert_eq!(world.statuses().await, "completed0,completed0");
    }

    #[tokio::test]
    async fn an_orphaned_table_that_cannot_be_dropped_is_not_passed_over() {
        let world = World::start().await;
        let id = world.load("a", "replace", "completed", 3).await;
        let left = format!("rowgate_new_{id}_00000001");
        world.sql(&format!("CREATE TABLE {left} (id INT PRIMARY KEY)")).await;
        world.sql(&format!("CREATE TABLE needs_it (id INT REFERENCES {left} (id))")).await;
        for _ in 0..2 {
            let audited = world.audit().await;
            assert_eq!((audited.spared, audited.orphaned_tables), (false, vec![]));
        }
        world.sql("DROP TABLE needs_it").await;
        assert_eq!(world.audit().await.orphaned_tables, [left]);
        assert!(world.is_spared().await);
    }

    #[tokio::test]
    async fn forgets_old_loads_of_hidden_tables_alone() {
        let world = World::start().await;
        world.load("users", "append", "completed", 24 * 30).await;
        let of_canary = world.load("canarys", "append", "completed", 24 * 30).await;
        world
            .sql(&format!(
                "UPDATE rowgate_loads SET table_name = 'rowgate_canary' WHERE load_id = '{of_canary}'"
            ))
            .await;
        assert_eq!(world.audit().await, Audited { forgotten: 1, ..Audited::default() });
        let left = world.test.value("SELECT GROUP_CONCAT(object_key) FROM rowgate_loads").await.unwrap();
        assert_eq!(left, "users");
    }

    #[tokio::test]
    async fn sends_the_events_that_are_due_until_they_are_taken() {
        let mut world = World::start().await;
        let account = Replay::new(vec![refused(); 3].into_iter().chain([taken(), taken()]));
        world.events = bus(&account);
        for (name, hours) in [("a", 1), ("b", 2), ("old", 25)] {
            world.load(name, "append", "completed", hours).await;
        }
        world.load("running", "append", "running", 0).await;
        world.load("hidden", "append", "completed", 1).await;
        world
            .sql("UPDATE rowgate_loads SET event_due = TRUE, table_name = IF(object_key = 'hidden', 'rowgate_canary', 'tags')")
            .await;
        world.audit().await;
        assert_eq!(sent(&account).len(), 3, "the first one was tried three times");
        world.sql("UPDATE rowgate_loads SET status = 'completed' WHERE status = 'running'").await;
        assert!(!world.is_spared().await, "not all is settled");
        let keys: Vec<_> = sent(&account)[3..].iter().map(|(_, detail)| detail["key"].clone()).collect();
        assert_eq!(keys, ["b", "a"], "oldest first");
        assert!(world.is_spared().await);
        let due = world
            .test
            .value("SELECT GROUP_CONCAT(object_key ORDER BY seq) FROM rowgate_loads WHERE event_due");
        assert_eq!(due.await.unwrap(), "old,running,hidden");
    }

    #[tokio::test]
    async fn tells_that_it_has_abandoned_a_load() {
        let mut world = World::start().await;
        let account = Replay::new([taken()]);
        world.events = bus(&account);
        let stalled = world.load("a", "append", "running", 3).await;
        world.audit().await;
        let [(detail_type, detail)] = &sent(&account)[..] else { panic!("{:?}", sent(&account)) };
        assert_eq!((&**detail_type, &detail["load"]), ("Load Failed", &stalled.as_str().into()));
    }

    #[tokio::test]
    async fn deletes_rejected_rows_that_are_older_than_they_are_kept() {
        let mut world = World::start().await;
        for days in [0, 29, 31] {
            world
                .sql(&format!(
                    "INSERT INTO rowgate_rejected_rows (request_id, table_name, row_index, row_json, errors_json, received_at) \
                     VALUES ('r', 'tags', {days}, '{{}}', '[]', UTC_TIMESTAMP(3) - INTERVAL {days} DAY)"
                ))
                .await;
        }
        world.options.rejected_keep_days = 0;
        assert_eq!(world.audit().await.rejected_rows_deleted, 0);
        world.options.rejected_keep_days = 30;
        assert!(world.is_spared().await, "no paused database is woken for it");
        world.load("a", "append", "completed", 0).await;
        assert_eq!(world.audit().await.rejected_rows_deleted, 1);
        let left = world.test.value("SELECT GROUP_CONCAT(row_index ORDER BY id) FROM rowgate_rejected_rows");
        assert_eq!(left.await.unwrap(), "0,29");
    }

    #[tokio::test]
    async fn a_note_that_cannot_be_read_is_like_none() {
        let world = World::start().await;
        world.store.insert(LAST_AUDIT, "?");
        assert!(!world.is_spared().await);
        assert!(world.is_spared().await);
    }
}
