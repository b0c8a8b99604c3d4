#![doc = include_str!("../README.md")]

mod answer;
mod chunk;
mod command;
mod drill;
mod error;
mod files;
mod fill;
mod find;
mod foreign;
mod go_on;
mod http;
mod leftovers;
mod metrics;
mod objects;
mod options;
mod parts;
mod payload;
mod plan;
mod report;
mod run;
mod source;
mod sweep;

use aurora::Database;
use domain::dictionary::Dictionary;

pub use answer::{Answer, InvocationError, Restored};
pub use command::{invoke, invoke_command};
pub use error::RestoreError;
pub use go_on::{ContinuationError, GoOn, LambdaContinuation};
pub use http::{Service, router};
pub use options::Options;
pub use payload::{Command, FromBackup, RequestError, Which};

/// What restores work with.
#[derive(Debug)]
pub struct Restorer<S, G> {
    /// The database that rows go to.
    pub database: Database,
    /// The bucket with the backups.
    pub store: S,
    /// How a restore goes on in another invocation.
    pub go_on: G,
    /// The tables that there are.
    pub dictionary: &'static Dictionary,
    /// What is set.
    pub options: Options,
}
