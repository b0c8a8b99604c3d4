//! `rowgate-serve` as a process, over a database and a bucket of its own.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot continue should panic"
)]

mod keys;
mod kill;
mod limits;
mod memory;
mod settings;
mod stop;
mod support;
