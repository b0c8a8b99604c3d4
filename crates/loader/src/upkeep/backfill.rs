//! Files that were in a bucket before anyone told the queue of them: found, and queued to be loaded like any other.
//!
//! Nothing is loaded twice: what the ledger knows is passed over, and a load's id is that of the object's version,
//! however its message came to be. So a backfill may be repeated, at the same time even. Loads that were given up are
//! queued once more, and go on where they stopped.

use std::time::Duration;

use aurora::{Database, Deadline, loads};
use domain::dictionary::{Dictionary, LoadMode};
use domain::load::{INCOMING, Incoming, KeyError, LoadId, no_data, no_data_below};
use serde::{Deserialize, Serialize};

use crate::listing::{List, Listed};
use crate::queue::event::{ObjectCreated, Told};
use crate::queue::{Queue, QueueError};
use crate::store::StoreError;

/// How long one call works: the AWS CLI gives up on an answer after 60 seconds, and a page begun is finished.
const WORK_TIME: Duration = Duration::from_secs(30);

/// Ignored files that an answer names at most, with keys of up to a kilobyte and a reason each.
const MAX_IGNORED: usize = 100;

/// Classes of storage whose objects have to be restored before they can be read.
const ARCHIVES: [&str; 2] = ["GLACIER", "DEEP_ARCHIVE"];

/// What is to be loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backfill {
    /// What the keys begin with.
    pub prefix: String,
    /// The bucket; the data bucket unless given.
    pub bucket: Option<String>,
    /// The table of all the files, whatever their keys say.
    pub table: Option<String>,
    /// What to do with ids that are taken, whatever the keys say; `replace` is refused.
    pub mode: Option<String>,
    /// The key to go on after: `next` of the answer before.
    pub after: Option<String>,
    /// Whether to only count.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a call did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Backfilled {
    /// Files queued; of a dry run, those that would be.
    pub queued: u64,
    /// Files passed over because the ledger has them, whether their loads completed or failed.
    pub known: u64,
    /// Files that cannot be loaded, each with the reason; at most [`MAX_IGNORED`].
    pub ignored: Vec<String>,
    /// How many those are in all.
    pub ignored_count: u64,
    /// The key after which the next call goes on; `None` when all is done.
    pub next: Option<String>,
}

/// Why a backfill stops. What was queued before stays queued.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    /// The table or mode asked for does not exist.
    #[error(transparent)]
    Told(#[from] KeyError),
    /// Files that replace a table, in no order.
    #[error("a backfill cannot replace a table: of several files only the one loaded last would stay")]
    Replace,
    /// A part of the data bucket that is none of the files to load.
    #[error("the data bucket holds files to load under {INCOMING} alone; the prefix must begin with that")]
    Prefix,
    /// S3.
    #[error("the bucket {bucket} cannot be listed (is it one of readBuckets?)")]
    Store {
        /// The bucket.
        bucket: String,
        /// What S3 said.
        source: StoreError,
    },
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The database.
    #[error(transparent)]
    Database(#[from] aurora::Error),
}

/// What a backfill works with.
#[derive(Debug, Clone, Copy)]
pub struct Backfiller<'a, L, Q> {
    /// Where the ledger is.
    pub database: &'a Database,
    /// What keys and requests are read by.
    pub dictionary: &'a Dictionary,
    /// The data bucket.
    pub bucket: &'a str,
    /// Where objects are.
    pub store: &'a L,
    /// Where messages go.
    pub queue: &'a Q,
}

/// An object that can be loaded.
struct Found<'a> {
    object: &'a Listed,
    incoming: Incoming<'a>,
    id: LoadId,
}

impl<L: List, Q: Queue> Backfiller<'_, L, Q> {
    /// Queues what lies under a prefix and was never loaded, for half a minute or until shortly before `deadline`.
    ///
    /// # Errors
    /// [`BackfillError`]; called again with the same request, it goes on.
    pub async fn run(&self, request: &Backfill, deadline: Deadline) -> Result<Backfilled, BackfillError> {
        self.check(request)?;
        let bucket = request.bucket.as_deref().unwrap_or(self.bucket);
        // A page takes a few seconds, and some more while the database resumes.
        let until = Deadline::after(WORK_TIME.min(deadline.remaining() / 2));
        let mut done = Backfilled { next: request.after.clone(), ..Backfilled::default() };
        loop {
            let page = self.store.list(bucket, &request.prefix, done.next.as_deref()).await;
            let page = page.map_err(|source| BackfillError::Store { bucket: bucket.to_owned(), source })?;
            let mut found = Vec::with_capacity(page.objects.len());
            let mut ignored = Vec::new();
            // What the console of S3 makes for a folder is no file.
            for object in
                page.objects.iter().filter(|object| !(object.key.ends_with('/') && object.size == 0))
            {
                match self.judge(request, bucket, object) {
                    Ok(object) => found.push(object),
                    Err(reason) => ignored.push(format!("{}: {reason}", object.key)),
                }
            }
            let listed = found.len();
            self.pass_over_known(bucket, &mut found).await?;
            let known = listed - found.len();
            ignored.extend(self.refuse_replaces(&mut found).await?);
            done.ignored_count += ignored.len() as u64;
            ignored.sort_unstable();
            ignored.truncate(MAX_IGNORED - done.ignored.len());
            done.ignored.append(&mut ignored);
            if !request.dry_run {
                let bodies: Vec<String> =
                    found.iter().map(|found| created(request, bucket, found).message()).collect();
                self.queue.send_all(&bodies).await?;
            }
            done.queued += found.len() as u64;
            done.known += known as u64;
            done.next = page.next;
            if done.next.is_none() || until.is_over() {
                tracing::info!(
                    backfill.queued = done.queued,
                    backfill.known = done.known,
                    backfill.ignored = done.ignored_count,
                    backfill.dry_run = request.dry_run,
                    backfill.ended = done.next.is_none(),
                    "backfill looked"
                );
                return Ok(done);
            }
        }
    }

    /// Refuses what no file could be loaded by, before anything is listed.
    fn check(&self, request: &Backfill) -> Result<(), BackfillError> {
        let is_data_bucket = request.bucket.as_deref().is_none_or(|bucket| bucket == self.bucket);
        if is_data_bucket && !request.prefix.starts_with(INCOMING) {
            return Err(BackfillError::Prefix);
        }
        if let Some(mode) = &request.mode {
            match LoadMode::from_name(mode) {
                None => return Err(KeyError::UnknownMode(mode.clone()).into()),
                Some(LoadMode::Replace) => return Err(BackfillError::Replace),
                Some(_) => {}
            }
        }
        if let Some(table) = &request.table {
            Incoming::for_table(self.dictionary, "any.csv", table, request.mode.as_deref())?;
        }
        Ok(())
    }

    /// Whether an object can be loaded, and if not, why.
    fn judge<'o>(
        &'o self,
        request: &Backfill,
        bucket: &str,
        object: &'o Listed,
    ) -> Result<Found<'o>, String> {
        if let Some(what) = marker(request, &object.key) {
            return Err(format!("it is {what}"));
        }
        let read =
            |table: &str| Incoming::for_table(self.dictionary, &object.key, table, request.mode.as_deref());
        let incoming = match (&request.table, &request.mode) {
            (Some(table), _) => read(table),
            (None, None) => Incoming::from_key(self.dictionary, &object.key),
            (None, Some(_)) => {
                Incoming::from_key(self.dictionary, &object.key).and_then(|named| read(named.table.name()))
            }
        };
        let incoming = incoming.map_err(|error| error.to_string())?;
        if let Some(class) = object.storage_class.as_deref().filter(|class| ARCHIVES.contains(class)) {
            return Err(format!("it is archived ({class}); restore a copy of it and load that"));
        }
        Ok(Found { object, incoming, id: LoadId::of_object(bucket, &object.key, identity(object)) })
    }

    /// Leaves replaces only where one was begun and given up: of several files only the one loaded last would stay.
    async fn refuse_replaces(&self, found: &mut Vec<Found<'_>>) -> Result<Vec<String>, BackfillError> {
        let is_replace = |found: &Found<'_>| found.incoming.mode == LoadMode::Replace;
        let ids: Vec<LoadId> =
            found.iter().filter(|found| is_replace(found)).map(|found| found.id.clone()).collect();
        let begun = loads::given_up_loads(self.database, &ids).await?;
        let mut refused = Vec::new();
        found.retain(|found| {
            let may_go_on = !is_replace(found) || begun.contains(&found.id);
            if !may_go_on {
                let key = &found.object.key;
                refused.push(format!("{key}: it would replace the table; drop it again if that is meant"));
            }
            may_go_on
        });
        Ok(refused)
    }

    /// Leaves those that the ledger does not have.
    async fn pass_over_known(&self, bucket: &str, found: &mut Vec<Found<'_>>) -> Result<(), BackfillError> {
        let ids: Vec<LoadId> = found.iter().map(|found| found.id.clone()).collect();
        let known = loads::known_loads(self.database, &ids).await?;
        found.retain(|found| !known.contains(&found.id));
        // Without versions, the events of S3 and the listing have only the content's tag in common.
        let unversioned: Vec<(&str, &str)> = found
            .iter()
            .filter(|found| found.object.version.is_none())
            .map(|found| (&*found.object.key, &*found.object.etag))
            .collect();
        let known = loads::known_contents(self.database, bucket, &unversioned).await?;
        found.retain(|Found { object, .. }| {
            object.version.is_some() || !known.contains(&(object.key.clone(), object.etag.clone()))
        });
        Ok(())
    }
}

/// What an object is that is no file to load, if its key says so. Where the table is told, folders count that are below
/// the one that the prefix names.
fn marker(request: &Backfill, key: &str) -> Option<&'static str> {
    match request.table {
        None => no_data(key),
        Some(_) => {
            let named = request.prefix.rfind('/').map_or(0, |slash| slash + 1);
            no_data_below(key.get(named..).unwrap_or(key))
        }
    }
}

/// What tells this version of the object from every other, as far as a listing says.
fn identity(object: &Listed) -> &str {
    object.version.as_deref().unwrap_or(&object.etag)
}

/// What S3 would have told of the object, and what the request tells of its table and mode.
fn created(request: &Backfill, bucket: &str, found: &Found<'_>) -> ObjectCreated {
    let Found { object, incoming, .. } = found;
    let told = request.table.is_some() || request.mode.is_some();
    ObjectCreated {
        bucket: bucket.to_owned(),
        key: object.key.clone(),
        version: object.version.clone(),
        identity: identity(object).to_owned(),
        etag: Some(object.etag.clone()),
        size: object.size,
        told: told.then(|| Told {
            table: incoming.table.name().to_owned(),
            mode: Some(incoming.mode.as_str().to_owned()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use aurora::loads::NewLoad;
    use testkit::TestDatabase;

    use super::*;
    use crate::listing::memory::MemoryListing;
    use crate::queue::event::objects_created;
    use crate::queue::memory::MemoryQueue;

    const TAG: &str = "9a0364b9e99bb480dd25e1f0284c8555";

    fn listed(key: &str, version: Option<&str>) -> Listed {
        Listed {
            key: key.to_owned(),
            version: version.map(str::to_owned),
            etag: TAG.to_owned(),
            size: 7,
            storage_class: Some("STANDARD".to_owned()),
        }
    }

    fn request(prefix: &str) -> Backfill {
        Backfill { prefix: prefix.to_owned(), ..Backfill::default() }
    }

    fn for_jobs(prefix: &str) -> Backfill {
        Backfill { bucket: Some("old".to_owned()), table: Some("jobs".to_owned()), ..request(prefix) }
    }

    /// A data bucket, its queue and its ledger.
    struct World {
        test: TestDatabase,
        database: Database,
        store: MemoryListing,
        queue: MemoryQueue,
    }

    impl World {
        async fn with(objects: Vec<Listed>) -> Self {
            let test = TestDatabase::migrated().await.unwrap();
            let database = test.database();
            let store = MemoryListing { objects, page: 1000 };
            Self { test, database, store, queue: MemoryQueue::default() }
        }

        async fn try_run(&self, request: &Backfill) -> Result<Backfilled, BackfillError> {
            self.run_for(request, Duration::from_secs(60)).await
        }

        async fn run_for(&self, request: &Backfill, time: Duration) -> Result<Backfilled, BackfillError> {
            let backfiller = Backfiller {
                database: &self.database,
                dictionary: domain::shipped::dictionary().unwrap(),
                bucket: "data",
                store: &self.store,
                queue: &self.queue,
            };
            backfiller.run(request, Deadline::after(time)).await
        }

        async fn run(&self, request: &Backfill) -> Backfilled {
            self.try_run(request).await.unwrap()
        }

        /// Queued, known, ignored.
        async fn counts(&self, request: &Backfill) -> (u64, u64, u64) {
            let Backfilled { queued, known, ignored_count, .. } = self.run(request).await;
            (queued, known, ignored_count)
        }

        /// What the loader would read of the messages that were sent.
        fn sent(&self) -> Vec<ObjectCreated> {
            let sent = self.queue.sent.lock().unwrap();
            sent.iter().flat_map(|body| objects_created(body).unwrap()).collect()
        }

        fn sent_keys(&self) -> BTreeSet<String> {
            self.sent().into_iter().map(|created| created.key).collect()
        }

        /// Takes up a load, as the loader does with a message.
        async fn begin(&self, created: &ObjectCreated) -> LoadId {
            let id = LoadId::of_object(&created.bucket, &created.key, &created.identity);
            let load = NewLoad {
                id: &id,
                bucket: &created.bucket,
                key: &created.key,
                version: &created.identity,
                etag: created.etag.as_deref(),
                table: "jobs",
                mode: LoadMode::Append,
                format: Some("csv"),
                bytes: created.size,
                chunk_bytes: 262_144,
                parent: None,
            };
            loads::begin(&self.database, load).await.unwrap();
            id
        }
    }

    #[tokio::test]
    async fn queues_what_was_never_loaded_and_nothing_twice() {
        let objects = vec![
            listed("incoming/jobs/new.csv", Some("v1")),
            listed("incoming/jobs/replaced.csv", Some("v2")),
            listed("incoming/jobs/taken.csv", Some("v1")),
        ];
        let world = World::with(objects).await;
        for (key, version) in [("incoming/jobs/taken.csv", "v1"), ("incoming/jobs/replaced.csv", "v1")] {
            let mut created = created(&Backfill::default(), "data", &found(&listed(key, Some(version))));
            created.told = None;
            world.begin(&created).await;
        }
        assert_eq!(world.counts(&request("incoming/")).await, (2, 1, 0));
        assert_eq!(
            world.sent_keys(),
            ["incoming/jobs/new.csv", "incoming/jobs/replaced.csv"].map(str::to_owned).into()
        );
        for created in world.sent() {
            assert_eq!(created.told, None);
            world.begin(&created).await;
        }
        assert_eq!(world.counts(&request("incoming/")).await, (0, 3, 0));
    }

    #[tokio::test]
    async fn knows_an_object_without_versions_by_its_content() {
        let world = World::with(vec![listed("x.csv", None)]).await;
        let mut by_event = created(&for_jobs(""), "old", &found(&world.store.objects[0]));
        by_event.identity = "0055AED6DCD90281E5".to_owned();
        by_event.etag = Some("other".to_owned());
        world.begin(&by_event).await;
        assert_eq!(world.counts(&for_jobs("")).await, (1, 0, 0), "another content under the same key");
        by_event.identity = "0055AED6DCD90281E6".to_owned();
        by_event.etag = Some(TAG.to_owned());
        world.begin(&by_event).await;
        assert_eq!(world.counts(&for_jobs("")).await, (0, 1, 0));
    }

    #[tokio::test]
    async fn queues_a_load_that_was_given_up_once_more_but_none_that_failed() {
        let objects =
            ["given-up", "failed"].map(|name| listed(&format!("incoming/jobs/{name}.csv"), Some("v1")));
        let world = World::with(objects.into()).await;
        for (object, given_up) in world.store.objects.iter().zip([true, false]) {
            let id = world.begin(&created(&Backfill::default(), "data", &found(object))).await;
            let set = format!(
                "UPDATE rowgate_loads SET status = 'failed', given_up = {given_up} WHERE load_id = '{id}'"
            );
            world.test.sql(&set).await.unwrap();
        }
        assert_eq!(world.counts(&request("incoming/")).await, (1, 1, 0));
        assert_eq!(world.sent_keys(), ["incoming/jobs/given-up.csv".to_owned()].into());
    }

    #[tokio::test]
    async fn a_dry_run_counts_and_queues_nothing() {
        let world = World::with(vec![listed("incoming/jobs/x.csv", Some("v1"))]).await;
        let dry = Backfill { dry_run: true, ..request("incoming/") };
        assert_eq!(world.counts(&dry).await, (1, 0, 0));
        assert_eq!(world.sent(), []);
    }

    #[tokio::test]
    async fn says_of_every_file_that_it_ignores_why() {
        let mut archived = listed("incoming/jobs/z.csv", Some("v1"));
        archived.storage_class = Some("DEEP_ARCHIVE".to_owned());
        let mut objects: Vec<Listed> =
            ["incoming/jobs/replace/x.csv", "incoming/jobs/x.pdf", "incoming/people/x.csv", "incoming/x.csv"]
                .map(|key| listed(key, Some("v1")))
                .into();
        objects.insert(2, archived);
        let world = World::with(objects).await;
        let done = world.run(&request("incoming/")).await;
        assert_eq!((done.queued, done.ignored_count), (0, 5));
        for (ignored, expected) in done.ignored.iter().zip([
            "incoming/jobs/replace/x.csv: it would replace the table",
            "incoming/jobs/x.pdf: \"x.pdf\" cannot be read",
            "incoming/jobs/z.csv: it is archived (DEEP_ARCHIVE)",
            "incoming/people/x.csv: there is no table \"people\"",
            "incoming/x.csv: the key is neither",
        ]) {
            assert!(ignored.starts_with(expected), "{ignored}");
        }
    }

    #[tokio::test]
    async fn says_of_markers_and_unfinished_files_what_they_are() {
        let keys = [
            "incoming/jobs/_SUCCESS",
            "incoming/jobs/_temporary/0/x.csv",
            "incoming/jobs/x.csv.filepart",
            "incoming/jobs/~$x.xlsx",
        ];
        let world = World::with(keys.map(|key| listed(key, Some("v1"))).into()).await;
        let done = world.run(&request("incoming/")).await;
        assert_eq!((done.queued, done.ignored_count), (0, 4));
        for (ignored, expected) in done.ignored.iter().zip([
            "incoming/jobs/_SUCCESS: it is a marker",
            "incoming/jobs/_temporary/0/x.csv: it is in a folder for what is not ready",
            "incoming/jobs/x.csv.filepart: it is a file that is still being written",
            "incoming/jobs/~$x.xlsx: it is a lock file of Excel",
        ]) {
            assert!(ignored.starts_with(expected), "{ignored}");
        }
        // Folders count below the one that was named.
        let keys =
            ["_old/2021/_SUCCESS", "_old/2021/_temporary/x.csv", "_old/2021/x.csv", "_old/2021/y/z.csv"];
        let world = World::with(keys.map(|key| listed(key, Some("v1"))).into()).await;
        for (prefix, expected) in
            [("_old/", (2, 0, 2)), ("_old/20", (2, 0, 2)), ("_old/2021/_temp", (0, 0, 1))]
        {
            assert_eq!(world.counts(&for_jobs(prefix)).await, expected, "{prefix}");
        }
        assert_eq!(world.counts(&for_jobs("_old/2021/_temporary/")).await, (1, 0, 0));
    }

    #[tokio::test]
    async fn names_a_hundred_ignored_files_and_counts_all() {
        let objects = (0..150).map(|number| listed(&format!("incoming/jobs/{number:03}.pdf"), Some("v1")));
        let done = World::with(objects.collect()).await.run(&request("incoming/")).await;
        assert_eq!((done.ignored.len(), done.ignored_count), (100, 150));
    }

    #[tokio::test]
    async fn goes_through_all_pages_and_on_after_the_key_it_is_told() {
        let objects = (0..25).map(|number| listed(&format!("incoming/jobs/{number:03}.csv"), Some("v1")));
        let mut world = World::with(objects.collect()).await;
        world.store.page = 4;
        let after = Backfill { after: Some("incoming/jobs/019.csv".to_owned()), ..request("incoming/") };
        assert_eq!(world.run(&after).await, Backfilled { queued: 5, ..Backfilled::default() });
        assert_eq!(
            world.run(&request("incoming/")).await,
            Backfilled { queued: 25, ..Backfilled::default() }
        );
    }

    #[tokio::test]
    async fn stops_after_a_page_when_its_time_is_up_and_says_where() {
        let objects = (0..10).map(|number| listed(&format!("incoming/jobs/{number:03}.csv"), Some("v1")));
        let mut world = World::with(objects.collect()).await;
        world.store.page = 4;
        let mut wanted = request("incoming/");
        let mut pages = Vec::new();
        loop {
            let done = world.run_for(&wanted, Duration::ZERO).await.unwrap();
            pages.push((done.queued, done.next.clone()));
            wanted.after = done.next;
            if wanted.after.is_none() {
                break;
            }
        }
        let key = |number: u32| Some(format!("incoming/jobs/{number:03}.csv"));
        assert_eq!(pages, [(4, key(3)), (4, key(7)), (2, None)]);
        assert_eq!(world.sent_keys().len(), 10);
    }

    #[tokio::test]
    async fn tells_table_and_mode_to_the_loader_where_the_request_does() {
        let world = World::with(vec![listed("2021/a b+c%é&.csv", Some("v1"))]).await;
        assert_eq!(world.counts(&for_jobs("2021/")).await, (1, 0, 0));
        let sent = world.sent();
        let told = |mode: &str| Some(Told { table: "jobs".to_owned(), mode: Some(mode.to_owned()) });
        assert_eq!((&*sent[0].bucket, &*sent[0].key, sent[0].size), ("old", "2021/a b+c%é&.csv", 7));
        assert_eq!((sent[0].version.as_deref(), sent[0].told.clone()), (Some("v1"), told("append")));

        let world = World::with(vec![listed("incoming/jobs/x.csv", Some("v1"))]).await;
        let upsert = Backfill { mode: Some("upsert".to_owned()), ..request("incoming/") };
        assert_eq!(world.counts(&upsert).await, (1, 0, 0));
        assert_eq!(world.sent()[0].told, told("upsert"));
    }

    #[tokio::test]
    async fn refuses_what_no_file_could_be_loaded_by() {
        let world = World::with(vec![listed("incoming/jobs/x.csv", Some("v1"))]).await;
        let set = |table: Option<&str>, mode: Option<&str>| Backfill {
            table: table.map(str::to_owned),
            mode: mode.map(str::to_owned),
            ..request("incoming/")
        };
        for (request, expected) in [
            (request("rejected/"), "the data bucket holds files to load under incoming/ alone"),
            (request(""), "the data bucket holds files to load under incoming/ alone"),
            (set(Some("people"), None), "there is no table \"people\""),
            (set(Some("jobs"), Some("merge")), "\"merge\" is no mode"),
            (set(None, Some("merge")), "\"merge\" is no mode"),
            (set(Some("jobs"), Some("replace")), "a backfill cannot replace a table"),
        ] {
            let error = world.try_run(&request).await.unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        assert_eq!(world.sent(), []);
    }

    fn found(object: &Listed) -> Found<'_> {
        let dictionary = domain::shipped::dictionary().unwrap();
        let incoming = Incoming::for_table(dictionary, &object.key, "jobs", None).unwrap();
        Found { object, incoming, id: LoadId::of_object("old", &object.key, identity(object)) }
    }

    #[test]
    fn a_message_names_the_load_that_was_looked_up() {
        for version in [Some("v1"), None] {
            let object = listed("2021/a b+c%é&.csv", version);
            let found = found(&object);
            let created = objects_created(&created(&for_jobs(""), "old", &found).message()).unwrap();
            let [created] = &created[..] else { panic!("{created:?}") };
            assert_eq!(LoadId::of_object(&created.bucket, &created.key, &created.identity), found.id);
            assert_eq!(created.etag.as_deref(), Some(TAG));
        }
    }

    #[test]
    fn refuses_a_request_with_a_member_it_does_not_know() {
        assert!(serde_json::from_str::<Backfill>(r#"{"prefix": "incoming/"}"#).is_ok());
        assert!(serde_json::from_str::<Backfill>(r#"{"prefix": "incoming/", "dryrun": true}"#).is_err());
        assert!(serde_json::from_str::<Backfill>("{}").is_err());
    }
}
