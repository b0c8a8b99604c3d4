#![doc = include_str!("../README.md")]

mod check;
mod content;
mod counts;
mod error;
mod input;
mod kind;
mod open;
mod preview;
mod records;
mod source;
mod text;
mod text_source;
mod xlsx;

#[cfg(test)]
mod tests;

pub use check::{Checked, CheckedField, CheckedRecord, check};
pub use counts::Counts;
pub use error::{PreviewError, SourceError};
pub use open::{open, resume, verify};
pub use preview::{Preview, Rejected, preview};
pub use records::{Records, records};
pub use source::{Opening, Source, TextForm};
