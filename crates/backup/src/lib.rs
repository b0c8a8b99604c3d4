#![doc = include_str!("../README.md")]

mod answer;
pub mod catalogue;
mod clock;
mod encode;
mod error;
mod expire;
mod go_on;
mod http;
mod metrics;
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
pub use go_on::{ContinuationError, GoOn, LambdaContinuation};
pub use http::{Service, router};
pub use options::Options;
pub use payload::{Answer, Command, InvocationError, RequestError, invoke};
pub use run::Backups;
pub use state::Status;
pub use times::Times;
