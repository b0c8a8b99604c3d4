//! Backfills over a bucket, a queue and a ledger.

use std::collections::BTreeSet;

use aurora::loads::NewLoad;
use bucket::{Listed, MemoryBucket};
use testkit::TestDatabase;

use super::*;
use crate::queue::event::{ObjectCreated, TargetOverride, objects_created};
use crate::queue::memory::MemoryQueue;

const TAG: &str = "9a0364b9e99bb480dd25e1f0284c8555";

/// An object by its key, and its version in a bucket with versions.
type Object = (String, Option<&'static str>);

fn object(key: &str, version: impl Into<Option<&'static str>>) -> Object {
    (key.to_owned(), version.into())
}

/// Files of tags with these numbers.
fn numbered(numbers: std::ops::Range<u32>) -> Vec<Object> {
    numbers.map(|number| object(&format!("incoming/tags/{number:03}.csv"), "v1")).collect()
}

/// Returns the backfill's view of an object in a listing.
fn file(request: &Backfill, bucket: &str, (key, version): Object) -> File {
    let etag = format!("\"{TAG}\"");
    let version = version.map(str::to_owned);
    let listed = Listed { key, version, etag, bytes: 7, ..Listed::default() };
    File::read(testkit::dictionary(), request, bucket, listed).unwrap()
}

fn request(prefix: &str) -> Backfill {
    Backfill { prefix: prefix.to_owned(), ..Backfill::default() }
}

fn for_tags(prefix: &str) -> Backfill {
    Backfill { bucket: Some("old".to_owned()), table: Some("tags".to_owned()), ..request(prefix) }
}

/// A data bucket, its queue and its ledger.
struct World {
    test: TestDatabase,
    database: Database,
    store: MemoryBucket,
    queue: MemoryQueue,
}

impl World {
    async fn with(objects: Vec<Object>) -> Self {
        let test = TestDatabase::migrated().await.unwrap();
        let database = test.database();
        let store = MemoryBucket::named("data");
        for (key, version) in objects {
            match version {
                Some(version) => store.insert_version(&key, version, "1,Clerk"),
                None => store.insert(&key, "1,Clerk"),
            }
        }
        Self { test, database, store, queue: MemoryQueue::default() }
    }

    async fn try_run(&self, request: &Backfill) -> Result<Backfilled, BackfillError> {
        self.run_for(request, Duration::from_secs(60)).await
    }

    async fn run_for(&self, request: &Backfill, time: Duration) -> Result<Backfilled, BackfillError> {
        let backfiller = Backfiller {
            database: &self.database,
            dictionary: testkit::dictionary(),
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

    /// Returns the events that the loader would read from the messages that were sent.
    fn sent(&self) -> Vec<ObjectCreated> {
        let sent = self.queue.sent.lock().unwrap();
        sent.iter().flat_map(|body| objects_created(body).unwrap()).collect()
    }

    fn sent_keys(&self) -> BTreeSet<String> {
        self.sent().into_iter().map(|created| created.key).collect()
    }

    /// Begins a load, as the loader does with a message.
    async fn begin(&self, created: &ObjectCreated) -> LoadId {
        let id = LoadId::of_object(&created.bucket, &created.key, &created.identity);
        let load = NewLoad {
            id: &id,
            bucket: &created.bucket,
            key: &created.key,
            version: &created.identity,
            etag: created.etag.as_deref(),
            table: "tags",
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
        object("incoming/tags/new.csv", "v1"),
        object("incoming/tags/replaced.csv", "v2"),
        object("incoming/tags/taken.csv", "v1"),
    ];
    let world = World::with(objects).await;
    for (key, version) in [("incoming/tags/taken.csv", "v1"), ("incoming/tags/replaced.csv", "v1")] {
        world.begin(&file(&Backfill::default(), "data", object(key, version)).object).await;
    }
    assert_eq!(world.counts(&request("incoming/")).await, (2, 1, 0));
    assert_eq!(
        world.sent_keys(),
        ["incoming/tags/new.csv", "incoming/tags/replaced.csv"].map(str::to_owned).into()
    );
    for created in world.sent() {
        assert_eq!(created.target, None);
        world.begin(&created).await;
    }
    assert_eq!(world.counts(&request("incoming/")).await, (0, 3, 0));
}

#[tokio::test]
async fn knows_an_object_without_versions_by_its_content() {
    let world = World::with(vec![object("x.csv", None)]).await;
    let mut by_event = file(&for_tags(""), "old", object("x.csv", None)).object;
    let content = world.store.list_versions("", None).await.unwrap().objects.remove(0).etag;
    by_event.identity = "0055AED6DCD90281E5".to_owned();
    by_event.etag = Some("other".to_owned());
    world.begin(&by_event).await;
    assert_eq!(world.counts(&for_tags("")).await, (1, 0, 0), "another content under the same key");
    by_event.identity = "0055AED6DCD90281E6".to_owned();
    by_event.etag = Some(content.trim_matches('"').to_owned());
    world.begin(&by_event).await;
    assert_eq!(world.counts(&for_tags("")).await, (0, 1, 0));
}

#[tokio::test]
async fn queues_a_load_that_was_abandoned_once_more_but_none_that_failed() {
    let objects = ["given-up", "failed"].map(|name| object(&format!("incoming/tags/{name}.csv"), "v1"));
    let world = World::with(objects.to_vec()).await;
    for (object, given_up) in objects.into_iter().zip([true, false]) {
        let id = world.begin(&file(&Backfill::default(), "data", object).object).await;
        let set = format!(
            "UPDATE rowgate_loads SET status = 'failed', given_up = {given_up} WHERE load_id = '{id}'"
        );
        world.test.sql(&set).await.unwrap();
    }
    assert_eq!(world.counts(&request("incoming/")).await, (1, 1, 0));
    assert_eq!(world.sent_keys(), ["incoming/tags/given-up.csv".to_owned()].into());
}

#[tokio::test]
async fn a_dry_run_counts_and_queues_nothing() {
    let world = World::with(vec![object("incoming/tags/x.csv", "v1")]).await;
    let dry = Backfill { dry_run: true, ..request("incoming/") };
    assert_eq!(world.counts(&dry).await, (1, 0, 0));
    assert_eq!(world.sent(), []);
}

#[tokio::test]
async fn says_of_every_file_that_it_ignores_why() {
    let keys = [
        "incoming/tags/replace/x.csv",
        "incoming/tags/x.pdf",
        "incoming/tags/z.csv",
        "incoming/people/x.csv",
        "incoming/x.csv",
    ];
    let world = World::with(keys.map(|key| object(key, "v1")).into()).await;
    world.store.set_storage_class("incoming/tags/z.csv", "DEEP_ARCHIVE");
    let done = world.run(&request("incoming/")).await;
    assert_eq!((done.queued, done.ignored_count), (0, 5));
    for (ignored, expected) in done.ignored.iter().zip([
        "incoming/people/x.csv: there is no table \"people\"",
        "incoming/tags/replace/x.csv: it would replace the table",
        "incoming/tags/x.pdf: \"x.pdf\" cannot be read",
        "incoming/tags/z.csv: it is archived (DEEP_ARCHIVE)",
        "incoming/x.csv: the key is neither",
    ]) {
        assert!(ignored.starts_with(expected), "{ignored}");
    }
}

#[tokio::test]
async fn says_of_markers_and_unfinished_files_what_they_are() {
    let keys = [
        "incoming/tags/_SUCCESS",
        "incoming/tags/_temporary/0/x.csv",
        "incoming/tags/x.csv.filepart",
        "incoming/tags/~$x.xlsx",
    ];
    let world = World::with(keys.map(|key| object(key, "v1")).into()).await;
    let done = world.run(&request("incoming/")).await;
    assert_eq!((done.queued, done.ignored_count), (0, 4));
    for (ignored, expected) in done.ignored.iter().zip([
        "incoming/tags/_SUCCESS: it is a marker",
        "incoming/tags/_temporary/0/x.csv: it is in a folder for what is not ready",
        "incoming/tags/x.csv.filepart: it is a file that is still being written",
        "incoming/tags/~$x.xlsx: it is a lock file of Excel",
    ]) {
        assert!(ignored.starts_with(expected), "{ignored}");
    }
    // Folders count below the folder that was named.
    let keys = ["_old/2021/_SUCCESS", "_old/2021/_temporary/x.csv", "_old/2021/x.csv", "_old/2021/y/z.csv"];
    let world = World::with(keys.map(|key| object(key, "v1")).into()).await;
    for (prefix, expected) in [("_old/", (2, 0, 2)), ("_old/20", (2, 0, 2)), ("_old/2021/_temp", (0, 0, 1))] {
        assert_eq!(world.counts(&for_tags(prefix)).await, expected, "{prefix}");
    }
    assert_eq!(world.counts(&for_tags("_old/2021/_temporary/")).await, (1, 0, 0));
}

#[tokio::test]
async fn names_a_hundred_ignored_files_and_counts_all() {
    let objects = (0..150).map(|number| object(&format!("incoming/tags/{number:03}.pdf"), "v1"));
    let done = World::with(objects.collect()).await.run(&request("incoming/")).await;
    assert_eq!((done.ignored.len(), done.ignored_count), (100, 150));
}

#[tokio::test]
async fn goes_through_all_pages_and_continues_after_a_key() {
    let world = World::with(numbered(0..25)).await;
    let after = Backfill { after: Some("incoming/tags/019.csv".to_owned()), ..request("incoming/") };
    assert_eq!(world.run(&after).await, Backfilled { queued: 5, ..Backfilled::default() });
    assert_eq!(world.run(&request("incoming/")).await, Backfilled { queued: 25, ..Backfilled::default() });
}

#[tokio::test]
async fn stops_after_a_page_when_its_time_is_up_and_says_where() {
    let world = World::with(numbered(0..25)).await;
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
    let key = |number: u32| Some(format!("incoming/tags/{number:03}.csv"));
    assert_eq!(pages, [(10, key(9)), (10, key(19)), (5, None)]);
    assert_eq!(world.sent_keys().len(), 25);
}

#[tokio::test]
async fn sends_table_and_mode_to_the_loader_where_the_request_does() {
    let world = World::with(vec![object("2021/a b+c%é&.csv", "v1")]).await;
    assert_eq!(world.counts(&for_tags("2021/")).await, (1, 0, 0));
    let sent = world.sent();
    let target = |mode: &str| Some(TargetOverride { table: "tags".to_owned(), mode: Some(mode.to_owned()) });
    assert_eq!((&*sent[0].bucket, &*sent[0].key, sent[0].size), ("old", "2021/a b+c%é&.csv", 7));
    assert_eq!((sent[0].version.as_deref(), sent[0].target.clone()), (Some("v1"), target("append")));

    let world = World::with(vec![object("incoming/tags/x.csv", "v1")]).await;
    let upsert = Backfill { mode: Some("upsert".to_owned()), ..request("incoming/") };
    assert_eq!(world.counts(&upsert).await, (1, 0, 0));
    assert_eq!(world.sent()[0].target, target("upsert"));
}

#[tokio::test]
async fn refuses_what_no_file_could_be_loaded_by() {
    let world = World::with(vec![object("incoming/tags/x.csv", "v1")]).await;
    let set = |table: Option<&str>, mode: Option<&str>| Backfill {
        table: table.map(str::to_owned),
        mode: mode.map(str::to_owned),
        ..request("incoming/")
    };
    for (request, expected) in [
        (request("rejected/"), "the data bucket holds files to load under incoming/ alone"),
        (request(""), "the data bucket holds files to load under incoming/ alone"),
        (set(Some("people"), None), "there is no table \"people\""),
        (set(Some("tags"), Some("merge")), "\"merge\" is no mode"),
        (set(None, Some("merge")), "\"merge\" is no mode"),
        (set(Some("tags"), Some("replace")), "a backfill cannot replace a table"),
    ] {
        let error = world.try_run(&request).await.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    assert_eq!(world.sent(), []);
}

#[test]
fn a_message_names_the_load_that_was_looked_up() {
    for version in [Some("v1"), None] {
        let found = file(&for_tags(""), "old", object("2021/a b+c%é&.csv", version));
        let created = objects_created(&found.object.message()).unwrap();
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
