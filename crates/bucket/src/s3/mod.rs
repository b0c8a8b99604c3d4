//! S3, through the AWS SDK.

mod client;
mod error;
mod links;
mod list;
mod store;
mod write;

pub use client::S3Bucket;
