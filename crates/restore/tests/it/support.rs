//! A function over a database of its own, and backups as the backup function writes them.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aurora::snapshot::Snapshot;
use aurora::{Database, Deadline};
use bucket::FaultyBucket;
use domain::avro::{Codec, FileWriter, Meta, Schema};
use domain::backup::{
    BackupId, FileManifest, MANIFEST_FORMAT, Manifest, ManifestLoads, RestoreId, TableManifest, folder,
    manifest_key, part_name,
};
use domain::dictionary::{Column, Dictionary, Table};
use domain::row_text::{ContentSum, write_row_text};
use domain::value::{CivilDate, CivilTime, Timestamp, Value};
use event_bus::EventBus;
use restore::{
    Answer, Continuation, ContinuationError, InvocationError, Options, Restored, Restorer, Unfinished, invoke,
};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use testkit::TestDatabase;

/// A backup of this morning.
pub(crate) const BACKUP: &str = "20261121-020000-00000001";

/// The default time of one invocation.
pub(crate) const INVOCATION: Duration = Duration::from_secs(120);

/// A row of a backup.
pub(crate) type Row = Vec<Value<'static>>;

/// Remembers which restores are to be continued, and if the last one belongs to a drill.
#[derive(Debug, Clone, Default)]
pub(crate) struct Next(pub(crate) Arc<Mutex<Vec<RestoreId>>>, pub(crate) Arc<AtomicBool>);

impl Continuation<Unfinished> for Next {
    async fn continue_later(&self, work: Unfinished) -> Result<(), ContinuationError> {
        self.1.store(work.drill, Ordering::Relaxed);
        self.0.lock().unwrap().push(work.restore);
        Ok(())
    }
}

pub(crate) struct World {
    pub(crate) db: TestDatabase,
    pub(crate) bucket: FaultyBucket,
    pub(crate) next: Next,
    pub(crate) events: EventBus,
    pub(crate) dictionary: &'static Dictionary,
}

/// The settings of a backup, beside its rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    pub(crate) part_rows: usize,
    pub(crate) codec: Codec,
}

impl Default for Made {
    fn default() -> Self {
        Self { part_rows: usize::MAX, codec: Codec::Deflate }
    }
}

impl World {
    /// The tables of the repository, empty.
    pub(crate) async fn start() -> Self {
        Self::over(TestDatabase::migrated().await.unwrap(), testkit::dictionary())
    }

    pub(crate) fn over(db: TestDatabase, dictionary: &'static Dictionary) -> Self {
        let (bucket, next) = (FaultyBucket::default(), Next::default());
        Self { db, bucket, next, events: EventBus::default(), dictionary }
    }

    pub(crate) fn restorer(&self) -> Restorer<FaultyBucket, Next> {
        let events = self.events.clone();
        let over = (self.bucket.clone(), self.next.clone());
        Restorer { events, ..restorer_over(self.db.database(), over.0, over.1, self.dictionary) }
    }

    pub(crate) fn table(&self, name: &str) -> &'static Table {
        self.dictionary.table(name).unwrap()
    }

    pub(crate) async fn sql(&self, sql: &str) {
        self.db.sql(sql).await.unwrap();
    }

    /// Invokes the function once.
    pub(crate) async fn invoke(&self, payload: Json) -> Result<Answer, InvocationError> {
        self.invoke_within(payload, INVOCATION).await
    }

    pub(crate) async fn invoke_within(
        &self,
        payload: Json,
        time: Duration,
    ) -> Result<Answer, InvocationError> {
        invoke(&self.restorer(), payload, Deadline::after(time)).await
    }

    /// Invokes the function for a restore that ends well.
    pub(crate) async fn restore(&self, payload: Json) -> Restored {
        match self.invoke(payload).await {
            Ok(Answer::Restored(restored)) => restored,
            other => panic!("{other:?}"),
        }
    }

    /// Invokes the function for a restore that fails; gives back the reason.
    pub(crate) async fn fails(&self, payload: Json) -> String {
        let tables = self.tables().await;
        let error = self.invoke(payload).await.unwrap_err();
        let InvocationError::Failed { restore, reason } = error else { panic!("{error}") };
        let status = format!("SELECT status FROM rowgate_restores WHERE restore_id = '{restore}'");
        assert_eq!(self.db.value(&status).await.unwrap(), "failed");
        assert_eq!(self.tables().await, tables, "a failed restore left something: {reason}");
        reason.strip_suffix("; the tables are as they were before").expect(&reason).to_owned()
    }

    /// The names of all tables that are not the ledger's.
    pub(crate) async fn tables(&self) -> Vec<String> {
        let sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() \
                   AND (table_name NOT LIKE 'rowgate%' OR table_name RLIKE '^rowgate_(new|swap|swapped)_[0-9]' \
                   OR table_name LIKE 'rowgate_previous%') ORDER BY 1";
        self.db.sql(sql).await.unwrap().into_iter().filter_map(|row| row[0].clone()).collect()
    }

    /// A table's rows as text, by their key.
    pub(crate) async fn rows(&self, table: &str) -> Vec<Vec<Option<String>>> {
        let key: Vec<&str> = self.table(table).key_columns().map(Column::name).collect();
        self.db.sql(&format!("SELECT * FROM `{table}` ORDER BY {}", key.join(", "))).await.unwrap()
    }

    /// Writes a backup of these tables.
    pub(crate) async fn back_up(&self, id: &str, tables: &[(&str, &[Row])], made: Made) -> Manifest {
        let mut contents = Vec::new();
        for (name, rows) in tables {
            let table = self.table(name);
            contents.push((table, nullable(&self.db.database(), table).await, *rows));
        }
        let manifest = write_backup(&self.bucket, id, &contents, made);
        self.put_manifest(&manifest);
        manifest
    }

    /// Writes a backup of all tables: these rows, and none of the other tables.
    pub(crate) async fn back_up_all(&self, id: &str, rows: &[(&str, &[Row])]) -> Manifest {
        let rows_of = |name: &str| {
            let named = rows.iter().find(|(table, _)| *table == name);
            named.map_or(&[][..], |(_, rows)| *rows)
        };
        let tables: Vec<(&str, &[Row])> =
            testkit::tables().into_iter().map(|table| (table, rows_of(table))).collect();
        self.back_up(id, &tables, Made::default()).await
    }

    pub(crate) fn put_manifest(&self, manifest: &Manifest) {
        self.bucket.insert(&manifest_key(&manifest.backup), manifest.to_json().unwrap());
    }

    /// Puts another content in the place of a part, and makes the manifest agree with it.
    pub(crate) fn forge(&self, manifest: &mut Manifest, table: &str, part: usize, content: Vec<u8>) {
        let entry = manifest.tables.get_mut(table).unwrap();
        let file = &mut entry.files[part];
        file.bytes = content.len() as u64;
        file.sha256 = hex(&content);
        entry.bytes = entry.files.iter().map(|file| file.bytes).sum();
        self.bucket.insert(&key(manifest, table, part), content);
        self.put_manifest(manifest);
    }

    /// The content of a part.
    pub(crate) fn part(&self, manifest: &Manifest, table: &str, part: usize) -> Vec<u8> {
        self.bucket.content(&key(manifest, table, part)).unwrap().to_vec()
    }
}

pub(crate) fn restorer_over(
    database: Database,
    store: FaultyBucket,
    continuation: Next,
    dictionary: &'static Dictionary,
) -> Restorer<FaultyBucket, Next> {
    let (events, options) = (EventBus::default(), Options::default());
    Restorer { database, store, continuation, events, dictionary, options }
}

pub(crate) async fn nullable(database: &Database, table: &Table) -> Vec<bool> {
    let snapshot = Snapshot::take(database, &[]).await.unwrap();
    let nullable = snapshot.nullable(table).await.unwrap();
    snapshot.end().await;
    nullable
}

/// The key of a part.
pub(crate) fn key(manifest: &Manifest, table: &str, part: usize) -> String {
    folder(&manifest.backup) + &manifest.tables[table].files[part].key
}

pub(crate) fn hex(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the part files of a backup and gives back its manifest, which is not written.
pub(crate) fn write_backup(
    bucket: &FaultyBucket,
    id: &str,
    tables: &[(&Table, Vec<bool>, &[Row])],
    made: Made,
) -> Manifest {
    let backup = BackupId::parse(id).unwrap();
    let tables = tables.iter().map(|(table, nullable, rows)| {
        let schema = Schema::of(table, nullable);
        let mut sum = ContentSum::default();
        let mut files = Vec::new();
        let mut text = String::new();
        let mut parts: Vec<&[Row]> = rows.chunks(made.part_rows.min(rows.len().max(1))).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        for (part, rows) in (0..).zip(parts) {
            let version = &testkit::folder().version;
            let meta = Meta { backup: backup.as_str(), part, dictionary: version, version: "0.1.0" };
            let mut writer = FileWriter::new(&schema, &meta, made.codec, [7; 16]).unwrap();
            for row in rows {
                text.clear();
                write_row_text(row, &mut text);
                sum.add(text.as_bytes());
                writer.push(row).unwrap();
            }
            let content = writer.finish().unwrap();
            let name = part_name(table.name(), part);
            files.push(FileManifest {
                key: name.clone(),
                rows: rows.len() as u64,
                bytes: content.len() as u64,
                sha256: hex(&content),
            });
            bucket.insert(&(folder(&backup) + &name), content);
        }
        let manifest = TableManifest {
            rows: sum.rows(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            checksum: sum.checksum(),
            schema_fingerprint: schema.fingerprint().to_owned(),
            columns: table.columns().iter().map(|column| column.name().to_owned()).collect(),
            files,
        };
        (table.name().to_owned(), manifest)
    });
    let time = format!("{}-{}-{}T02:00:00.000Z", &id[..4], &id[4..6], &id[6..8]);
    Manifest {
        format: MANIFEST_FORMAT,
        rowgate: "0.1.0".to_owned(),
        dictionary: testkit::folder().version.clone(),
        snapshot_time: time.clone(),
        started_at: time.clone(),
        finished_at: time,
        codec: made.codec,
        loads: ManifestLoads::default(),
        tables: tables.collect(),
        backup,
    }
}

pub(crate) fn text(text: impl Into<String>) -> Value<'static> {
    Value::Text(Cow::Owned(text.into()))
}

/// Tags or collections with these ids.
pub(crate) fn named(ids: impl IntoIterator<Item = i64>) -> Vec<Row> {
    ids.into_iter().map(|id| vec![Value::Integer(id), text(format!("Name {id}"))]).collect()
}

/// Documents with these ids; some lack a collection or a tag.
pub(crate) fn documents(ids: impl IntoIterator<Item = i64>) -> Vec<Row> {
    let day = CivilDate::new(2021, 7, 27).unwrap();
    let reference = |id: i64, every: i64| if id % every == 0 { Value::Null } else { Value::Integer(id % 90) };
    let document = |id: i64| {
        let second = u8::try_from(id.rem_euclid(60)).unwrap();
        let time = CivilTime::new(16, second, second).unwrap();
        vec![
            Value::Integer(id),
            text(format!("Document {id} of many")),
            Value::Timestamp(Timestamp::of_second(day, time)),
            reference(id, 7),
            reference(id, 11),
        ]
    };
    ids.into_iter().map(document).collect()
}

/// The payload of a restore of [`BACKUP`].
pub(crate) fn all_of_it() -> Json {
    json!({ "backup": BACKUP })
}
