//! What every function shares: configuration from the environment, the SDK's set-up, tracing, metrics, and
//! HTTP answers. With the feature `go-on` also how a function invokes itself.

pub mod aws;
pub mod body;
mod causes;
pub mod env;
pub mod events;
#[cfg(feature = "go-on")]
pub mod go_on;
pub mod http;
mod log;
pub mod metrics;
pub mod object;
pub mod operator;
pub mod payload;
pub mod problem;
pub mod query;

pub use causes::{causes, shortened};
pub use log::{VALUES, init_tracing, values_are_logged};
