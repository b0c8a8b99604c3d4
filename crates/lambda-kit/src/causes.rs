//! Errors in log lines.

use std::error::Error;

/// Formats an error and its causes, one after the other. For logs alone: a cause may name
/// internals.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
