//! Checks rows of external files: fields are found by name, values are loosely typed, and the
//! rules, codes and sentences are those of JSON and CSV rows.
//!
//! What is kept is exactly what the file says. A value that is written in another way than the
//! column's and says the same is converted (`7.0` for 7, `2021-11-07 02:48:42.0` for a second in
//! UTC); one that would lose something by it, or of which nobody knows what it says, is refused.
//! `docs/dictionary.md` has the table of it.

mod check;
mod civil_time;
mod loose;
mod mapping;
mod rows;

pub use check::check_fields;
pub use civil_time::Unit;
pub use loose::Loose;
pub use mapping::{FieldFault, FieldMap, IgnoredFields};
pub use rows::{ExternalFilling, ExternalRows, RowCollector};

#[cfg(test)]
mod tests;
