//! The backup function: tables of one moment as Avro files in the data bucket, with a manifest that proves them.
//!
//! ```text
//! snapshot --pages--> thread: parse, sum up, encode, compress, hash --bytes--> upload: parts of 5 MiB
//! ```
//!
//! All pages of all tables are read in one snapshot, so a backup is one moment in time. The manifest is written last: without
//! it there is no backup. Beside it, `state.json` tells how a backup stands that has none (yet): who works on it, and where the
//! next invocation goes on. All that there is to know of backups is in the bucket, because that is what is left when the
//! database is gone.
//!
//! A table that is swapped or altered while it is read, or a database that ends the transaction, costs the moment: the backup
//! begins anew with another one, three times at most. A backup that takes longer than an invocation hands the snapshot's
//! transaction on to the next one, and so keeps its moment.
//!
//! The function's configuration, from its environment: `ROWGATE_CLUSTER_ARN`, `ROWGATE_SECRET_ARN`, `ROWGATE_DATABASE`,
//! `ROWGATE_BUCKET` (where backups go), `ROWGATE_OPERATOR_KEY_ID` (whose key may start one), `AWS_LAMBDA_FUNCTION_NAME` (what to
//! invoke to go on), and what [`Options`] may set; `ROWGATE_LOG` filters log lines.

mod answer;
mod clock;
mod encode;
mod error;
mod expire;
mod go_on;
mod http;
mod moments;
mod options;
mod payload;
mod run;
mod state;
mod table;
mod times;
mod view;

pub use answer::{Done, DoneTable};
pub use error::BackupError;
pub use expire::{Expired, Known, to_expire};
pub use go_on::{GoOn, GoOnError, LambdaGoOn};
pub use http::{Service, router};
pub use options::Options;
pub use payload::{Answer, Command, InvocationError, RequestError, invoke};
pub use run::Backups;
pub use state::Status;
pub use times::Times;
