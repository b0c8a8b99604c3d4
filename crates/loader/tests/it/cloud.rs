//! A bucket in memory, a database, and messages as the queue would deliver them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use aurora::{Deadline, loads};
use aws_lambda_events::sqs::SqsEvent;
use bytes::Bytes;
use domain::load::LoadRecord;
use loader::{
    About, Content, Loader, ObjectVersion, Opened, Options, Queue, QueueError, Store, StoreError, handle,
};
use serde_json::json;
use testkit::TestDatabase;
use tokio::sync::Notify;

pub(crate) const BUCKET: &str = "rowgate-data";

/// Loads of every table.
pub(crate) const EVERY_LOAD: loads::Wanted<'_> =
    loads::Wanted { of: loads::Of::AllBut(&[]), status: None, key: None };

/// What an invocation may take; machines that build at the same time are slow.
pub(crate) const INVOCATION: Duration = Duration::from_secs(120);

/// Chunks of a quarter of a megabyte, so that small files have some.
pub(crate) const OPTIONS: Options = Options { lanes: 2, chunk_bytes: 256 * 1024, max_rejects: None };

/// A bucket with versions, in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bucket(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    objects: Mutex<BTreeMap<(String, Option<String>), Object>>,
    /// How many of the next calls fail, and after how many bytes the next content breaks off.
    failing_opens: Mutex<u32>,
    failing_puts: Mutex<u32>,
    frozen_put: Mutex<Option<Arc<Freeze>>>,
    frozen_list: Mutex<Option<Arc<Freeze>>>,
    breaks: Mutex<Vec<usize>>,
    /// The objects' metadata.
    about: Mutex<BTreeMap<String, About>>,
    read: AtomicU64,
    opened_at: Mutex<Vec<u64>>,
    ignores_ranges: Mutex<bool>,
}

/// A function that is frozen as it is about to write a rejects file, or has just listed them.
#[derive(Debug, Default)]
pub(crate) struct Freeze {
    begins: Notify,
    ends: Notify,
}

impl Freeze {
    /// Waits until the function is frozen.
    pub(crate) async fn begun(&self) {
        self.begins.notified().await;
    }

    /// Wakes the function up.
    pub(crate) fn end(&self) {
        self.ends.notify_one();
    }

    async fn hold(&self) {
        self.begins.notify_one();
        self.ends.notified().await;
    }
}

#[derive(Debug, Clone)]
enum Object {
    Bytes(Bytes),
    /// This many times the letter x.
    Letters(u64),
}

impl Object {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Letters(count) => usize::try_from(*count).unwrap(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unavailable() -> StoreError {
    StoreError::Failed("503 Slow Down".into())
}

impl Bucket {
    fn insert(&self, key: &str, version: Option<&str>, object: Object) {
        lock(&self.0.objects).insert((key.to_owned(), version.map(str::to_owned)), object);
    }

    pub(crate) fn text(&self, key: &str) -> Option<String> {
        match lock(&self.0.objects).get(&(key.to_owned(), None)) {
            Some(Object::Bytes(bytes)) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        }
    }

    /// The rejects files of a load, in order.
    pub(crate) fn rejects(&self, load: &LoadRecord) -> Vec<(String, String)> {
        let prefix = format!("rejected/{}/{}/", load.table, load.load);
        let keys: Vec<String> = lock(&self.0.objects)
            .keys()
            .filter(|(key, _)| key.starts_with(&prefix))
            .map(|(key, _)| key.clone())
            .collect();
        keys.into_iter().filter_map(|key| Some((key[prefix.len()..].to_owned(), self.text(&key)?))).collect()
    }

    pub(crate) fn fail_opens(&self, times: u32) {
        *lock(&self.0.failing_opens) = times;
    }

    pub(crate) fn fail_puts(&self, times: u32) {
        *lock(&self.0.failing_puts) = times;
    }

    /// Freezes whoever writes the next rejects file, before it does.
    pub(crate) fn freeze_put(&self) -> Arc<Freeze> {
        let freeze = Arc::<Freeze>::default();
        *lock(&self.0.frozen_put) = Some(Arc::clone(&freeze));
        freeze
    }

    /// Freezes whoever lists keys next, with the list in hand.
    pub(crate) fn freeze_list(&self) -> Arc<Freeze> {
        let freeze = Arc::<Freeze>::default();
        *lock(&self.0.frozen_list) = Some(Arc::clone(&freeze));
        freeze
    }

    /// Copies an object within the bucket, metadata included.
    pub(crate) fn copy(&self, from: &str, key: &str, version: &str) {
        let object = lock(&self.0.objects)[&(from.to_owned(), None)].clone();
        self.insert(key, Some(version), object);
        let about = self.about_of(from);
        self.describe(key, about);
    }

    /// An object's metadata.
    pub(crate) fn about_of(&self, key: &str) -> About {
        lock(&self.0.about).get(key).cloned().unwrap_or_default()
    }

    /// Gives the objects under a key this metadata.
    pub(crate) fn describe(&self, key: &str, about: About) {
        lock(&self.0.about).insert(key.to_owned(), about);
    }

    /// The keys of all objects.
    pub(crate) fn keys(&self) -> Vec<String> {
        lock(&self.0.objects).keys().map(|(key, _)| key.clone()).collect()
    }

    /// Puts a version of an object; without one, the object of a bucket without versions.
    pub(crate) fn put<'v>(&self, key: &str, version: impl Into<Option<&'v str>>, content: impl Into<Bytes>) {
        self.insert(key, version.into(), Object::Bytes(content.into()));
    }

    /// Each of the next contents breaks off after so many bytes.
    pub(crate) fn break_contents(&self, after: &[usize]) {
        *lock(&self.0.breaks) = after.to_vec();
    }

    /// Makes every content begin at the object's start, as MiniStack does with versions.
    pub(crate) fn ignore_ranges(&self) {
        *lock(&self.0.ignores_ranges) = true;
    }

    /// From which byte on objects were opened, in order.
    pub(crate) fn opened_at(&self) -> Vec<u64> {
        lock(&self.0.opened_at).clone()
    }

    /// How many bytes were read in all.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.0.read.load(Ordering::Relaxed)
    }
}

fn take_one(count: &Mutex<u32>) -> bool {
    let mut count = lock(count);
    let any = *count > 0;
    *count = count.saturating_sub(1);
    any
}

impl Store for Bucket {
    type Content = Reading;

    async fn open(&self, object: ObjectVersion<'_>, from: u64) -> Result<Opened<Reading>, StoreError> {
        assert_eq!(object.bucket, BUCKET);
        if take_one(&self.0.failing_opens) {
            return Err(unavailable());
        }
        let key = (object.key.to_owned(), object.version.map(str::to_owned));
        let found = lock(&self.0.objects).get(&key).cloned().ok_or(StoreError::Gone)?;
        lock(&self.0.opened_at).push(from);
        // A store that knows no ranges begins at the start.
        let from = if *lock(&self.0.ignores_ranges) { 0 } else { from };
        let at = usize::try_from(from).unwrap().min(found.len());
        let breaks_after = lock(&self.0.breaks).pop();
        let content = Reading { object: found, at, breaks_after, shared: Arc::clone(&self.0) };
        Ok(Opened { content, from: at as u64 })
    }

    async fn about(&self, object: ObjectVersion<'_>) -> Result<About, StoreError> {
        let key = (object.key.to_owned(), object.version.map(str::to_owned));
        if !lock(&self.0.objects).contains_key(&key) {
            return Err(StoreError::Gone);
        }
        Ok(self.about_of(object.key))
    }

    async fn put_rejects(
        &self,
        bucket: &str,
        key: &str,
        about: &About,
        content: Vec<u8>,
    ) -> Result<(), StoreError> {
        assert_eq!(bucket, BUCKET);
        if take_one(&self.0.failing_puts) {
            return Err(unavailable());
        }
        let freeze = lock(&self.0.frozen_put).take();
        if let Some(freeze) = freeze {
            freeze.hold().await;
        }
        self.insert(key, None, Object::Bytes(content.into()));
        self.describe(key, about.clone());
        Ok(())
    }

    async fn list_keys(&self, bucket: &str, prefix: &str) -> Result<Vec<String>, StoreError> {
        assert_eq!(bucket, BUCKET);
        let found = self.keys().into_iter().filter(|key| key.starts_with(prefix)).collect();
        let freeze = lock(&self.0.frozen_list).take();
        if let Some(freeze) = freeze {
            freeze.hold().await;
        }
        Ok(found)
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<(), StoreError> {
        assert_eq!(bucket, BUCKET);
        lock(&self.0.objects).remove(&(key.to_owned(), None));
        Ok(())
    }
}

/// Content being read, in pieces whose sizes follow no pattern of the content's.
#[derive(Debug)]
pub(crate) struct Reading {
    object: Object,
    at: usize,
    breaks_after: Option<usize>,
    shared: Arc<Shared>,
}

impl Content for Reading {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        // As a network does, it lets others run.
        tokio::task::yield_now().await;
        if self.breaks_after.is_some_and(|after| self.at >= after) {
            return Err(StoreError::Failed("connection reset".into()));
        }
        let size = 1 + (self.at * 7919 + 4001) % 60_000;
        let piece = match &self.object {
            Object::Bytes(bytes) => bytes.slice(self.at..bytes.len().min(self.at + size)),
            Object::Letters(count) => {
                let left = usize::try_from(*count).unwrap() - self.at;
                Bytes::from(vec![b'x'; left.min(size)])
            }
        };
        self.at += piece.len();
        self.shared.read.fetch_add(piece.len() as u64, Ordering::Relaxed);
        Ok((!piece.is_empty()).then_some(piece))
    }
}

/// What the loader told the queue.
#[derive(Debug, Clone, Default)]
pub(crate) struct Messages(Arc<Mutex<Told>>);

#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    /// Bodies of messages that were sent.
    pub(crate) sent: Vec<String>,
    /// For how long a message was to be kept invisible, the last time that it was said.
    pub(crate) kept: Option<Duration>,
}

impl Messages {
    /// All of it so far, which is forgotten.
    pub(crate) fn take(&self) -> Told {
        std::mem::take(&mut *lock(&self.0))
    }
}

impl Queue for Messages {
    async fn send(&self, body: &str) -> Result<(), QueueError> {
        lock(&self.0).sent.push(body.to_owned());
        Ok(())
    }

    async fn send_all(&self, bodies: &[String]) -> Result<(), QueueError> {
        lock(&self.0).sent.extend_from_slice(bodies);
        Ok(())
    }

    async fn keep(&self, _receipt: &str, time: Duration) -> Result<(), QueueError> {
        lock(&self.0).kept = Some(time);
        Ok(())
    }
}

/// A message of the queue.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) body: String,
    pub(crate) receives: u32,
}

impl Message {
    pub(crate) fn new(body: impl Into<String>) -> Self {
        Self { body: body.into(), receives: 1 }
    }

    pub(crate) fn received(&self, receives: u32) -> Self {
        Self { receives, ..self.clone() }
    }
}

/// A database, a bucket and the loader between them.
pub(crate) struct Cloud {
    pub(crate) test: TestDatabase,
    pub(crate) bucket: Bucket,
    pub(crate) messages: Messages,
    pub(crate) options: Options,
    drops: AtomicU64,
}

impl Cloud {
    pub(crate) async fn start() -> Result<Self> {
        Self::over(TestDatabase::start().await?).await
    }

    pub(crate) async fn over(test: TestDatabase) -> Result<Self> {
        test.migrate().await?;
        Ok(Self {
            test,
            bucket: Bucket::default(),
            messages: Messages::default(),
            options: OPTIONS,
            drops: AtomicU64::new(0),
        })
    }

    /// Drops a file; gives the message that S3 sends for it.
    pub(crate) fn drop_file(&self, key: &str, content: impl Into<Bytes>) -> Message {
        self.drop_object(key, Object::Bytes(content.into()))
    }

    /// Drops so many letters without a line end.
    pub(crate) fn drop_letters(&self, key: &str, count: u64) -> Message {
        self.drop_object(key, Object::Letters(count))
    }

    fn drop_object(&self, key: &str, object: Object) -> Message {
        let size = match &object {
            Object::Bytes(bytes) => bytes.len() as u64,
            Object::Letters(count) => *count,
        };
        let version = format!("v{}", self.drops.fetch_add(1, Ordering::Relaxed));
        self.bucket.insert(key, Some(&version), object);
        Message::new(event(&json!({ "key": encoded(key), "size": size, "versionId": version })))
    }

    pub(crate) fn loader(&self) -> Loader<Bucket, Messages> {
        let Self { bucket, messages, options, .. } = self;
        Loader { queue: messages.clone(), options: *options, ..loader_over(&self.test, bucket.clone()) }
    }

    /// Delivers messages as one batch; gives the positions of those that come back.
    pub(crate) async fn deliver(&self, messages: &[Message]) -> Result<Vec<usize>> {
        self.deliver_within(messages, INVOCATION).await
    }

    pub(crate) async fn deliver_within(&self, messages: &[Message], time: Duration) -> Result<Vec<usize>> {
        let answer = handle(&self.loader(), batch(messages)?, Deadline::after(time)).await;
        answer
            .batch_item_failures
            .iter()
            .map(|failure| Ok(failure.item_identifier.parse::<usize>()?))
            .collect()
    }

    /// Delivers a message again and again until it does not come back.
    pub(crate) async fn deliver_until_done(&self, message: &Message) -> Result<u32> {
        for delivery in 1..=200 {
            if self.deliver(std::slice::from_ref(message)).await?.is_empty() {
                return Ok(delivery);
            }
        }
        anyhow::bail!("the message still comes back")
    }

    /// The newest load.
    pub(crate) async fn newest(&self) -> Result<LoadRecord> {
        let page = loads::find(&self.test.database(), EVERY_LOAD, 1, None).await?;
        page.loads.into_iter().next().context("no load")
    }

    /// Drops a file, delivers its message once and gives the load.
    pub(crate) async fn load(&self, key: &str, content: impl Into<Bytes>) -> Result<LoadRecord> {
        let message = self.drop_file(key, content);
        assert_eq!(self.deliver(&[message]).await?, [] as [usize; 0], "{key} comes back");
        self.newest().await
    }
}

pub(crate) fn loader_over(test: &TestDatabase, bucket: Bucket) -> Loader<Bucket, Messages> {
    Loader {
        database: test.database(),
        store: bucket,
        queue: Messages::default(),
        options: OPTIONS,
        dictionary: domain::shipped::dictionary().unwrap(),
        bucket: BUCKET.to_owned(),
    }
}

/// The messages as the event that Lambda hands to the function; their ids are their positions.
pub(crate) fn batch(messages: &[Message]) -> Result<SqsEvent> {
    let records: Vec<_> = messages
        .iter()
        .enumerate()
        .map(|(position, message)| {
            json!({
                "messageId": position.to_string(),
                "receiptHandle": "r",
                "body": message.body,
                "attributes": { "ApproximateReceiveCount": message.receives.to_string() },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
            })
        })
        .collect();
    Ok(serde_json::from_value(json!({ "Records": records }))?)
}

/// The event of S3 for an object.
pub(crate) fn event(object: &serde_json::Value) -> String {
    json!({ "Records": [record(object)] }).to_string()
}

pub(crate) fn record(object: &serde_json::Value) -> serde_json::Value {
    json!({
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
        "eventTime": "2026-11-21T05:00:00.000Z", "eventName": "ObjectCreated:Put",
        "userIdentity": { "principalId": "p" }, "requestParameters": { "sourceIPAddress": "127.0.0.1" },
        "responseElements": {},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "c",
            "bucket": { "name": BUCKET, "ownerIdentity": { "principalId": "p" }, "arn": "a" },
            "object": object,
        },
    })
}

/// A key as S3 writes it into events: like a field of an HTML form.
fn encoded(key: &str) -> String {
    key.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                char::from(byte).to_string()
            }
            b' ' => "+".to_owned(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
