//! The server held against a real database, through the AWS SDK for Rust and through bare HTTP.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod binary;
mod credentials;
mod faults;
mod limits;
mod load;
mod sessions;
mod statements;
mod support;
mod transactions;
mod types;
mod wire;
