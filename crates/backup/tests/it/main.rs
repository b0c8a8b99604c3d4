//! Backups of a real database into a bucket in memory.

mod expiry;
mod failures;
mod http;
mod invocations;
mod support;
mod whole;
