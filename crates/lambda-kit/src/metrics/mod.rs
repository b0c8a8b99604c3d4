//! Metrics as log lines: CloudWatch makes metrics of lines in its embedded metric format, so a
//! function needs no call and no right for them.

mod document;
mod requests;

pub use document::Document;
pub use requests::{RequestFigures, request_answered};
