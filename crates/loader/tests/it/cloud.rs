//! A bucket in memory, a database, and messages as the queue would deliver them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use aurora::{Deadline, loads};
use aws_lambda_events::sqs::SqsEvent;
use bucket::{Bytes, FaultyBucket};
use domain::load::{LoadPath, LoadRecord};
use event_bus::EventBus;
use loader::{Loader, Options, Queue, QueueError, handle};
use serde_json::json;
use testkit::TestDatabase;

pub(crate) const BUCKET: &str = "rowgate-data";

/// Loads of every table.
pub(crate) const EVERY_LOAD: loads::LoadFilter<'_> =
    loads::LoadFilter { tables: loads::TableFilter::AllBut(&[]), status: None, key: None };

/// The timeout of an invocation; machines that build at the same time are slow.
pub(crate) const INVOCATION: Duration = Duration::from_secs(120);

/// Chunks of a quarter of a megabyte, so that small files have some.
pub(crate) const OPTIONS: Options = Options {
    path: LoadPath::Statements,
    lanes: 2,
    chunk_bytes: 256 * 1024,
    max_rejects: None,
    rejected_keep_days: 365,
};

/// Returns the rejects files of a load, in order: their names and contents.
pub(crate) fn rejects(bucket: &FaultyBucket, load: &LoadRecord) -> Vec<(String, String)> {
    let prefix = format!("rejected/{}/{}/", load.table, load.load);
    let keys = bucket.keys().into_iter().filter(|key| key.starts_with(&prefix));
    keys.filter_map(|key| Some((key[prefix.len()..].to_owned(), bucket.text(&key)?))).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A queue that records what it is asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Messages(Arc<Mutex<Asked>>);

#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// Bodies of messages that were sent.
    pub(crate) sent: Vec<String>,
    /// For how long a message was hidden, the last time.
    pub(crate) hidden_for: Option<Duration>,
}

impl Messages {
    /// Takes the record so far.
    pub(crate) fn take(&self) -> Asked {
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

    async fn change_visibility(&self, _receipt: &str, time: Duration) -> Result<(), QueueError> {
        lock(&self.0).hidden_for = Some(time);
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
    pub(crate) bucket: FaultyBucket,
    pub(crate) messages: Messages,
    pub(crate) options: Options,
    pub(crate) events: EventBus,
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
            bucket: FaultyBucket::named(BUCKET),
            messages: Messages::default(),
            options: OPTIONS,
            events: EventBus::default(),
            drops: AtomicU64::new(0),
        })
    }

    /// Drops a file; gives the message that S3 sends for it.
    pub(crate) fn drop_file(&self, key: &str, content: impl Into<Bytes>) -> Message {
        let content = content.into();
        let version = format!("v{}", self.drops.fetch_add(1, Ordering::Relaxed));
        let object = json!({ "key": encoded(key), "size": content.len(), "versionId": version });
        self.bucket.insert_version(key, &version, content);
        Message::new(event(&object))
    }

    pub(crate) fn loader(&self) -> Loader<FaultyBucket, Messages> {
        let Self { bucket, messages, options, events, .. } = self;
        let (queue, events) = (messages.clone(), events.clone());
        Loader { queue, events, options: *options, ..loader_over(&self.test, bucket.clone()) }
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

    /// Delivers a message, and each one that continues its load, to invocations with little time;
    /// gives how many there were.
    pub(crate) async fn deliver_in_short_invocations(&self, mut message: Message) -> Result<u32> {
        for invocations in 1..100 {
            // An invocation without progress, on a busy machine, is simply delivered again.
            let comes_back =
                self.deliver_within(std::slice::from_ref(&message), Duration::from_millis(900)).await? == [0];
            match &self.messages.take().sent[..] {
                [] if comes_back => {}
                [] => return Ok(invocations),
                [body] => message = Message::new(body),
                more => anyhow::bail!("{more:?}"),
            }
        }
        anyhow::bail!("it does not come to an end")
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

pub(crate) fn loader_over(test: &TestDatabase, bucket: FaultyBucket) -> Loader<FaultyBucket, Messages> {
    Loader {
        database: test.database(),
        store: bucket,
        queue: Messages::default(),
        events: EventBus::default(),
        options: OPTIONS,
        dictionary: testkit::dictionary(),
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
