//! A loader over a database of its own.

use std::io::Write;
use std::time::Duration;

use aurora::{Deadline, loads};
use bucket::FaultyBucket;
use domain::dictionary::Dictionary;
use domain::folder::TableFolder;
use domain::load::{LoadId, LoadPath, LoadRecord};
use loader::{Delivered, LoadError, Loader, ObjectCreated, Options, load};
use testkit::TestDatabase;
use testkit::local_data_api::{Config, MemoryObjects, Objects};

use crate::cloud::{BUCKET, Messages, OPTIONS, loader_over};

pub(crate) struct World {
    pub(crate) db: TestDatabase,
    pub(crate) store: FaultyBucket,
    pub(crate) options: Options,
    dictionary: &'static Dictionary,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Over a Data API that is set up otherwise.
    pub(crate) async fn start_with(configure: impl FnOnce(&mut Config)) -> Self {
        Self::over(testkit::folder(), configure).await
    }

    /// With a loader that sends parts, and a database that may load them.
    pub(crate) async fn by_parts() -> Self {
        let world = Self::start().await;
        world.db.let_load_from_s3().await.unwrap();
        Self { options: Options { path: LoadPath::S3, ..world.options }, ..world }
    }

    /// One whose loader sends statements, and one whose loader sends parts.
    pub(crate) async fn both_ways() -> [Self; 2] {
        [Self::start().await, Self::by_parts().await]
    }

    /// The same with other tables.
    pub(crate) async fn over(folder: &'static TableFolder, configure: impl FnOnce(&mut Config)) -> Self {
        let store = FaultyBucket::named(BUCKET);
        let objects = store.clone();
        let find = move |bucket: &str, key: &str| {
            let content = (bucket == BUCKET).then(|| objects.content(key)).flatten();
            content.map(|content| content.to_vec())
        };
        let with_objects = |config: &mut Config| {
            config.objects = Objects::Memory(MemoryObjects::new(find));
            configure(config);
        };
        let db = TestDatabase::start_with(with_objects).await.unwrap();
        db.migrate_with(folder).await.unwrap();
        Self { db, store, options: OPTIONS, dictionary: &folder.dictionary }
    }

    pub(crate) fn loader(&self) -> Loader<FaultyBucket, Messages> {
        let Self { options, dictionary, .. } = *self;
        Loader { options, dictionary, ..loader_over(&self.db, self.store.clone()) }
    }

    /// Puts an object, without an event.
    pub(crate) fn put(&self, key: &str, version: &str, content: impl AsRef<[u8]>) -> ObjectCreated {
        let content = content.as_ref().to_vec();
        let size = content.len() as u64;
        self.store.insert_version(key, version, content);
        ObjectCreated {
            bucket: BUCKET.to_owned(),
            key: key.to_owned(),
            version: Some(version.to_owned()),
            identity: version.to_owned(),
            etag: None,
            size,
            target: None,
        }
    }

    /// Delivers the event of an object once.
    pub(crate) async fn deliver(&self, object: &ObjectCreated) -> Result<Delivered, LoadError> {
        self.deliver_within(object, Duration::from_secs(60)).await
    }

    /// The same, to a function with less time.
    pub(crate) async fn deliver_within(
        &self,
        object: &ObjectCreated,
        time: Duration,
    ) -> Result<Delivered, LoadError> {
        load(&self.loader(), object, Deadline::after(time), false).await
    }

    /// Puts an object, delivers its event, and gives back what the ledger says.
    pub(crate) async fn drop_file(&self, key: &str, content: impl AsRef<[u8]>) -> LoadRecord {
        let object = self.put(key, "v1", content);
        self.deliver(&object).await.unwrap();
        self.record(&object).await
    }

    pub(crate) async fn record(&self, object: &ObjectCreated) -> LoadRecord {
        let id = LoadId::of_object(&object.bucket, &object.key, &object.identity);
        let record = loads::get(&self.db.database(), &id).await.unwrap().unwrap();
        assert_eq!(record.rows_read, record.rows_loaded + record.rows_rejected, "{record:?}");
        record
    }

    pub(crate) async fn count(&self, table: &str) -> u64 {
        self.db.value(&format!("SELECT COUNT(*) FROM {table}")).await.unwrap().parse().unwrap()
    }

    /// The keys of all parts that are left.
    pub(crate) fn parts(&self) -> Vec<String> {
        self.store.keys().into_iter().filter(|key| key.starts_with("rowgate/parts/")).collect()
    }

    /// The keys of all rejects files.
    pub(crate) fn rejects_keys(&self) -> Vec<String> {
        self.store.keys().into_iter().filter(|key| key.starts_with("rejected/")).collect()
    }

    /// The only rejects file there is.
    pub(crate) fn rejects(&self) -> String {
        let keys = self.rejects_keys();
        assert_eq!(keys.len(), 1, "{keys:?}");
        self.store.text(&keys[0]).unwrap()
    }
}

/// A text packed with gzip.
pub(crate) fn gzip(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_ref()).unwrap();
    packed.finish().unwrap()
}

/// Read, loaded, rejected.
pub(crate) fn figures(record: &LoadRecord) -> (u64, u64, u64) {
    (record.rows_read, record.rows_loaded, record.rows_rejected)
}

/// A file of tags with these ids.
pub(crate) fn tags(ids: impl IntoIterator<Item = u64>) -> String {
    ids.into_iter()
        .map(|id| format!("{id},Tag {id} with a name that makes a file of some chunks\n"))
        .collect()
}
