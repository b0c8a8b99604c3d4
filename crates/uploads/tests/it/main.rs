//! The routes, over uploads in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail the test")]

mod check;
mod parts;
mod single;
mod support;
