use std::io;

/// Why an Avro file cannot be written or read. No message holds a value.
#[derive(Debug, thiserror::Error)]
pub enum AvroError {
    /// The bytes could not be read. It may pass; every other error is final.
    #[error("the file could not be read: {0}")]
    Read(#[source] io::Error),
    /// It does not begin as an Avro object container file does.
    #[error("it is no Avro file: it does not begin with \"Obj\" and 1")]
    NotAvro,
    /// The file's header cannot be used.
    #[error("its header cannot be used: {0}")]
    Header(String),
    /// The file ends where it must not.
    #[error("it ends in the middle of {0}")]
    Truncated(&'static str),
    /// A block cannot be read.
    #[error("its block {block} cannot be read: {problem}")]
    Block {
        /// The block in the file, from 1.
        block: u64,
        /// The problem.
        problem: String,
    },
    /// A value is broken, or does not have the type that it is written as.
    #[error("row {row}, column {column}: {problem}")]
    Value {
        /// The row in the file, from 1.
        row: u64,
        /// The column's name in the file.
        column: String,
        /// The problem.
        problem: &'static str,
    },
    /// The file is valid, but the table as it is today cannot hold one of its values.
    #[error("row {row}, column {column}: {problem}")]
    DoesNotFit {
        /// The row in the file, from 1.
        row: u64,
        /// The column's name in the file.
        column: String,
        /// The mismatch.
        problem: &'static str,
    },
    /// The compressor failed.
    #[error("a block could not be compressed: {0}")]
    Compress(#[source] io::Error),
}
