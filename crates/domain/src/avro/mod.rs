//! Tables as Avro object container files, and what proves that nothing of them was lost on the way.
//!
//! A backup reads rows as [row texts](row_text_sql), one text column whatever the table; parses them to values; writes those
//! to Avro files; and sums them up as [`ContentSum`]. A restore reads the files, sums up what it decoded, and at last asks
//! the database for the same sum of the table that it filled. The three agree, or the restore fails.
//!
//! Encoder and decoder are our own and know flat records only, which all tables of the dictionary are: nothing is allocated
//! for a row. The `apache-avro` crate is the oracle of their tests, and reads files that Rowgate did not write.

mod canonical;
pub(crate) mod civil;
mod codec;
mod compress;
mod content_sum;
mod decode;
mod encode;
mod error;
mod input;
mod kind;
mod range;
mod reader;
mod reason;
mod resolution;
mod row_text;
mod row_text_sql;
mod schema;
#[cfg(test)]
mod tests;
mod writer;
mod writer_schema;

pub use codec::Codec;
pub use content_sum::ContentSum;
pub use error::AvroError;
pub use reader::{Block, FileReader};
pub use reason::Reason;
pub use resolution::Resolution;
pub use row_text::{RowTextError, parse_row_text, write_row_text};
pub use row_text_sql::{fixed_width, page_sql, page_within_sql, row_text_sql, sum_sql};
pub use schema::Schema;
pub use writer::{FileWriter, Meta};
pub use writer_schema::WriterSchema;
