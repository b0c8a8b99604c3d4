//! Sessions of the database: pooled, or held by a transaction.

pub(crate) mod pool;
pub(crate) mod secrets;
pub(crate) mod transactions;
