//! The loader: files dropped in S3 into their tables, every row exactly once.
//!
//! Each message of the queue carries an S3 event; each object of the event is one load ([`load`]). A load that cannot
//! ever succeed ends as `failed` with its reason and is not tried again; one that may pass later makes its message
//! come back, and goes on where it stopped.
//!
//! The function's configuration, from its environment: `ROWGATE_CLUSTER_ARN`, `ROWGATE_SECRET_ARN`,
//! `ROWGATE_DATABASE`, `ROWGATE_BUCKET` (where rejects files go); `ROWGATE_LOG` filters log lines.

mod chunk;
mod error;
mod event;
mod load;
mod queue;
mod references;
mod s3;
mod sqs;
mod store;

use aurora::{Database, Deadline};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use domain::dictionary::Dictionary;

pub use error::LoadError;
pub use event::{EventError, ObjectCreated, objects_created};
pub use load::load;
pub use queue::{Queue, QueueError};
pub use s3::S3Store;
pub use sqs::SqsQueue;
pub use store::{Content, Store, StoreError};

/// Receives of one message after which it goes to the dead-letter queue; `infra/` sets the queue to the same.
const MAX_RECEIVES: u32 = 5;

/// What a load works with.
#[derive(Debug)]
pub struct Loader<S> {
    /// The database that rows go to.
    pub database: Database,
    /// Where objects are read and rejects files written.
    pub store: S,
    /// What records are checked against.
    pub dictionary: &'static Dictionary,
    /// The bucket for rejects files.
    pub bucket: String,
}

/// Works on a batch of messages, one after the other; the answer names those that must come back.
pub async fn handle<S: Store>(loader: &Loader<S>, event: SqsEvent, deadline: Deadline) -> SqsBatchResponse {
    let mut answer = SqsBatchResponse::default();
    for message in event.records {
        if !work_on(loader, &message, deadline).await {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message.message_id.unwrap_or_default();
            answer.batch_item_failures.push(failure);
        }
    }
    answer
}

/// Loads every object that a message names; says whether the message is done with.
async fn work_on<S: Store>(loader: &Loader<S>, message: &SqsMessage, deadline: Deadline) -> bool {
    let objects = match objects_created(message.body.as_deref().unwrap_or_default()) {
        Ok(objects) => objects,
        Err(error) => {
            // Nobody can tell which file this was, so it must not vanish: the dead-letter queue keeps it.
            tracing::error!(message.id = message.message_id, error = %error, "the message is no S3 event");
            return false;
        }
    };
    let is_last_try = receives(message) >= MAX_RECEIVES;
    let mut done = true;
    for object in &objects {
        // The load itself has logged why; a failure to reach the ledger at all is logged here.
        if let Err(error) = load(loader, object, deadline, is_last_try).await {
            tracing::warn!(
                message.id = message.message_id,
                error.class = error.class(),
                "the message comes back"
            );
            done = false;
        }
    }
    done
}

/// How often the queue has handed the message out, this time included.
fn receives(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}
