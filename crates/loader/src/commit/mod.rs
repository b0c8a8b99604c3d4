//! Committing chunks, and counting what they bring.

mod chunk;
mod part;
mod references;
mod tally;

pub(crate) use chunk::Committer;
pub(crate) use references::References;
pub(crate) use tally::{Limit, Tally};
