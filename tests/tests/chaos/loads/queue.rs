//! A queue of the cloud, as the event source of a Lambda function uses it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

/// The default time for which a received message stays hidden: longer than any run.
const VISIBILITY_SECONDS: u32 = 600;

#[derive(Debug, Clone)]
pub(super) struct Queue {
    client: Client,
    endpoint: String,
    /// Its address, for `ROWGATE_QUEUE_URL`.
    pub(super) url: String,
    pub(super) arn: String,
}

#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) receipt: String,
    pub(super) body: String,
    /// The number of times that it was received, this time included.
    pub(super) receives: u32,
}

impl Queue {
    pub(super) async fn create(endpoint: &str, name: &str) -> Result<Self> {
        let client = Client::builder().timeout(Duration::from_secs(30)).no_proxy().build()?;
        let mut queue =
            Self { client, endpoint: endpoint.to_owned(), url: String::new(), arn: String::new() };
        let attributes = json!({"VisibilityTimeout": VISIBILITY_SECONDS.to_string()});
        let created = queue.call("CreateQueue", json!({"QueueName": name, "Attributes": attributes})).await?;
        queue.url = text(&created, "QueueUrl")?;
        let asked = json!({"QueueUrl": queue.url, "AttributeNames": ["QueueArn"]});
        queue.arn = text(&queue.call("GetQueueAttributes", asked).await?["Attributes"], "QueueArn")?;
        // Without it S3 could not send to the queue.
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": queue.arn,
        }]});
        let attributes = json!({"Policy": policy.to_string()});
        queue.call("SetQueueAttributes", json!({"QueueUrl": queue.url, "Attributes": attributes})).await?;
        Ok(queue)
    }

    pub(super) async fn remove(&self) -> Result<()> {
        self.call("DeleteQueue", json!({"QueueUrl": self.url})).await.map(drop)
    }

    /// Removes every message.
    pub(super) async fn purge(&self) -> Result<()> {
        self.call("PurgeQueue", json!({"QueueUrl": self.url})).await.map(drop)
    }

    pub(super) async fn receive(&self) -> Result<Option<Message>> {
        let asked = json!({
            "QueueUrl": self.url, "MaxNumberOfMessages": 1, "WaitTimeSeconds": 0,
            "AttributeNames": ["All"], "MessageSystemAttributeNames": ["All"],
        });
        let answer = self.call("ReceiveMessage", asked).await?;
        let Some(message) = answer["Messages"].as_array().and_then(|messages| messages.first()) else {
            return Ok(None);
        };
        Ok(Some(Message {
            id: text(message, "MessageId")?,
            receipt: text(message, "ReceiptHandle")?,
            body: text(message, "Body")?,
            receives: text(&message["Attributes"], "ApproximateReceiveCount")?.parse()?,
        }))
    }

    pub(super) async fn send(&self, body: &str) -> Result<()> {
        self.call("SendMessage", json!({"QueueUrl": self.url, "MessageBody": body})).await.map(drop)
    }

    /// Removes a message. One that was received again meanwhile may stay, as on AWS.
    pub(super) async fn delete(&self, message: &Message) -> Result<()> {
        self.try_call("DeleteMessage", json!({"QueueUrl": self.url, "ReceiptHandle": message.receipt}))
            .await
            .map(drop)
    }

    /// Lets a message come again at once: the time that it would stay away passes.
    pub(super) async fn release(&self, message: &Message) -> Result<()> {
        let asked = json!({"QueueUrl": self.url, "ReceiptHandle": message.receipt, "VisibilityTimeout": 0});
        self.try_call("ChangeMessageVisibility", asked).await.map(drop)
    }

    /// Messages that are there at all: waiting, delayed, or received and not deleted.
    pub(super) async fn len(&self) -> Result<u32> {
        let names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ];
        let asked = json!({"QueueUrl": self.url, "AttributeNames": names});
        let attributes = self.call("GetQueueAttributes", asked).await?;
        names.iter().map(|name| Ok(text(&attributes["Attributes"], name)?.parse::<u32>()?)).sum()
    }

    async fn call(&self, operation: &str, body: Value) -> Result<Value> {
        let (status, answer) = self.try_call(operation, body).await?;
        ensure!(status.is_success(), "{operation}: {status} {answer}");
        Ok(answer)
    }

    async fn try_call(&self, operation: &str, body: Value) -> Result<(StatusCode, Value)> {
        // The local cloud reads the service's name from the credential's scope and does not check
        // the signature.
        let scope = "test/20260101/us-east-1/sqs/aws4_request";
        let answer = self
            .client
            .post(format!("{}/", self.endpoint))
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
            )
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AmazonSQS.{operation}"))
            .body(body.to_string())
            .send()
            .await
            .with_context(|| operation.to_owned())?;
        let (status, text) = (answer.status(), answer.text().await?);
        let json = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        };
        Ok((status, json))
    }
}

fn text(object: &Value, name: &str) -> Result<String> {
    object[name].as_str().map(str::to_owned).with_context(|| format!("no {name} in {object}"))
}
