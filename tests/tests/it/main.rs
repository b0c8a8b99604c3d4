//! The deployed stack, from the outside: real HTTP, real S3, the real `curl` and the `rowgate`
//! command.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should panic"
)]

mod access;
mod accounts;
mod api_page;
mod backfill;
mod backup;
mod bodies;
mod by_id;
mod canary;
mod command;
mod delivery;
mod events;
mod fastavro;
mod files;
mod flawed_files;
mod folder;
mod gateway;
mod insert;
mod invocations;
mod ledger;
mod migrate;
mod openapi;
mod people;
mod reports;
mod requests;
mod resend;
mod restore;
mod roles;
mod status;
mod support;
mod uploads;
