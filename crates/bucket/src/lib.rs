//! The door to the data bucket: what backup and restore need of S3, and no more.
//!
//! [`Store`] is the need, [`S3Bucket`] is S3, `MemoryBucket` (feature `memory`) is a twin for tests. On top of any of them,
//! [`Upload`] writes an object of any size in bounded memory, and [`Reader`] reads one on a thread that may block.
//!
//! Writes can be conditional ([`When`]): only where nothing is yet, or where nobody else has written since. So two functions
//! that believe to work on the same thing find out, and a file that is there is never overwritten by accident.

pub mod backups;
mod error;
#[cfg(any(test, feature = "memory"))]
mod memory;
mod reader;
mod s3;
mod store;
mod upload;

pub use bytes::Bytes;
pub use error::BucketError;
#[cfg(any(test, feature = "memory"))]
pub use memory::{MemoryBucket, MemoryContent};
pub use reader::Reader;
pub use s3::S3Bucket;
pub use store::{Content, Listed, Listing, Object, Opened, Put, Store, When};
pub use upload::{PART_BYTES, Upload, Uploaded};
