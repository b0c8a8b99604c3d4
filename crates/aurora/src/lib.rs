//! The only door to the database: a client over the RDS Data API and the store operations built on it.

mod client;
pub mod migrations;
mod problem;
mod rejects;
mod rows;

pub use client::{
    Cause, Database, Deadline, Error, Executed, MaybeDatabase, Statement, Target, Transaction, Tx, Value,
    Write, limits,
};
pub use rows::insert_batch;
