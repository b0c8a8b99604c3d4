//! The insert API over a real MariaDB behind the local Data API.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod audit;
mod bodies;
mod conditions;
mod faults;
mod filter;
mod gzip;
mod idempotency;
mod idempotency_faults;
mod keys;
mod list;
mod people;
mod prefer;
mod row;
mod row_races;
mod row_support;
mod rows;
mod sizes;
mod stuck;
mod support;
mod types;
mod unique;
mod unique_races;
