//! One message of the queue: held while its loads are worked on, sent anew when one needs more time, and made to come
//! back soon when one was disturbed.

use std::time::Duration;

use aurora::Deadline;
use aws_lambda_events::sqs::SqsMessage;
use tokio::time::sleep;

use crate::load::{Delivered, load};
use crate::queue::event::objects_created;
use crate::{Loader, Queue, Store};

/// Receives of one message after which it goes to the dead-letter queue; `infra/` sets the queue to the same.
const MAX_RECEIVES: u32 = 5;

/// A message is held for so long from each beat of the heart on: when its function is killed, it comes back that soon,
/// and not only after the queue's own visibility timeout of 90 minutes.
const HOLD: Duration = Duration::from_secs(90);
const HEARTBEAT: Duration = Duration::from_secs(30);

/// When a message comes back that could not be done with, after its first receive, its second, and so on: in all, a
/// database may be away for three quarters of an hour. After the last receive it goes to the dead-letter queue at once.
const COMES_BACK: [Duration; MAX_RECEIVES as usize] = [
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::ZERO,
];

/// Loads every object that a message names; says whether the message is done with.
pub(crate) async fn work_on<S: Store, Q: Queue>(
    loader: &Loader<S, Q>,
    message: &SqsMessage,
    deadline: Deadline,
) -> bool {
    let receives = receives(message);
    let done = tokio::select! {
        done = load_all(loader, message, deadline, receives >= MAX_RECEIVES) => done,
        () = hold(loader, message) => false,
    };
    if let (false, Some(receipt)) = (done, &message.receipt_handle) {
        let comes_back = COMES_BACK[(receives.clamp(1, MAX_RECEIVES) - 1) as usize];
        if let Err(error) = loader.queue.keep(receipt, comes_back).await {
            tracing::warn!(message.id = message.message_id, error = %error, "the message comes back at its own time");
        }
    }
    done
}

/// Keeps a message from being delivered again, for ever.
async fn hold<S, Q: Queue>(loader: &Loader<S, Q>, message: &SqsMessage) {
    let Some(receipt) = &message.receipt_handle else { return std::future::pending().await };
    loop {
        // A message that is delivered twice does no harm, so what the queue refuses is not worth stopping for.
        if let Err(error) = loader.queue.keep(receipt, HOLD).await {
            tracing::debug!(message.id = message.message_id, error = %error, "the message could not be held");
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
            // Nobody can tell which file this was, so it must not vanish: the dead-letter queue keeps it.
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
                    tracing::warn!(message.id = message.message_id, error = %error, "the load could not be handed on");
                    done = false;
                }
            }
            Err(error) => {
                // The load itself has logged why; a failure to reach the ledger at all is logged here.
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

/// How often the queue has handed the message out, this time included.
fn receives(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}
