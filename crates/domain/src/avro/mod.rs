//! Tables as Avro object container files.
//!
//! A backup reads rows as [row texts](crate::row_text), parses them to values, writes those to Avro
//! files, and sums them up as [`ContentSum`](crate::row_text::ContentSum). A restore reads the
//! files, sums up what it decoded, and at last asks the database for the same sum of the table that
//! it filled. The three agree, or the restore fails.
//!
//! Encoder and decoder are our own and know flat records only, which all tables of the dictionary
//! are: nothing is allocated for a row. The `apache-avro` crate is the oracle of their tests, and
//! reads files that Rowgate did not write.

mod canonical;
mod codec;
mod compress;
mod decode;
mod encode;
mod error;
mod input;
mod kind;
mod long;
mod reader;
mod reason;
mod resolution;
mod schema;
#[cfg(test)]
pub(crate) mod tests;
mod writer;
mod writer_schema;

pub use codec::Codec;
pub use error::AvroError;
pub use long::read_long;
pub use reader::{Block, FileReader};
pub use reason::Reason;
pub use resolution::Resolution;
pub use schema::Schema;
pub use writer::{FileWriter, Meta};
pub use writer_schema::WriterSchema;
