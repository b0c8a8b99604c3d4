//! Reading an object into chunks that are ready to be committed.

mod chunks;
mod contents;
mod prepare;
mod same;

pub(crate) use chunks::{Read, Reading};
pub(crate) use contents::Contents;
pub(crate) use prepare::{FilePlan, Plan, Prepared};
pub(crate) use same::find_same;
