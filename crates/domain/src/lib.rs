#![doc = include_str!("../README.md")]

pub mod audit;
pub mod avro;
pub mod backup;
pub mod batch;
pub mod built_in;
pub mod csv;
pub mod dictionary;
mod dictionary_file;
mod digest;
pub mod external;
pub mod folder;
mod folder_error;
pub mod idempotency;
pub mod json_row;
pub mod key_text;
#[cfg(test)]
mod library;
pub mod load;
mod members;
pub mod migration;
mod named;
pub mod outliers;
pub mod page;
pub mod parameter;
pub mod prefer;
pub mod problem;
pub mod report;
pub mod row;
pub mod row_text;
pub mod schema;
mod shortened;
pub mod sql;
pub mod value;

pub use dictionary_file::DictionaryError;
pub use shortened::shortened;
