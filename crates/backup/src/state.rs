//! The state of a backup that has no manifest yet, in the bucket beside its files: who works on it,
//! and where the next invocation continues.

use std::time::Duration;

use bucket::{Put, Store, When};
use domain::avro::Codec;
pub use domain::backup::BackupStatus as Status;
use domain::backup::{BackupId, ManifestLoads, TableManifest, read_time, state_key, time_text};
use domain::dictionary::Table;
use domain::row_text::{ContentSum, RowTextError, key_row_text};
use domain::sql::read_key;
use domain::value::Key;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::BackupError;

/// The largest state, in bytes; it names the files written so far, as the manifest will.
const MAX_STATE: u64 = 64 * 1024 * 1024;

/// The time after which a running backup counts as interrupted: an invocation records when it
/// begins to work, and works for at most 15 minutes.
const LONGEST_WORK: Duration = Duration::from_secs(16 * 60);

/// The state of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) backup: BackupId,
    pub(crate) status: Status,
    /// The tables that are asked for.
    pub(crate) tables: Vec<String>,
    /// The compression, the same in all files even if the setting changes.
    pub(crate) codec: Codec,
    pub(crate) started_at: String,
    /// The time when an invocation last began or ended to work on it.
    pub(crate) active_at: String,
    pub(crate) finished_at: Option<String>,
    /// Snapshots that were taken: one, and one more each time that it was lost.
    pub(crate) snapshots: u32,
    /// The number of times that the size of pages was halved, because a page was too large or took
    /// too long. Each halving ended the snapshot.
    pub(crate) halvings: u32,
    pub(crate) invocations: u32,
    pub(crate) error: Option<String>,
    /// The number of each table's next file: none is used twice, not even when the backup starts
    /// over.
    pub(crate) next_part: IndexMap<String, u32>,
    /// True if the event of the backup is to be sent, once it has a manifest.
    #[serde(default)]
    pub(crate) event_due: bool,
    /// Where the next invocation continues; only set between two invocations.
    pub(crate) cursor: Option<Cursor>,
}

/// The place where another invocation continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The snapshot: the id of its transaction, and its time.
    pub(crate) transaction: String,
    pub(crate) snapshot_time: String,
    /// The loads that are new in it.
    pub(crate) loads: ManifestLoads,
    /// The tables that are done or begun.
    pub(crate) tables: IndexMap<String, Progress>,
}

/// The progress of a table, counting complete files only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The table's entry for the manifest, so far.
    pub(crate) manifest: TableManifest,
    /// The key of the last row.
    pub(crate) after: Option<After>,
    pub(crate) is_complete: bool,
}

/// The key behind which a table continues: its [row text](key_row_text), but a number where it is
/// one, as states of earlier releases have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum After {
    Number(i64),
    Text(String),
}

impl After {
    pub(crate) fn new(key: &Key) -> Self {
        key.as_integer().map_or_else(|| Self::Text(key_row_text(key)), Self::Number)
    }

    /// Returns the key.
    ///
    /// # Errors
    /// It is not one of the table: its key has other columns than when it was written.
    pub(crate) fn key(&self, table: &Table) -> Result<Key, RowTextError> {
        match self {
            Self::Number(number) => read_key(table, &number.to_string()),
            Self::Text(text) => read_key(table, text),
        }
    }
}

impl Progress {
    pub(crate) fn sum(&self) -> ContentSum {
        ContentSum::parse(self.manifest.rows, &self.manifest.checksum).unwrap_or_default()
    }
}

impl State {
    pub(crate) fn new(backup: BackupId, tables: Vec<String>, codec: Codec) -> Self {
        let now = time_text(Timestamp::now());
        Self {
            backup,
            status: Status::Running,
            tables,
            codec,
            started_at: now.clone(),
            active_at: now,
            finished_at: None,
            snapshots: 0,
            halvings: 0,
            invocations: 0,
            error: None,
            next_part: IndexMap::new(),
            event_due: false,
            cursor: None,
        }
    }

    /// Returns true if its status is running, but no function can be working on it any more.
    pub(crate) fn is_interrupted(&self, now: Timestamp) -> bool {
        let idle = now.duration_since(read_time(&self.active_at));
        self.status == Status::Running && Duration::try_from(idle).is_ok_and(|idle| idle > LONGEST_WORK)
    }

    /// Ends it as failed.
    pub(crate) fn fail(&mut self, reason: String) {
        self.status = Status::Failed;
        self.error = Some(reason);
        self.finished_at = Some(time_text(Timestamp::now()));
        self.cursor = None;
    }
}

/// The state of a backup, held by its last writer: it can be written only as long as no other
/// function has written it.
#[derive(Debug)]
pub(crate) struct VersionedState<S> {
    store: S,
    pub(crate) state: State,
    pub(crate) etag: String,
}

impl<S: Store> VersionedState<S> {
    /// Notes a new backup.
    ///
    /// # Errors
    /// [`BackupError::Taken`] where there is one of this id.
    pub(crate) async fn create(store: &S, state: State) -> Result<Self, BackupError> {
        let key = state_key(&state.backup);
        match store.put(&key, serde_json::to_vec(&state)?.into(), When::New).await? {
            Put::Written(etag) => Ok(Self { store: store.clone(), state, etag }),
            Put::Refused => Err(BackupError::Taken { key }),
        }
    }

    /// Reads the state of a backup, if it has one.
    pub(crate) async fn read(store: &S, backup: &BackupId) -> Result<Option<Self>, BackupError> {
        let Some(object) = store.get(&state_key(backup), MAX_STATE).await? else { return Ok(None) };
        let state = serde_json::from_slice(&object.content)?;
        Ok(Some(Self { store: store.clone(), state, etag: object.etag }))
    }

    /// Writes the state, with the current time.
    ///
    /// # Errors
    /// [`BackupError::Ended`] where somebody else has written it since.
    pub(crate) async fn save(&mut self) -> Result<(), BackupError> {
        self.state.active_at = time_text(Timestamp::now());
        let json = serde_json::to_vec(&self.state)?;
        let key = state_key(&self.state.backup);
        match self.store.put(&key, json.into(), When::Is(&self.etag)).await? {
            Put::Written(etag) => self.etag = etag,
            Put::Refused => return Err(BackupError::Ended),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bucket::MemoryBucket;
    use domain::dictionary::Dictionary;
    use domain::value::Value;

    use super::*;

    fn state() -> State {
        State::new(BackupId::new(1_795_226_400, 1), vec!["tags".to_owned()], Codec::Deflate)
    }

    #[tokio::test]
    async fn only_the_one_who_wrote_last_writes_again() {
        let store = MemoryBucket::default();
        let mut first = VersionedState::create(&store, state()).await.unwrap();
        assert!(matches!(VersionedState::create(&store, state()).await, Err(BackupError::Taken { .. })));
        let mut second = VersionedState::read(&store, &first.state.backup).await.unwrap().unwrap();
        // Equal states have equal ETags, and overwriting one with the other loses nothing.
        tokio::time::sleep(Duration::from_millis(2)).await;
        second.save().await.unwrap();
        second.save().await.unwrap();
        assert!(matches!(first.save().await, Err(BackupError::Ended)));
    }

    #[test]
    fn nobody_works_longer_than_lambda_lets_them() {
        let mut state = state();
        let active = read_time(&state.active_at);
        assert!(!state.is_interrupted(active + Duration::from_secs(15 * 60)));
        assert!(state.is_interrupted(active + Duration::from_secs(17 * 60)));
        assert!(!state.is_interrupted(active - Duration::from_secs(3600)), "clocks differ");
        state.fail("why".to_owned());
        assert!(!state.is_interrupted(active + Duration::from_secs(17 * 60)));
    }

    #[test]
    fn a_table_continues_behind_a_key_of_any_shape() {
        let text = r#"
            [[table]]
            name = "one"
            columns = [{ name = "id", type = "integer", key = true }]
            [[table]]
            name = "two"
            columns = [
                { name = "code", type = "string(9)", key = true },
                { name = "line", type = "smallint", key = true },
            ]
        "#;
        let dictionary = Dictionary::parse("test", text).unwrap();
        let (one, two) = (dictionary.table("one").unwrap(), dictionary.table("two").unwrap());
        // As the release before wrote it.
        let number: After = serde_json::from_str("-7").unwrap();
        assert_eq!(number.key(one).unwrap(), Key::from(-7));
        assert_eq!(serde_json::to_string(&After::new(&Key::from(-7))).unwrap(), "-7");
        assert!(number.key(two).is_err());
        let key = Key::of([&Value::Text("a,\"\u{7} ".into()), &Value::Integer(3)]).unwrap();
        let json = serde_json::to_string(&After::new(&key)).unwrap();
        let read: After = serde_json::from_str(&json).unwrap();
        assert_eq!(read.key(two).unwrap(), key);
        assert!(read.key(one).is_err());
    }
}
