#![doc = include_str!("../README.md")]

mod error;
mod reader;
mod s3;
mod store;
#[cfg(any(test, feature = "testing"))]
mod testing;
mod upload;

pub use bytes::Bytes;
pub use error::BucketError;
pub use reader::Reader;
pub use s3::S3Bucket;
pub use store::{
    Content, Link, Links, Listed, Listing, Metadata, Multipart, Object, ObjectVersion, Opened, Part, Put,
    Store, Validity, Versions, When,
};
#[cfg(any(test, feature = "testing"))]
pub use testing::{FaultyBucket, FaultyContent, Freeze, MemoryBucket, MemoryContent, Page, Stored};
pub use upload::{PART_BYTES, Upload, Uploaded};
