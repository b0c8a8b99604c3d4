//! What a message of the queue says.

use aws_lambda_events::s3::S3Event;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

/// A version of an object that was put into the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectCreated {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The version that S3 names; `None` in a bucket without versions.
    pub version: Option<String>,
    /// What tells this PUT from every other: the version, or in a bucket without versions the event's sequencer.
    pub identity: String,
    /// Bytes.
    pub size: u64,
}

/// A message that is no S3 event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The body is not the JSON of an event.
    #[error("the body is no S3 event: {0}")]
    Json(#[from] serde_json::Error),
    /// An entry names no bucket or no key.
    #[error("the event names no bucket or no key")]
    Incomplete,
}

/// What S3 sends once when notifications are switched on.
#[derive(Deserialize)]
struct TestEvent {
    #[serde(rename = "Event")]
    event: String,
}

/// The objects that a message's body names; none for the test event of S3.
///
/// # Errors
/// [`EventError`] for a body that is no S3 event.
pub fn objects_created(body: &str) -> Result<Vec<ObjectCreated>, EventError> {
    if serde_json::from_str::<TestEvent>(body).is_ok_and(|test| test.event == "s3:TestEvent") {
        return Ok(Vec::new());
    }
    let event: S3Event = serde_json::from_str(body)?;
    let created = event.records.into_iter().map(|record| {
        let object = record.s3.object;
        let (Some(bucket), Some(key)) = (record.s3.bucket.name, object.key) else {
            return Err(EventError::Incomplete);
        };
        // A version of "null" is what every PUT to a bucket without versions gets.
        let version = object.version_id.filter(|version| !version.is_empty() && version != "null");
        let identity = version.clone().or(object.sequencer).or(object.e_tag).unwrap_or_default();
        let size = object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
        Ok(ObjectCreated { bucket, key: decode_key(&key), version, identity, size })
    });
    created.collect()
}

/// Keys are encoded like the fields of an HTML form: a space is a plus, a plus is %2B.
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
            r#"{"key": "incoming/jobs/a+b%2Bc%25%C3%A9.csv", "size": 7, "versionId": "v1", "sequencer": "s"}"#,
        );
        assert_eq!(
            objects_created(&body).unwrap(),
            [ObjectCreated {
                bucket: "data".into(),
                key: "incoming/jobs/a b+c%é.csv".into(),
                version: Some("v1".into()),
                identity: "v1".into(),
                size: 7,
            }]
        );
    }

    #[test]
    fn tells_puts_apart_in_a_bucket_without_versions() {
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
}
