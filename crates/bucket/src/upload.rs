//! Writes an object of any size in bounded memory.

use bytes::{Bytes, BytesMut};
use tokio::task::JoinHandle;

use crate::error::{BucketError, Result};
use crate::store::{Metadata, Multipart, Part, Put, Store, When};

/// The size of a part in bytes: the least that S3 takes. It takes 10,000 of them, so an object may
/// have 48 GiB. At most two parts are in memory: one is filled while the other is sent.
pub const PART_BYTES: usize = 5 * 1024 * 1024;

/// Writes an object where there is none yet. Content that fits into one part is written in one
/// call.
///
/// Dropped, it leaves no object, but may leave parts, which the bucket's lifecycle rule removes;
/// [`abandon`](Upload::abandon) removes them at once.
#[derive(Debug)]
pub struct Upload<S: Store> {
    store: S,
    key: String,
    part_bytes: usize,
    filling: BytesMut,
    /// The empty buffer of a part that was sent, for the next but one. Parts take turns in two
    /// buffers: glibc's allocator would put other content where a part was, and take a new place
    /// for the next part (10 MiB more for 25 parts than for two).
    spare: BytesMut,
    bytes: u64,
    /// Once there is more than one part.
    upload: Option<Multipart>,
    parts: Vec<Part>,
    sending: Option<Sending>,
}

/// A part that is being sent. Dropped, it is aborted.
#[derive(Debug)]
struct Sending {
    task: JoinHandle<Result<Part>>,
    content: Bytes,
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An object that has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// The key.
    pub key: String,
    /// The size in bytes.
    pub bytes: u64,
    /// False if there was an object already, which is unchanged.
    pub is_written: bool,
}

impl<S: Store> Upload<S> {
    /// Begins an object under `key`. Nothing is sent before a part is full.
    pub fn new(store: S, key: impl Into<String>) -> Self {
        Self::with_parts_of(PART_BYTES, store, key)
    }

    fn with_parts_of(part_bytes: usize, store: S, key: impl Into<String>) -> Self {
        Self {
            store,
            key: key.into(),
            part_bytes,
            filling: BytesMut::new(),
            spare: BytesMut::new(),
            bytes: 0,
            upload: None,
            parts: Vec::new(),
            sending: None,
        }
    }

    /// Returns the bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends content. Waits while a part is being sent and the next one is full.
    ///
    /// # Errors
    /// Those of the store; the upload cannot be used any more then.
    pub async fn write(&mut self, mut content: &[u8]) -> Result<()> {
        self.bytes += content.len() as u64;
        while !content.is_empty() {
            if self.filling.len() == self.part_bytes {
                self.send_part().await?;
            }
            let taken = content.len().min(self.part_bytes - self.filling.len());
            self.filling.extend_from_slice(&content[..taken]);
            content = &content[taken..];
        }
        Ok(())
    }

    /// Creates the object, unless it exists already.
    ///
    /// # Errors
    /// Those of the store; there is no object then, unless only the answer was lost.
    pub async fn finish(mut self) -> Result<Uploaded> {
        let put = if let Some(upload) = self.upload.clone() {
            if !self.filling.is_empty() {
                self.send_part().await?;
            }
            self.wait().await?;
            let parts = std::mem::take(&mut self.parts);
            self.store.complete_upload(&upload, parts, When::New).await?
        } else {
            let content = std::mem::take(&mut self.filling).freeze();
            self.store.put(&self.key, content, When::New).await?
        };
        if put == Put::Refused {
            self.abort().await;
        }
        let is_written = put != Put::Refused;
        Ok(Uploaded { key: std::mem::take(&mut self.key), bytes: self.bytes, is_written })
    }

    /// Abandons the object, and removes its parts.
    pub async fn abandon(mut self) {
        if let Some(Sending { task, .. }) = &mut self.sending {
            task.abort();
            task.await.ok();
        }
        self.abort().await;
    }

    async fn abort(&self) {
        if let Some(upload) = &self.upload
            && let Err(error) = self.store.abort_upload(upload).await
        {
            tracing::warn!(
                s3.key = self.key,
                error = %error,
                "parts of an upload stay until the bucket's lifecycle rule removes them"
            );
        }
    }

    async fn send_part(&mut self) -> Result<()> {
        self.wait().await?;
        let upload = match &self.upload {
            Some(upload) => upload.clone(),
            None => {
                let begun = self.store.begin_upload(&self.key, Metadata::new()).await?;
                self.upload.insert(begun).clone()
            }
        };
        let number = u32::try_from(self.parts.len() + 1).unwrap_or(u32::MAX);
        let next = std::mem::take(&mut self.spare);
        let content = std::mem::replace(&mut self.filling, next).freeze();
        self.filling.reserve(self.part_bytes);
        let (store, part) = (self.store.clone(), content.clone());
        let task = tokio::spawn(async move { store.put_part(&upload, number, part).await });
        self.sending = Some(Sending { task, content });
        Ok(())
    }

    /// Waits for the part that is being sent.
    async fn wait(&mut self) -> Result<()> {
        if let Some(sending) = &mut self.sending {
            let sent = (&mut sending.task).await.map_err(|error| BucketError::failed(&self.key, error))?;
            let content = std::mem::take(&mut sending.content);
            self.sending = None;
            self.parts.push(sent?);
            // A store may still hold the content.
            if let Ok(mut buffer) = content.try_into_mut() {
                buffer.clear();
                self.spare = buffer;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FaultyBucket;

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    async fn upload(store: &FaultyBucket, content: &[u8], pieces: usize) -> Result<Uploaded> {
        let mut upload = Upload::with_parts_of(1000, store.clone(), "k");
        for piece in content.chunks(pieces) {
            upload.write(piece).await?;
        }
        upload.finish().await
    }

    #[tokio::test]
    async fn an_object_is_what_was_written_whatever_its_size_and_pieces() {
        for length in [0, 1, 999, 1000, 1001, 2000, 7777] {
            for pieces in [1, 7, 1000, 5000] {
                let store = FaultyBucket::default();
                let content = content(length);
                let uploaded = upload(&store, &content, pieces).await.unwrap();
                let expected = Uploaded { key: "k".to_owned(), bytes: length as u64, is_written: true };
                assert_eq!(uploaded, expected);
                assert_eq!(store.content("k").unwrap(), content, "{length} in pieces of {pieces}");
                assert_eq!(store.open_uploads(), 0);
            }
        }
    }

    #[tokio::test]
    async fn what_is_there_is_not_overwritten() {
        for length in [10, 5000] {
            let store = FaultyBucket::default();
            store.insert("k", "was here");
            assert!(!upload(&store, &content(length), 100).await.unwrap().is_written);
            assert_eq!(store.content("k").unwrap(), "was here");
            assert_eq!(store.open_uploads(), 0, "its parts are thrown away");
        }
    }

    #[tokio::test]
    async fn a_store_that_fails_at_any_call_leaves_no_object() {
        let store = FaultyBucket::default();
        upload(&store, &content(5000), 100).await.unwrap();
        let calls = store.calls();
        assert!(calls > 6, "{calls}");
        for call in 0..calls {
            let store = FaultyBucket::default();
            store.stop_after(call);
            upload(&store, &content(5000), 100).await.unwrap_err();
            assert_eq!(store.content("k"), None, "after {call} calls");
        }
    }

    #[tokio::test]
    async fn an_upload_that_is_abandoned_leaves_nothing() {
        let store = FaultyBucket::default();
        let mut upload = Upload::with_parts_of(1000, store.clone(), "k");
        upload.write(&content(2500)).await.unwrap();
        assert_eq!(store.open_uploads(), 1);
        upload.abandon().await;
        assert_eq!((store.open_uploads(), store.keys()), (0, vec![]));
    }
}
