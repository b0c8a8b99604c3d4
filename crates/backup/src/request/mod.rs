//! Requests to the function, and its answers.

pub(crate) mod answer;
pub(crate) mod payload;
