//! Works on the messages of the queue: a message stays hidden while its loads are worked on, is
//! sent again when a load needs more time, and returns soon when a load was disturbed.

use std::time::Duration;

use aurora::Deadline;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use bucket::Store;
use tokio::time::sleep;

use crate::load::{Delivered, load};
use crate::loader::Loader;
use crate::queue::Queue;
use crate::queue::event::objects_created;

/// Deliveries of a message after which it goes to the dead-letter queue; `infra/` sets the queue to
/// the same.
const MAX_RECEIVES: u32 = 5;

/// The time for which each heartbeat hides a message: when its function is killed, the message
/// returns after this, and not after the queue's visibility timeout of 90 minutes.
const VISIBILITY: Duration = Duration::from_secs(90);
const HEARTBEAT: Duration = Duration::from_secs(30);

/// The pauses before a message returns after its first delivery, its second, and so on: in all, a
/// database may be away for three quarters of an hour. After the last delivery it goes to the
/// dead-letter queue at once.
const RETRY_DELAYS: [Duration; MAX_RECEIVES as usize] = [
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::ZERO,
];

/// Works on a batch of messages, one after the other; the answer names those that must come back.
pub async fn handle<S: Store, Q: Queue>(
    loader: &Loader<S, Q>,
    event: SqsEvent,
    deadline: Deadline,
) -> SqsBatchResponse {
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

/// Loads every object that a message names; returns true if the message is done.
async fn work_on<S: Store, Q: Queue>(
    loader: &Loader<S, Q>,
    message: &SqsMessage,
    deadline: Deadline,
) -> bool {
    let receives = receives(message);
    let done = tokio::select! {
        done = load_all(loader, message, deadline, receives >= MAX_RECEIVES) => done,
        () = extend_visibility(loader, message) => false,
    };
    if let (false, Some(receipt)) = (done, &message.receipt_handle) {
        let delay = RETRY_DELAYS[(receives.clamp(1, MAX_RECEIVES) - 1) as usize];
        if let Err(error) = loader.queue.change_visibility(receipt, delay).await {
            tracing::warn!(message.id = message.message_id, error = %error, "the message comes back at its own time");
        }
    }
    done
}

/// Keeps a message from being delivered again, until dropped.
async fn extend_visibility<S, Q: Queue>(loader: &Loader<S, Q>, message: &SqsMessage) {
    let Some(receipt) = &message.receipt_handle else { return std::future::pending().await };
    loop {
        // A duplicate delivery does no harm, so an error of the queue is no reason to stop.
        if let Err(error) = loader.queue.change_visibility(receipt, VISIBILITY).await {
            tracing::debug!(message.id = message.message_id, error = %error, "the message could not be hidden for longer");
        }
        sleep(HEARTBEAT).await;
    }
}

async fn load_all<S: Store, Q: Queue>(
    loader: &Loader<S, Q>,
    message: &SqsMessage,
    deadline: Deadline,
    is_last_try: bool,
) -> bool {
    let objects = match objects_created(message.body.as_deref().unwrap_or_default()) {
        Ok(objects) => objects,
        Err(error) => {
            // It is unknown which file this was, so the dead-letter queue keeps the message.
            tracing::error!(message.id = message.message_id, error = %error, "the message is no S3 event");
            return false;
        }
    };
    let mut done = true;
    for object in &objects {
        match load(loader, object, deadline, is_last_try).await {
            Ok(Delivered::Ended) => {}
            Ok(Delivered::Unfinished) => {
                if let Err(error) = loader.queue.send(&object.message()).await {
                    tracing::warn!(message.id = message.message_id, error = %error, "the load could not be sent to another invocation");
                    done = false;
                }
            }
            Err(error) => {
                // The load itself has logged why; a failure to reach the ledger at all is logged
                // here.
                tracing::warn!(
                    message.id = message.message_id,
                    error.class = error.class(),
                    "the message comes back"
                );
                done = false;
            }
        }
    }
    done
}

/// Counts the deliveries of the message, this one included.
fn receives(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}
