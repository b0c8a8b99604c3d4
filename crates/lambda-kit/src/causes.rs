//! Errors in log lines.

use std::error::Error;

/// An error and what caused it, one after the other. For logs alone: what a cause says may name what is nobody's business.
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
