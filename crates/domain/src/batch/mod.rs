//! A batch of rows that came through the API: reading the request, judging each row, and the
//! answer.
//!
//! ```text
//! request bytes --read--> Batch of TableBatch --(Facts from the database) judge--> Verdict --> Answer
//! ```

mod answer;
mod read;
mod verdict;

pub use answer::{Answer, TableAnswer};
pub use read::{Batch, BatchError, BatchRow, MAX_BODY_BYTES, MAX_DEPTH, MAX_ROWS, TableBatch, json_value};
pub use verdict::{Facts, RejectedRow, Verdict};

#[cfg(test)]
mod tests;
