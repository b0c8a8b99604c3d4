#![doc = include_str!("../README.md")]

mod error;
#[cfg(any(test, feature = "memory"))]
mod faulty;
#[cfg(any(test, feature = "memory"))]
mod memory;
mod reader;
mod s3;
mod store;
mod upload;

pub use bytes::Bytes;
pub use error::BucketError;
#[cfg(any(test, feature = "memory"))]
pub use faulty::{FaultyBucket, FaultyContent, Freeze};
#[cfg(any(test, feature = "memory"))]
pub use memory::{MemoryBucket, MemoryContent};
pub use reader::Reader;
pub use s3::S3Bucket;
pub use store::{
    Content, Link, Links, Listed, Listing, Metadata, Multipart, Object, ObjectVersion, Opened, Part, Put,
    Store, Validity, Versions, When,
};
pub use upload::{PART_BYTES, Upload, Uploaded};
