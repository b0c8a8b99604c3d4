//! Backups of a real database into a bucket in memory.

#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail the test")]

mod expiry;
mod failures;
mod http;
mod invocations;
mod keys;
mod loads;
mod outbox;
mod status;
mod support;
mod whole;
