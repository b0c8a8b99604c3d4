//! The bodies of the queue's messages: S3 events, and messages of the same form that Rowgate sends.

use bucket::ObjectVersion;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A version of an object that was put into the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectCreated {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The version that S3 names; `None` in a bucket without versions.
    pub version: Option<String>,
    /// Distinguishes this PUT from every other one: the version, or in a bucket without versions
    /// the event's sequencer.
    pub identity: String,
    /// The ETag, without quotes.
    pub etag: Option<String>,
    /// The size in bytes.
    pub size: u64,
    /// Table and mode, for a key that does not name them.
    pub target: Option<TargetOverride>,
}

/// The table that an object is for, whatever its key says, and the mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetOverride {
    /// The table.
    pub table: String,
    /// The mode; without one, the table's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

impl ObjectCreated {
    /// Returns the object in the state that the event is about.
    pub fn state(&self) -> ObjectVersion {
        let Self { key, version, etag, .. } = self;
        // A version is always the same content.
        let etag = etag.as_ref().filter(|_| version.is_none()).map(|etag| format!("\"{etag}\""));
        ObjectVersion { key: key.clone(), version: version.clone(), etag }
    }

    /// Writes the message that makes the loader load the object: the members of S3's event that the
    /// loader reads, and the target override.
    pub fn message(&self) -> String {
        let Self { bucket, key, version, identity, etag, size, target } = self;
        let key = percent_encode(key.as_bytes(), NON_ALPHANUMERIC).to_string();
        let object = json!({
            "key": key, "size": size, "eTag": etag, "versionId": version, "sequencer": identity,
        });
        let mut message = json!({"Records": [{"s3": {"bucket": {"name": bucket}, "object": object}}]});
        if let Some(target) = target {
            message["rowgate"] = json!(target);
        }
        message.to_string()
    }
}

/// Returns true for the empty object that the console of S3 makes for a new folder.
pub(crate) fn is_folder(key: &str, bytes: u64) -> bool {
    key.ends_with('/') && bytes == 0
}

/// The error of a message that is not an S3 event.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EventError {
    /// The body is not the JSON of an event.
    #[error("the body is no S3 event: {0}")]
    Json(#[from] serde_json::Error),
    /// An entry names no bucket or no key.
    #[error("the event names no bucket or no key")]
    Incomplete,
}

/// The event that S3 sends once when notifications are switched on.
#[derive(Deserialize)]
struct TestEvent {
    #[serde(rename = "Event")]
    event: String,
}

/// The members of an event of S3 that are read, and those of Rowgate's own messages.
/// `aws_lambda_events` requires members that those do not have.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Records")]
    records: Vec<Record>,
    rowgate: Option<TargetOverride>,
}

#[derive(Deserialize)]
struct Record {
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    key: Option<String>,
    size: Option<u64>,
    e_tag: Option<String>,
    version_id: Option<String>,
    sequencer: Option<String>,
}

/// Reads the objects that a message's body names; none from the test event of S3.
///
/// # Errors
/// [`EventError`] for a body that is no S3 event.
pub(crate) fn objects_created(body: &str) -> Result<Vec<ObjectCreated>, EventError> {
    if serde_json::from_str::<TestEvent>(body).is_ok_and(|test| test.event == "s3:TestEvent") {
        return Ok(Vec::new());
    }
    let event: Event = serde_json::from_str(body)?;
    let created = event.records.into_iter().map(|Record { s3: Entity { bucket, object } }| {
        let (Some(bucket), Some(key)) = (bucket.name, object.key) else {
            return Err(EventError::Incomplete);
        };
        // A version of "null" is what every PUT to a bucket without versions gets.
        let version = object.version_id.filter(|version| !version.is_empty() && version != "null");
        let etag = object.e_tag.map(|etag| etag.trim_matches('"').to_owned());
        let identity = version.clone().or(object.sequencer).or_else(|| etag.clone()).unwrap_or_default();
        let size = object.size.unwrap_or_default();
        let target = event.rowgate.clone();
        Ok(ObjectCreated { bucket, key: decode_key(&key), version, identity, etag, size, target })
    });
    created.collect()
}

/// Decodes a key, which is encoded like a field of an HTML form: a space is a plus, a plus is %2B.
fn decode_key(key: &str) -> String {
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(object: &str) -> String {
        format!(
            r#"{{"Records": [{{"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
                "eventTime": "2026-11-21T05:00:00.000Z", "eventName": "ObjectCreated:Put",
                "userIdentity": {{"principalId": "p"}}, "requestParameters": {{"sourceIPAddress": "127.0.0.1"}},
                "responseElements": {{}},
                "s3": {{"s3SchemaVersion": "1.0", "configurationId": "c",
                        "bucket": {{"name": "data", "ownerIdentity": {{"principalId": "p"}}, "arn": "a"}},
                        "object": {object}}}}}]}}"#
        )
    }

    #[test]
    fn reads_key_version_and_size() {
        let body = event(
            r#"{"key": "incoming/tags/a+b%2Bc%25%C3%A9.csv", "size": 7, "versionId": "v1", "eTag": "e", "sequencer": "s"}"#,
        );
        assert_eq!(
            objects_created(&body).unwrap(),
            [ObjectCreated {
                bucket: "data".into(),
                key: "incoming/tags/a b+c%é.csv".into(),
                version: Some("v1".into()),
                identity: "v1".into(),
                etag: Some("e".into()),
                size: 7,
                target: None,
            }]
        );
    }

    #[test]
    fn distinguishes_puts_in_a_bucket_without_versions() {
        for object in [
            r#"{"key": "k", "size": 7, "sequencer": "s"}"#,
            r#"{"key": "k", "versionId": "null", "sequencer": "s"}"#,
        ] {
            let created = objects_created(&event(object)).unwrap();
            assert_eq!((created[0].version.as_deref(), &*created[0].identity), (None, "s"));
        }
    }

    #[test]
    fn ignores_the_test_event_and_refuses_what_is_no_event() {
        let test = r#"{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "data"}"#;
        assert_eq!(objects_created(test).unwrap(), []);
        for body in ["", "hello", "{}", "[]", r#"{"Records": [{}]}"#] {
            assert!(objects_created(body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_message_of_ours_says_the_same_as_the_event() {
        let target = TargetOverride { table: "tags".into(), mode: Some("upsert".into()) };
        for (version, target) in [(Some("v+1".to_owned()), None), (None, Some(target))] {
            let object = ObjectCreated {
                bucket: "data".into(),
                key: "old exports/a+b%2B\"ü\".csv".into(),
                identity: version.clone().unwrap_or_else(|| "sequence".into()),
                version,
                etag: Some("e".into()),
                size: 7,
                target,
            };
            assert_eq!(objects_created(&object.message()).unwrap(), [object]);
        }
    }
}
