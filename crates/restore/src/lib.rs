//! The restore function: Avro files back into tables, checked before anything of a table changes.
//!
//! A restore ([`Command`]) fills a shadow of each table and takes their places at once, when everything has been found to be
//! as it must be: the files' hashes before, what was decoded against the manifest, and what the database then holds against
//! what was put in. Up to that moment a table is as it was, whatever happens; and what it was is kept until its next restore.
//!
//! ```text
//! plan: manifest, headers, tables of today --all reasons at once--> refused, nothing was touched
//! S3 --pieces--> thread: decode, sum up, write SQL --chunks--> lanes: BEGIN, ledger row, rows, COMMIT --> sums --> swap
//! ```
//!
//! A restore that needs more time than the function has hands itself on; one that was killed goes on when it is invoked
//! again: chunks are the same whenever they are read, and the ledger knows which are in.
//!
//! The function's configuration, from its environment: `ROWGATE_CLUSTER_ARN`, `ROWGATE_SECRET_ARN`,
//! `ROWGATE_DATABASE`, `ROWGATE_BUCKET` (where backups are and rejects files go), `ROWGATE_OPERATOR_KEY_ID` (whose requests
//! may start a restore), `AWS_LAMBDA_FUNCTION_NAME` (itself), and what [`Options`] may set; `ROWGATE_LOG` filters log lines.

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
pub use go_on::{GoOn, GoOnError, LambdaGoOn};
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
