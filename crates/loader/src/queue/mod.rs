//! The queue that files wait in: what the loader needs of SQS.

pub(crate) mod event;
pub(crate) mod sqs;

use std::future::Future;
use std::time::Duration;

/// The queue did not do as asked; it may pass.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not do as asked")]
pub struct QueueError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A queue of messages.
pub trait Queue: Sync {
    /// Puts a message on the queue.
    fn send(&self, body: &str) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Puts messages on the queue. After an error some of them may be there.
    fn send_all(&self, bodies: &[String]) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Keeps a received message invisible for `time` from now (whole seconds, 0 to 12 hours after it was received),
    /// after which it is delivered again.
    ///
    /// An error also says that the message is not held by this receipt any more, because it was delivered anew or is
    /// done with.
    fn keep(&self, receipt: &str, time: Duration) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// A queue that says how much waits in it.
pub trait Backlog: Sync {
    /// Messages that could be received now: neither held by anybody nor delayed. About: the queue is many machines.
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

        async fn keep(&self, _: &str, _: Duration) -> Result<(), QueueError> {
            Ok(())
        }
    }

    impl Backlog for MemoryQueue {
        async fn waiting(&self) -> Result<u64, QueueError> {
            Ok(self.waiting)
        }
    }
}
