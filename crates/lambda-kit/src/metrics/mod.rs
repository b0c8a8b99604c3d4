//! Metrics as log lines: CloudWatch makes metrics of lines in its embedded metric format, so a
//! function needs no call and no right for them.
//!
//! The crate `metrics_cloudwatch_embedded` writes such lines too, but with one set of dimensions
//! for all metrics, while figures here are kept both by table and for all tables; it repeats or
//! leaves out counters that are zero; and its properties belong to the process and not to a line.

mod document;
mod requests;

pub use document::Document;
pub use requests::{RequestFigures, request_answered};
