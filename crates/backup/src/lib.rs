#![doc = include_str!("../README.md")]

pub mod catalogue;
mod command;
mod error;
mod http;
mod metrics;
mod options;
mod outbox;
mod request;
mod state;
mod write;

use aurora::Database;
use domain::dictionary::Dictionary;
use event_bus::EventBus;

pub use catalogue::expire::Expired;
pub use command::invoke;
pub use error::BackupError;
pub use http::router;
pub use lambda_kit::continuation::{Continuation, ContinuationError, LambdaContinuation};
pub use options::Options;
pub use request::answer::{Answer, Done, DoneTable, InvocationError};
pub use request::payload::{Command, Unfinished};
pub use state::Status;
pub use write::times::Times;

/// Makes backups.
#[derive(Debug, Clone)]
pub struct Backups<S, G> {
    /// The database whose tables are backed up.
    pub database: Database,
    /// The bucket that backups go to.
    pub store: S,
    /// Continues a backup in another invocation.
    pub continuation: G,
    /// The bus that the end of each backup is sent to.
    pub events: EventBus,
    /// The tables there are.
    pub dictionary: &'static Dictionary,
    /// The version of the dictionary, which files and manifests name.
    pub dictionary_version: &'static str,
    /// The settings.
    pub options: Options,
}
