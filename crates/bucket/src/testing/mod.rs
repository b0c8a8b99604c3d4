//! Buckets in memory, for tests.

mod faulty;
mod memory;

pub use faulty::{FaultyBucket, FaultyContent, Freeze};
pub use memory::{MemoryBucket, MemoryContent, Page, Stored};
