//! Reads rows from external Avro files: files that Spark, Glue, Hive, Sqoop, fastavro or other
//! programs wrote.
//!
//! Schemas are read, and blocks unpacked, by the `apache-avro` crate; the rows of a block are read
//! here ([`decode`]): without a copy of any value, and strictly: missing or surplus bytes are an
//! error, never a row without values. Whatever a file contains, no more than one block of 16 MiB is
//! in memory, packed and unpacked, beside what its codec needs.
//!
//! The rules for values, and the mapping of fields to columns, are in `domain::external`.

mod blocks;
mod decode;
mod fault;
mod header;
mod plan;
mod rows;
mod shape;
mod source;

pub(crate) use plan::{is_data, plan};
pub(crate) use source::{ReadOptions, open};

#[cfg(test)]
mod tests;
