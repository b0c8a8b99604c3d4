//! The pure heart of Rowgate: what a table looks like, what a good row is, what becomes of a batch, and the SQL text
//! that carries rows. Nothing here does I/O, reads a clock or knows an AWS type; everything else depends on it.

pub mod avro;
pub mod backup;
pub mod batch;
pub mod dictionary;
pub mod foreign;
pub mod idempotency;
pub mod json_row;
pub mod load;
pub mod migration;
pub mod page;
pub mod prefer;
pub mod problem;
pub mod report;
pub mod row;
pub mod shipped;
pub mod sql;
pub mod value;
