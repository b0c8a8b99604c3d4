//! Small texts kept in the data bucket, where reading them wakes no database.

use std::future::Future;

use aws_sdk_s3::error::ProvideErrorMetadata;

use crate::s3::S3Store;
use crate::store::StoreError;

/// Texts under keys.
pub trait Notes: Sync {
    /// The text under a key; `None` where there is none.
    fn read(
        &self,
        bucket: &str,
        key: &str,
    ) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;

    /// Puts a text under a key, in the place of what is there.
    fn write(
        &self,
        bucket: &str,
        key: &str,
        text: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl Notes for S3Store {
    async fn read(&self, bucket: &str, key: &str) -> Result<Option<String>, StoreError> {
        let object = match self.client.get_object().bucket(bucket).key(key).send().await {
            Ok(object) => object,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(StoreError::Failed(error.into())),
        };
        let content = object.body.collect().await.map_err(|error| StoreError::Failed(error.into()))?;
        Ok(Some(String::from_utf8_lossy(&content.into_bytes()).into_owned()))
    }

    async fn write(&self, bucket: &str, key: &str, text: &str) -> Result<(), StoreError> {
        let put = self.client.put_object().bucket(bucket).key(key).content_type("text/plain; charset=utf-8");
        let sent = put.body(text.as_bytes().to_vec().into()).send().await;
        sent.map(|_| ()).map_err(|error| StoreError::Failed(error.into()))
    }
}

#[cfg(test)]
pub(crate) mod memory {
    //! Notes in memory.

    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::Notes;
    use crate::store::StoreError;

    /// Texts by bucket and key.
    #[derive(Debug, Default)]
    pub(crate) struct MemoryNotes(Mutex<BTreeMap<(String, String), String>>);

    impl Notes for MemoryNotes {
        async fn read(&self, bucket: &str, key: &str) -> Result<Option<String>, StoreError> {
            Ok(self.0.lock().unwrap().get(&(bucket.to_owned(), key.to_owned())).cloned())
        }

        async fn write(&self, bucket: &str, key: &str, text: &str) -> Result<(), StoreError> {
            self.0.lock().unwrap().insert((bucket.to_owned(), key.to_owned()), text.to_owned());
            Ok(())
        }
    }
}
