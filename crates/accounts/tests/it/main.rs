//! The function's routes and commands, with a user pool in memory and a real database.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod changes;
mod commands;
mod manage;
mod memory;
mod registration;
mod sessions;
mod support;
mod trail;
