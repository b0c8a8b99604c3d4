//! Checks rows of external files: fields are found by name, values are loosely typed, and the
//! rules, codes and sentences are those of JSON and CSV rows.
//!
//! Values are kept exactly as the file has them. A value in another form than the column's, but
//! with the same meaning, is converted (`7.0` for 7, `2021-11-07 02:48:42.0` for a second in UTC);
//! a value that would lose something by it, or whose meaning is ambiguous, is refused.
//! `docs/dictionary.md` has the table of conversions.

mod check;
mod civil_time;
mod claims;
mod loose;
mod mapping;
mod rows;

pub use civil_time::Unit;
pub use claims::Taken;
pub use loose::Loose;
pub use mapping::{FieldFault, FieldMap, IgnoredFields};
pub use rows::{ExternalFilling, ExternalRows, RowCollector};

#[cfg(test)]
mod tests;
