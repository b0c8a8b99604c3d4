//! Answers to calls, which may come before the work is over.

use tokio::sync::oneshot;

use crate::error::ApiError;
use crate::faults::Loss;

/// The outcome of a call.
#[derive(Debug)]
pub(crate) enum Reply {
    Success(Vec<u8>),
    Error(ApiError),
    /// 504 without the name of an error.
    GatewayTimeout,
    /// The connection is closed without an answer.
    Disconnect,
}

/// Answers the caller, perhaps before the work is over.
pub(super) struct Replier {
    pub(super) sender: Option<oneshot::Sender<Reply>>,
    pub(super) loss: Option<Loss>,
}

impl Replier {
    pub(super) fn send(&mut self, result: Result<Vec<u8>, ApiError>) {
        self.reply(match (result, self.loss) {
            (Ok(_), Some(Loss::Drop)) => Reply::Disconnect,
            (Ok(_), Some(Loss::GatewayTimeout)) => Reply::GatewayTimeout,
            (Ok(body), None) => Reply::Success(body),
            (Err(error), _) => Reply::Error(error),
        });
    }

    pub(super) fn reply(&mut self, reply: Reply) {
        if let Some(sender) = self.sender.take() {
            // A caller who disconnected gets nothing; the work was done all the same, as by the
            // service.
            let _ = sender.send(reply);
        }
    }
}
