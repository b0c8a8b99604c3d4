//! Reports and the loads ledger over a real MariaDB behind the local Data API.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod activity;
mod answers;
mod data;
mod failures;
mod limits;
mod loads;
mod outliers;
mod people;
mod random;
mod requests;
mod shipped;
mod status;
mod support;
mod tables;
