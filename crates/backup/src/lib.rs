#![doc = include_str!("../README.md")]

mod answer;
pub mod catalogue;
mod clock;
mod command;
mod encode;
mod error;
mod expire;
mod http;
mod metrics;
mod options;
mod payload;
mod run;
mod state;
mod table;
mod times;
mod view;
mod writing;

use aurora::Database;
use domain::dictionary::Dictionary;

pub use answer::{Answer, Done, DoneTable, InvocationError};
pub use command::invoke;
pub use error::BackupError;
pub use expire::{Expired, Known, to_expire};
pub use http::{Service, router};
pub use lambda_kit::continuation::{Continuation, ContinuationError, LambdaContinuation};
pub use options::Options;
pub use payload::{Command, RequestError, Unfinished};
pub use state::Status;
pub use times::Times;

/// Makes backups.
#[derive(Debug)]
pub struct Backups<S, G> {
    /// The database whose tables are backed up.
    pub database: Database,
    /// The bucket that backups go to.
    pub store: S,
    /// Continues a backup in another invocation.
    pub continuation: G,
    /// The tables there are.
    pub dictionary: &'static Dictionary,
    /// The settings.
    pub options: Options,
}
