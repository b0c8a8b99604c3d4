//! The queue between the bucket and the loader: events sent again, late or twice, as S3 and SQS may
//! send them.

use serde_json::{Value, json};

use super::aws::form_encoded;
use super::cloud::Cloud;

impl Cloud {
    /// Puts the event of an object's creation on the loader's queue once more.
    pub(crate) async fn send_event(&self, key: &str, version: &str, size: usize) {
        let queue = self.output("QueueUrl").await;
        self.send_event_to(&queue, key, version, size).await;
    }

    /// Puts the event of an object's creation on a queue.
    pub(crate) async fn send_event_to(&self, queue: &str, key: &str, version: &str, size: usize) {
        let body = self.event(key, version, size).to_string();
        self.sqs("SendMessage", &json!({"QueueUrl": queue, "MessageBody": body})).await.unwrap();
    }

    /// Returns the event as S3 writes it, with the key encoded as in an HTML form.
    fn event(&self, key: &str, version: &str, size: usize) -> Value {
        let key = form_encoded(key);
        json!({"Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
            "eventTime": "2026-01-01T00:00:00.000Z", "eventName": "ObjectCreated:Put",
            "userIdentity": {"principalId": "AWS:E2E"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": "E2E", "x-amz-id-2": "E2E"},
            "s3": {
                "s3SchemaVersion": "1.0", "configurationId": "files",
                "bucket": {
                    "name": self.bucket, "ownerIdentity": {"principalId": "E2E"},
                    "arn": format!("arn:aws:s3:::{}", self.bucket),
                },
                "object": {
                    "key": key, "size": size, "eTag": "d41d8cd98f00b204e9800998ecf8427e", "versionId": version,
                    "sequencer": "0055AED6DCD90281E5",
                },
            },
        }]})
    }
}
