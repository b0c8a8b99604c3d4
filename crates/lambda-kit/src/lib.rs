#![doc = include_str!("../README.md")]

pub mod aws;
pub mod body;
pub mod caller;
mod causes;
#[cfg(feature = "continuation")]
pub mod continuation;
pub mod env;
pub mod events;
mod failure;
pub mod http;
pub mod links;
mod log;
pub mod metrics;
pub mod object;
pub mod payload;
pub mod problem;
pub mod query;
pub mod tables;

pub use causes::causes;
pub use failure::{ErrorType, INVALID_PAYLOAD};
pub use log::{VALUES, init_tracing, log_failure, values_are_logged};
