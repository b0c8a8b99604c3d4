#![doc = include_str!("../README.md")]

mod client;
mod ledger;
pub mod loads;
pub mod migrations;
mod problem;
mod rejects;
pub mod restores;
mod rows;
pub mod snapshot;
mod tables;

pub use client::{
    Cause, Database, Deadline, Error, Executed, MaybeDatabase, Statement, Target, Texts, Transaction, Tx,
    Value, Write, limits,
};
pub use rows::insert_batch;
