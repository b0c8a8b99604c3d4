#![doc = include_str!("../README.md")]

mod client;
pub mod loads;
pub mod migrations;
mod problem;
mod rejects;
mod rows;

pub use client::{
    Cause, Database, Deadline, Error, Executed, MaybeDatabase, Statement, Target, Transaction, Tx, Value,
    Write, limits,
};
pub use rows::insert_batch;
