//! Dropped files and their loads in the ledger.

use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use serde_json::Value;

use super::cloud::Cloud;
use super::wait::until;

/// The longest time of a load, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(60);

/// The fields of a load that the interface promises.
const FIELDS: [&str; 18] = [
    "load",
    "table",
    "key",
    "mode",
    "format",
    "status",
    "rows_read",
    "rows_loaded",
    "rows_rejected",
    "unknown_references",
    "bytes",
    "started_at",
    "finished_at",
    "attempts",
    "error",
    "warnings",
    "parent",
    "same_as",
];

impl Cloud {
    /// Puts an object and returns its version.
    pub(crate) async fn put(&self, key: &str, body: impl Into<Vec<u8>>) -> String {
        let body = ByteStream::from(body.into());
        let put = self.s3.put_object().bucket(&self.bucket).key(key).body(body).send().await.unwrap();
        put.version_id().expect("the bucket is versioned").to_owned()
    }

    /// Drops a file, waits for the end of its load, and returns the load.
    pub(crate) async fn load(&self, key: &str, body: impl Into<Vec<u8>>) -> Value {
        let before = self.loads_of(key).await.len();
        self.put(key, body).await;
        self.ended(key, before + 1).await.pop().unwrap()
    }

    /// Returns the loads that this test has made of a key, oldest first.
    pub(crate) async fn loads_of(&self, key: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut path = "/loads?limit=50".to_owned();
        loop {
            let reply = self.api.get(&path).await;
            assert_eq!(reply.status, 200, "{}", reply.text);
            let page = reply.json();
            let loads = page["loads"].as_array().unwrap();
            found.extend(loads.iter().filter(|load| load["key"] == key).cloned());
            let is_older = |load: &Value| load["started_at"].as_str() < Some(&self.since);
            match page["next"].as_str() {
                Some(next) if !loads.last().is_some_and(is_older) => {
                    path = format!("/loads?limit=50&after={next}");
                }
                _ => break,
            }
        }
        found.reverse();
        found
    }

    /// Waits until a key has `count` loads that have all ended; checks each against the rules of
    /// the ledger.
    pub(crate) async fn ended(&self, key: &str, count: usize) -> Vec<Value> {
        let loads = until(&format!("{count} loads of {key} have ended"), LIMIT, async || {
            let loads = self.loads_of(key).await;
            if loads.len() >= count && loads.iter().all(ended) { Ok(loads) } else { Err(loads) }
        })
        .await;
        assert_eq!(loads.len(), count, "{loads:?}");
        for load in &loads {
            self.check(load).await;
        }
        loads
    }

    /// Returns one load by its id.
    pub(crate) async fn load_by_id(&self, load: &Value) -> Value {
        let id = load["load"].as_str().unwrap();
        let reply = self.api.get(&format!("/loads/{id}")).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }

    async fn check(&self, load: &Value) {
        for field in FIELDS {
            assert!(load.get(field).is_some(), "{field} is missing: {load}");
        }
        let count = |field: &str| load[field].as_u64().unwrap_or_else(|| panic!("{field} of {load}"));
        assert_eq!(count("rows_read"), count("rows_loaded") + count("rows_rejected"), "{load}");
        // Each row has as many as its table has columns that refer to others.
        assert!(count("rows_loaded") > 0 || count("unknown_references") == 0, "{load}");
        assert!(count("attempts") >= 1, "{load}");
        for field in ["started_at", "finished_at"] {
            assert_time(&load[field]);
        }
        assert!(load["started_at"].as_str() <= load["finished_at"].as_str(), "{load}");
        if load["status"] == "failed" {
            assert!(load["error"].as_str().is_some_and(|error| !error.is_empty()), "{load}");
        }
        let alone = self.load_by_id(load).await;
        for field in FIELDS {
            assert_eq!(alone[field], load[field], "{field} of {alone}");
        }
    }

    /// Returns the keys of a load's rejects files, in order.
    pub(crate) async fn reject_keys(&self, load: &Value) -> Vec<String> {
        let prefix =
            format!("rejected/{}/{}/", load["table"].as_str().unwrap(), load["load"].as_str().unwrap());
        let listed = self.s3.list_objects_v2().bucket(&self.bucket).prefix(&prefix).send().await.unwrap();
        let mut keys: Vec<String> =
            listed.contents().iter().map(|object| object.key().unwrap().to_owned()).collect();
        keys.sort_unstable();
        assert!(keys.iter().all(|key| key.ends_with(".csv")), "{keys:?}");
        keys
    }

    /// Returns the lines of a load's rejects files without their byte order marks: the header once,
    /// then the records.
    pub(crate) async fn rejects(&self, load: &Value) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for key in self.reject_keys(load).await {
            let text = String::from_utf8(self.bytes(&key).await).unwrap();
            let text =
                text.strip_prefix('\u{FEFF}').unwrap_or_else(|| panic!("{key} has no byte order mark"));
            let mut lines = text.lines().map(str::to_owned);
            let header = lines.next().unwrap();
            assert_eq!(*all.first().unwrap_or(&header), header, "{key}");
            if all.is_empty() {
                all.push(header);
            }
            all.extend(lines);
        }
        all
    }

    /// Returns the content of an object.
    pub(crate) async fn bytes(&self, key: &str) -> Vec<u8> {
        let object = self.s3.get_object().bucket(&self.bucket).key(key).send().await.unwrap();
        object.body.collect().await.unwrap().into_bytes().to_vec()
    }
}

/// Returns true if a load has ended, well or badly.
pub(crate) fn ended(load: &Value) -> bool {
    matches!(load["status"].as_str(), Some("completed" | "failed" | "skipped"))
}

/// Checks the status of a load and its rows read, loaded and rejected.
#[track_caller]
pub(crate) fn assert_counts(load: &Value, status: &str, read: u64, loaded: u64, rejected: u64) {
    assert_eq!(load["status"], status, "{load}");
    let counts = ["rows_read", "rows_loaded", "rows_rejected"].map(|field| load[field].as_u64().unwrap());
    assert_eq!(counts, [read, loaded, rejected], "{load}");
}

/// Checks that a value is an ISO 8601 time in UTC with milliseconds.
#[track_caller]
fn assert_time(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no time"));
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{text}");
}
