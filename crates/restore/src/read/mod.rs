//! Reading what is restored: backups in the bucket, and external files.

pub(crate) mod files;
pub(crate) mod find;
pub(crate) mod listing;
pub(crate) mod objects;
pub(crate) mod parts;
pub(crate) mod plan;
pub(crate) mod source;
