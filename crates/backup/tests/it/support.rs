//! A database, a bucket in memory, and what proves a backup.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aurora::Deadline;
use aurora::snapshot::{content_sum, nullable};
use backup::{BackupError, Backups, Continuation, ContinuationError, Done, Options, Times, Unfinished};
use bucket::FaultyBucket;
use domain::avro::{Block, FileReader, Resolution};
use domain::backup::{BackupId, Manifest, folder, manifest_key, state_key};
use domain::dictionary::{Dictionary, Table};
use domain::row_text::{ContentSum, write_row_text};
use event_bus::EventBus;
use serde_json::Value;
use sha2::{Digest, Sha256};
use testkit::local_data_api::Config;
use testkit::{TestDatabase, numbers};

/// The invocations that were asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calls {
    asked: Arc<Mutex<Vec<Unfinished>>>,
    pub(crate) refuse: Arc<AtomicBool>,
}

impl Calls {
    /// Takes the oldest continuation that has not been taken.
    pub(crate) fn take(&self) -> Option<Unfinished> {
        let mut asked = self.asked.lock().unwrap();
        (!asked.is_empty()).then(|| asked.remove(0))
    }
}

impl Continuation<Unfinished> for Calls {
    async fn continue_later(&self, work: Unfinished) -> Result<(), ContinuationError> {
        if self.refuse.load(Ordering::Relaxed) {
            return Err(ContinuationError("refused by the test".into()));
        }
        self.asked.lock().unwrap().push(work);
        Ok(())
    }
}

pub(crate) struct World {
    pub(crate) db: TestDatabase,
    pub(crate) store: FaultyBucket,
    pub(crate) calls: Calls,
    pub(crate) options: Options,
    pub(crate) events: EventBus,
    pub(crate) dictionary: &'static Dictionary,
}

pub(crate) fn dictionary() -> &'static Dictionary {
    testkit::dictionary()
}

/// A minute, in one invocation.
pub(crate) fn long() -> Times {
    Times::before(Deadline::after(Duration::from_secs(60)))
}

/// An invocation that is over with its first page.
pub(crate) fn one_page() -> Times {
    Times { until: Deadline::after(Duration::ZERO), deadline: Deadline::after(Duration::from_secs(60)) }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Over a Data API that is set up otherwise.
    pub(crate) async fn start_with(configure: impl FnOnce(&mut Config)) -> Self {
        let db = TestDatabase::start_with(configure).await.unwrap();
        db.migrate().await.unwrap();
        let (store, calls, options) = (FaultyBucket::default(), Calls::default(), Options::default());
        let events = EventBus::default();
        Self { db, store, calls, options, events, dictionary: dictionary() }
    }

    /// With this many rows in each table: the first page has a thousand of them, the next ones some
    /// ten thousand.
    pub(crate) async fn with_rows(rows: u32) -> Self {
        let world = Self::start().await;
        world.add_rows(rows).await;
        world
    }

    /// Adds this many rows to each of collections, tags and documents.
    pub(crate) async fn add_rows(&self, rows: u32) {
        for sql in [
            "INSERT INTO collections SELECT seq, CONCAT('Collection ', SHA2(seq, 224))",
            "INSERT INTO tags SELECT seq, CONCAT('Tag 😀 ', SHA2(seq, 224))",
            "INSERT INTO documents SELECT seq, CONCAT('Name, ', SHA2(seq, 224)), '2021-01-01' + INTERVAL seq MINUTE, seq, seq",
        ] {
            self.sql(&format!("{sql} FROM {}", numbers(rows))).await;
        }
    }

    pub(crate) fn backups(&self) -> Backups<FaultyBucket, Calls> {
        Backups {
            database: self.db.database(),
            store: self.store.clone(),
            continuation: self.calls.clone(),
            events: self.events.clone(),
            dictionary: self.dictionary,
            dictionary_version: &testkit::folder().version,
            options: self.options,
        }
    }

    fn table(&self, name: &str) -> &'static Table {
        self.dictionary.table(name).unwrap()
    }

    pub(crate) async fn make(&self, tables: &[&str], times: Times) -> Result<Done, BackupError> {
        let tables: Vec<&Table> = tables.iter().map(|name| self.table(name)).collect();
        self.backups().make(&tables, times).await
    }

    /// The tables of [`add_rows`](Self::add_rows), in one invocation.
    pub(crate) async fn make_all(&self) -> Done {
        self.make(&["collections", "tags", "documents"], long()).await.unwrap()
    }

    pub(crate) async fn sql(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.db.sql(sql).await.unwrap()
    }

    /// Returns the database's checksum of a table right now.
    pub(crate) async fn sum(&self, table: &str) -> ContentSum {
        let (database, of) = (self.db.database(), self.table(table));
        let nullable = nullable(&database, table, of).await.unwrap();
        content_sum(&database, table, of, &nullable).await.unwrap()
    }

    pub(crate) fn manifest(&self, backup: &BackupId) -> Option<Manifest> {
        let json = self.store.content(&manifest_key(backup))?;
        Some(Manifest::parse_of(backup, &json).unwrap())
    }

    pub(crate) fn state(&self, backup: &BackupId) -> Value {
        serde_json::from_slice(&self.store.content(&state_key(backup)).unwrap()).unwrap()
    }

    pub(crate) fn files(&self) -> Vec<String> {
        self.store.keys().into_iter().filter(|key| key.ends_with(".avro")).collect()
    }

    /// Every file is what the manifest says, and nothing else is there.
    pub(crate) fn check(&self, manifest: &Manifest) {
        let mut named = Vec::new();
        for (name, table) in &manifest.tables {
            let of = self.table(name);
            let mut sum = ContentSum::default();
            for file in &table.files {
                let key = folder(&manifest.backup) + &file.key;
                let content = self.store.content(&key).unwrap();
                assert_eq!(content.len() as u64, file.bytes, "{key}");
                let sha256: String =
                    Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(sha256, file.sha256, "{key}");
                let before = sum.rows();
                decode(&content[..], of, &table.schema_fingerprint, &mut sum);
                assert_eq!(sum.rows() - before, file.rows, "{key}");
                named.push(key);
            }
            assert_eq!((sum.rows(), sum.checksum()), (table.rows, table.checksum.clone()), "{name}");
        }
        let prefix = folder(&manifest.backup);
        let there: Vec<String> = self.files().into_iter().filter(|key| key.starts_with(&prefix)).collect();
        named.sort();
        assert_eq!(there, named);
    }
}

fn decode(content: impl Read, table: &Table, fingerprint: &str, sum: &mut ContentSum) {
    let mut reader = FileReader::open(content).unwrap();
    assert_eq!(reader.writer_schema().fingerprint(), fingerprint);
    assert_eq!(reader.meta("rowgate.table"), Some(table.name()));
    let nullable = vec![true; table.columns().len()];
    let resolution = Resolution::new(reader.writer_schema(), table, &nullable).unwrap();
    let (mut block, mut text) = (Block::default(), String::new());
    while reader.next_block(&mut block).unwrap() {
        resolution
            .decode(&block, |read, _| {
                text.clear();
                write_row_text(read, &mut text);
                sum.add(text.as_bytes());
            })
            .unwrap();
    }
}
