#![doc = include_str!("../README.md")]

mod age;
mod answer;
mod chunk;
mod command;
mod drill;
mod error;
mod external;
mod files;
mod fill;
mod find;
mod http;
mod job;
mod leftovers;
mod metrics;
mod notes;
mod objects;
mod options;
mod parts;
mod payload;
mod plan;
mod reap;
mod report;
mod resolve;
mod run;
mod source;

use aurora::restores::{self, Restore};
use aurora::{Database, Deadline};
use domain::backup::RestoreId;
use domain::dictionary::{Dictionary, Table};

pub use answer::{Answer, InvocationError, Restored};
pub use command::{invoke, invoke_command};
pub use error::RestoreError;
pub use http::{Service, router};
pub use lambda_kit::continuation::{Continuation, ContinuationError, LambdaContinuation};
pub use options::Options;
pub use payload::{Command, FromBackup, FromFiles, RequestError, Unfinished, Wanted, Which};

/// Performs restores.
#[derive(Debug)]
pub struct Restorer<S, G> {
    /// The database that rows go to.
    pub database: Database,
    /// The bucket with the backups.
    pub store: S,
    /// Continues a restore in another invocation.
    pub continuation: G,
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
