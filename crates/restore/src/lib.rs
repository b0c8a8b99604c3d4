#![doc = include_str!("../README.md")]

mod command;
mod error;
mod http;
mod metrics;
mod options;
mod outbox;
mod read;
mod request;
mod run;
mod upkeep;

use aurora::restores::{self, Restore};
use aurora::{Database, Deadline};
use domain::backup::RestoreId;
use domain::dictionary::{Dictionary, Table};
use event_bus::EventBus;

pub use command::{invoke, invoke_command};
pub use error::RestoreError;
pub use http::router;
pub use lambda_kit::continuation::{Continuation, ContinuationError, LambdaContinuation};
pub use options::Options;
pub use request::answer::{Answer, InvocationError, Restored};
pub use request::payload::{Command, FromBackup, FromFiles, Unfinished, Wanted, Which};

/// Performs restores.
#[derive(Debug, Clone)]
pub struct Restorer<S, G> {
    /// The database that rows go to.
    pub database: Database,
    /// The bucket with the backups.
    pub store: S,
    /// Continues a restore in another invocation.
    pub continuation: G,
    /// The bus that the completion of each restore is sent to.
    pub events: EventBus,
    /// The tables that there are.
    pub dictionary: &'static Dictionary,
    /// The settings.
    pub options: Options,
}

impl<S, G> Restorer<S, G> {
    /// Returns the tables that a backup of all data has.
    fn all_tables(&self) -> Vec<&'static Table> {
        self.dictionary.visible_tables().collect()
    }

    /// Returns a restore as the ledger has it.
    async fn find(&self, id: &RestoreId, deadline: Deadline) -> Result<Option<Restore>, InvocationError> {
        Ok(restores::get(&self.database.with_deadline(deadline), id).await?)
    }

    /// Returns a restore like [`find`](Self::find), but fails if it does not exist.
    async fn get(&self, id: &RestoreId, deadline: Deadline) -> Result<Restore, InvocationError> {
        self.find(id, deadline).await?.ok_or_else(|| InvocationError::Unknown(id.clone()))
    }
}
