//! The queue that files wait in: the port, SQS behind it, and the messages.

pub(crate) mod event;
pub(crate) mod sqs;

use std::future::Future;
use std::time::Duration;

/// An error of the queue; it may pass.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not do as asked")]
pub struct QueueError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A queue of messages.
pub trait Queue: Sync {
    /// Puts a message on the queue.
    fn send(&self, body: &str) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Puts messages on the queue. After an error some of them may be there.
    fn send_all(&self, bodies: &[String]) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Hides a received message for `time` from now (whole seconds, 0 to 12 hours after it was
    /// received), after which it is delivered again.
    ///
    /// It fails, too, when the receipt is not valid any more, because the message was delivered
    /// again or deleted.
    fn change_visibility(
        &self,
        receipt: &str,
        time: Duration,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// A queue that counts its messages.
pub trait Backlog: Sync {
    /// Counts, approximately, the messages that could be received now: neither hidden nor delayed.
    fn waiting(&self) -> impl Future<Output = Result<u64, QueueError>> + Send;
}

#[cfg(test)]
pub(crate) mod memory {
    //! A queue in memory.

    use std::sync::Mutex;
    use std::time::Duration;

    use super::{Backlog, Queue, QueueError};

    /// Messages that were sent, and how many others wait.
    #[derive(Debug, Default)]
    pub(crate) struct MemoryQueue {
        pub(crate) sent: Mutex<Vec<String>>,
        pub(crate) waiting: u64,
    }

    impl Queue for MemoryQueue {
        async fn send(&self, body: &str) -> Result<(), QueueError> {
            self.sent.lock().unwrap().push(body.to_owned());
            Ok(())
        }

        async fn send_all(&self, bodies: &[String]) -> Result<(), QueueError> {
            self.sent.lock().unwrap().extend_from_slice(bodies);
            Ok(())
        }

        async fn change_visibility(&self, _: &str, _: Duration) -> Result<(), QueueError> {
            Ok(())
        }
    }

    impl Backlog for MemoryQueue {
        async fn waiting(&self) -> Result<u64, QueueError> {
            Ok(self.waiting)
        }
    }
}
