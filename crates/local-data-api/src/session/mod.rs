//! Sessions of the database: pooled, or held by a transaction.

mod aws;
pub(crate) mod objects;
pub(crate) mod pool;
pub(crate) mod secrets;
pub(crate) mod transactions;
