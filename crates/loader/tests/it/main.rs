//! The loader over a real MariaDB behind the local Data API, with objects in memory.

#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "helpers of tests fail the test"
)]

mod cases;
mod cloud;
mod content;
mod crashes;
mod events;
mod faults;
mod files;
mod invocations;
mod keys;
mod kills;
mod kinds;
mod ledger;
mod markers;
mod modes;
mod nothing;
mod outbox;
mod parts;
mod rejects;
mod repeats;
mod sample;
mod settings;
mod support;
mod warnings;
