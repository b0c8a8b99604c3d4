//! A file that is dropped, on either way.

use std::fs::{self, Metadata};
use std::path::Path;

use anyhow::Result;
use aws_sdk_s3::primitives::{ByteStream, Length};
use domain::load::{Format, LoadId, READABLE_FILES, no_data_below};

use crate::exit::{cannot, user_error};

/// Returns the name of a file that can be loaded.
pub(super) fn name_of(file: &Path) -> Result<&str> {
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| user_error(format!("{} is not a file's path.", file.display())))?;
    // Checked before anything is sent: the loader would pass over the one and fail the other.
    if let Some(what) = no_data_below(name) {
        return Err(user_error(format!("{name} would not be loaded: it is {what}; rename it.")));
    }
    Format::of_file(name)
        .map_err(|advice| user_error(format!("{name} cannot be loaded: {advice}; {READABLE_FILES}.")))?;
    Ok(name)
}

pub(super) fn metadata(file: &Path) -> Result<Metadata> {
    match fs::metadata(file) {
        Ok(metadata) if metadata.is_file() => Ok(metadata),
        _ => Err(user_error(format!("{} is not a file.", file.display()))),
    }
}

/// Reads a part of a file as the body of a request.
pub(super) async fn body(file: &Path, offset: u64, bytes: u64) -> Result<ByteStream> {
    if bytes == 0 {
        return Ok(ByteStream::default());
    }
    let part = ByteStream::read_from().path(file).offset(offset).length(Length::Exact(bytes));
    part.build().await.map_err(cannot(file, "be read"))
}

/// A file that was dropped.
pub(crate) struct Dropped {
    pub key: String,
    pub(super) followed: Followed,
}

/// Identifies the load of a file.
#[derive(Clone, Debug)]
pub(super) enum Followed {
    /// By its id.
    Id(LoadId),
    /// By its key: the newest load, unless it is the one with this id, which existed before.
    After(Option<String>),
    /// Not at all, in a bucket without versions: only the loader can tell one drop of a key from
    /// the next.
    No,
}
