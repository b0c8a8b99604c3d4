//! The queue in SQS.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};

use crate::queue::{Backlog, Queue, QueueError};

/// Messages that SQS takes in one request.
const BATCH: usize = 10;

/// A queue in SQS, through the AWS SDK.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// Returns the queue at `url`, reached by `client`.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// Sends up to [`BATCH`] messages in one request; those that SQS refuses once more, each alone.
    async fn send_batch(&self, bodies: &[String]) -> Result<(), QueueError> {
        let entries: Result<Vec<_>, BuildError> = bodies
            .iter()
            .enumerate()
            .map(|(number, body)| {
                let entry = SendMessageBatchRequestEntry::builder();
                entry.id(number.to_string()).message_body(body).build()
            })
            .collect();
        let request = self.client.send_message_batch().queue_url(&self.url);
        let sent = request.set_entries(Some(entries.map_err(failed)?)).send().await.map_err(failed)?;
        for refused in sent.failed() {
            if let Some(body) = refused.id().parse().ok().and_then(|number: usize| bodies.get(number)) {
                self.send(body).await?;
            }
        }
        Ok(())
    }
}

impl Queue for SqsQueue {
    async fn send(&self, body: &str) -> Result<(), QueueError> {
        let request = self.client.send_message().queue_url(&self.url).message_body(body);
        request.send().await.map(|_| ()).map_err(failed)
    }

    async fn send_all(&self, bodies: &[String]) -> Result<(), QueueError> {
        for batch in bodies.chunks(BATCH) {
            self.send_batch(batch).await?;
        }
        Ok(())
    }

    async fn change_visibility(&self, receipt: &str, time: Duration) -> Result<(), QueueError> {
        let seconds = i32::try_from(time.as_secs()).unwrap_or(i32::MAX);
        let request = self.client.change_message_visibility().queue_url(&self.url);
        let kept = request.receipt_handle(receipt).visibility_timeout(seconds).send().await;
        kept.map(|_| ()).map_err(failed)
    }
}

impl Backlog for SqsQueue {
    async fn waiting(&self) -> Result<u64, QueueError> {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let request = self.client.get_queue_attributes().queue_url(&self.url).attribute_names(name.clone());
        let answer = request.send().await.map_err(failed)?;
        let count = answer.attributes().and_then(|attributes| attributes.get(&name));
        Ok(count.and_then(|count| count.parse().ok()).unwrap_or_default())
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> QueueError {
    QueueError(Box::new(error))
}
