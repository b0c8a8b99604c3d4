//! Reading an object into chunks that are ready to be committed.

mod chunks;
mod prepare;
mod same;

pub(crate) use chunks::{Pieces, Read, Reading, feed};
pub(crate) use prepare::{FilePlan, Plan, Prepared};
pub(crate) use same::find_same;
