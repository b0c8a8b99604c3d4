//! The queue between the bucket and the loader: events sent again, late or twice, as S3 and SQS may.

use serde_json::{Value, json};

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

    /// Calls SQS.
    pub(crate) async fn sqs(&self, action: &str, request: &Value) -> Result<Value, String> {
        self.aws_json("sqs", &format!("AmazonSQS.{action}"), request).await
    }

    /// Calls a service that speaks JSON; gives back its answer, or what it says went wrong.
    pub(crate) async fn aws_json(
        &self,
        service: &str,
        target: &str,
        request: &Value,
    ) -> Result<Value, String> {
        let answer = self
            .aws(service)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target)
            .body(request.to_string())
            .send()
            .await
            .map_err(|error| error.to_string())?;
        let is_success = answer.status().is_success();
        let text = answer.text().await.map_err(|error| error.to_string())?;
        if !is_success {
            return Err(text);
        }
        // Some actions answer nothing at all.
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// The event as S3 writes it, keys encoded as in an HTML form.
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

    /// One of the stack's outputs.
    async fn output(&self, name: &str) -> String {
        let answer = self
            .aws("cloudformation")
            .header("content-type", "application/x-www-form-urlencoded")
            .body("Action=DescribeStacks&Version=2010-05-15&StackName=Rowgate")
            .send()
            .await
            .unwrap();
        let text = answer.text().await.unwrap();
        let output = text.split("<member>").find(|member| member.contains(&format!("<OutputKey>{name}<")));
        let value = output.and_then(|output| output.split_once("<OutputValue>")?.1.split_once('<'));
        value.unwrap_or_else(|| panic!("the stack has no output {name}: {text}")).0.to_owned()
    }

    /// A POST to a service for which an SDK crate would be too much. The local cloud reads the service's name from the
    /// credential's scope and does not check the signature.
    pub(super) fn aws(&self, service: &str) -> reqwest::RequestBuilder {
        let scope = format!("test/20260101/us-east-1/{service}/aws4_request");
        let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        reqwest::Client::new().post(format!("{}/", self.endpoint)).header("authorization", signature)
    }
}

pub(super) fn form_encoded(key: &str) -> String {
    key.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' | b'/' => {
                char::from(byte).to_string()
            }
            b' ' => "+".to_owned(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
