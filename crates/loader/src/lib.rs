#![doc = include_str!("../README.md")]

mod commit;
mod error;
mod invoke;
mod listing;
mod load;
mod metrics;
mod notes;
mod options;
mod queue;
mod read;
mod receive;
mod s3;
mod store;
mod upkeep;

use aurora::{Database, Deadline};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use domain::dictionary::Dictionary;

pub use error::LoadError;
pub use invoke::{Answer, InvocationError, Payload, invoke};
pub use listing::{List, Listed, Page};
pub use load::{Delivered, load};
pub use notes::Notes;
pub use options::Options;
pub use queue::event::{EventError, ObjectCreated, Told, objects_created};
pub use queue::sqs::SqsQueue;
pub use queue::{Backlog, Queue, QueueError};
pub use s3::S3Store;
pub use store::{About, Content, ObjectVersion, Opened, Store, StoreError};
pub use upkeep::audit::{AuditError, Audited, Auditor, LedgerFault};
pub use upkeep::backfill::{Backfill, BackfillError, Backfilled, Backfiller};

/// What a load works with.
#[derive(Debug)]
pub struct Loader<S, Q> {
    /// The database that rows go to.
    pub database: Database,
    /// Where objects are read and rejects files written.
    pub store: S,
    /// Where messages come from, and go to when a load needs another invocation.
    pub queue: Q,
    /// What records are checked against.
    pub dictionary: &'static Dictionary,
    /// The bucket for rejects files.
    pub bucket: String,
    /// What is set.
    pub options: Options,
}

/// Works on a batch of messages, one after the other; the answer names those that must come back.
pub async fn handle<S: Store, Q: Queue>(
    loader: &Loader<S, Q>,
    event: SqsEvent,
    deadline: Deadline,
) -> SqsBatchResponse {
    let mut answer = SqsBatchResponse::default();
    for message in event.records {
        if !receive::work_on(loader, &message, deadline).await {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message.message_id.unwrap_or_default();
            answer.batch_item_failures.push(failure);
        }
    }
    answer
}
