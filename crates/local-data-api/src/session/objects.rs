//! The objects that `LOAD DATA FROM S3` reads.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata as _};
use tempfile::NamedTempFile;

use super::aws;
use crate::config::{MemoryObjects, Objects};

/// Reads objects.
#[derive(Debug)]
pub(crate) enum Source {
    /// The cluster has no role that may read objects.
    None,
    Memory(MemoryObjects),
    S3(Client),
}

impl Source {
    pub(crate) async fn new(objects: &Objects) -> Self {
        match objects {
            Objects::None => Self::None,
            Objects::Memory(objects) => Self::Memory(objects.clone()),
            Objects::S3 { endpoint } => {
                let config = aws::config(Some(endpoint)).await;
                // Emulators serve no other URLs, and S3 understands them.
                Self::S3(Client::from_conf(Builder::from(&config).force_path_style(true).build()))
            }
        }
    }

    /// Copies an object into a file in this folder, which is removed when it is dropped.
    ///
    /// # Errors
    /// The message of the error that S3 answers with.
    pub(crate) async fn copy(&self, bucket: &str, key: &str, folder: &Path) -> Result<NamedTempFile, String> {
        let words = |error: std::io::Error| error.to_string();
        let mut file = NamedTempFile::with_prefix_in("s3-", folder).map_err(words)?;
        // Databases read files that all may read, and those in their own folder.
        file.as_file().set_permissions(PermissionsExt::from_mode(0o644)).map_err(words)?;
        match self {
            Self::None => return Err("Missing Credentials: Cannot instantiate S3 Client".to_owned()),
            Self::Memory(objects) => {
                let content = objects.get(bucket, key).ok_or("The specified key does not exist.")?;
                file.write_all(&content).map_err(words)?;
            }
            Self::S3(client) => {
                let object = client.get_object().bucket(bucket).key(key).send().await.map_err(|error| {
                    error.message().map_or_else(|| DisplayErrorContext(&error).to_string(), ToOwned::to_owned)
                })?;
                let mut body = object.body;
                while let Some(piece) = body.next().await {
                    file.write_all(&piece.map_err(|error| error.to_string())?).map_err(words)?;
                }
            }
        }
        Ok(file)
    }
}
