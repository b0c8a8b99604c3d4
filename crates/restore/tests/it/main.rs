//! Restores over a real MariaDB behind the local Data API, with a bucket in memory.

#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail the test")]

mod beside;
mod continuation;
mod damage;
mod drills;
mod external;
mod extremes;
mod interruptions;
mod outbox;
mod refusals;
mod requests;
mod restores;
mod round_trip;
mod support;
mod undo;
