//! The body of an answer, kept within what a function can answer with.

pub use lambda_kit::payload::MAX_PAYLOAD_BYTES;
pub(crate) use lambda_kit::payload::{Payload, TooLarge};
