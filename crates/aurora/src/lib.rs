#![doc = include_str!("../README.md")]

mod account_lock;
pub mod audit;
mod client;
pub mod committer;
mod delete_row;
pub mod idempotency;
mod jobs;
pub mod keys;
pub mod lanes;
mod ledger;
pub mod loads;
pub mod migrations;
pub mod outliers;
mod problem;
mod put_row;
mod read_rows;
pub mod rejects;
pub mod restores;
mod rows;
pub mod snapshot;
pub mod swap;
mod tables;
pub mod users;

pub use account_lock::AccountLock;
pub use client::{
    Database, Error, Executed, MaybeDatabase, Statement, Target, Texts, Transaction, Tx, Value, Write, limits,
};
pub use deadline::Deadline;
pub use delete_row::{Delete, delete_row};
pub use put_row::{Put, put_row};
pub use read_rows::{RowPage, count_rows, read_page, read_row};
pub use rows::Insert;
