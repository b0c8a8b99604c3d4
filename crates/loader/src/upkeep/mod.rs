//! Tasks beside loads: auditing the ledger, and queueing files that were never loaded.

pub(crate) mod audit;
pub(crate) mod backfill;
