//! The ports, over memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::{MemoryBucket, Pending, Stored};
use crate::error::{BucketError, Result};
use crate::store::{
    Content, Link, Links, Listing, Metadata, Multipart, Object, ObjectVersion, Opened, Part, Put, Store,
    Validity, Versions, When,
};

/// Objects in a page of a listing: few, so that tests see several pages.
const PAGE: usize = 10;

/// The content of an object in memory.
#[derive(Debug)]
pub struct MemoryContent {
    content: Bytes,
    at: usize,
}

impl Store for MemoryBucket {
    type Content = MemoryContent;

    fn name(&self) -> &str {
        &self.name
    }

    fn sibling(&self, name: &str) -> Self {
        Self { name: name.to_owned(), state: Arc::clone(&self.state) }
    }

    async fn get(&self, key: &str, limit: u64) -> Result<Option<Object>> {
        let Some(Stored { content, listed, .. }) = self.find(key) else { return Ok(None) };
        if listed.bytes > limit {
            return Err(BucketError::TooLarge { key: key.to_owned(), bytes: listed.bytes, limit });
        }
        Ok(Some(Object { content, etag: listed.etag }))
    }

    async fn open(&self, object: &ObjectVersion, from: u64) -> Result<Opened<MemoryContent>> {
        let ObjectVersion { key, version, etag } = object;
        let state = self.lock();
        let versions = state.objects.get(key).map(Vec::as_slice).unwrap_or_default();
        let found = match version {
            Some(_) => versions.iter().find(|found| found.listed.version == *version),
            None => versions.last(),
        };
        let found = found.filter(|found| etag.as_ref().is_none_or(|etag| found.listed.etag == *etag));
        let Stored { content, metadata, listed } = found.cloned().ok_or_else(|| BucketError::gone(key))?;
        let at = content.len().min(usize::try_from(from).unwrap_or(usize::MAX));
        Ok(Opened { content: MemoryContent { content, at }, from, etag: listed.etag, metadata })
    }

    async fn put_with(&self, key: &str, content: Bytes, metadata: Metadata, when: When<'_>) -> Result<Put> {
        Ok(self.lock().put(key, content, metadata, when))
    }

    async fn begin_upload(&self, key: &str, metadata: Metadata) -> Result<Multipart> {
        let mut state = self.lock();
        state.count += 1;
        let id = state.count.to_string();
        let pending = Pending { key: key.to_owned(), metadata, parts: BTreeMap::new() };
        state.uploads.insert(id.clone(), pending);
        Ok(Multipart::of(key, id))
    }

    async fn put_part(&self, upload: &Multipart, number: u32, content: Bytes) -> Result<Part> {
        let etag = format!("\"{}-{number}\"", upload.id);
        let part = Part { number, bytes: content.len() as u64, etag };
        self.lock().pending(upload)?.parts.insert(number, (part.clone(), content));
        Ok(part)
    }

    async fn complete_upload(&self, upload: &Multipart, parts: Vec<Part>, when: When<'_>) -> Result<Put> {
        let key = &upload.key;
        let mut state = self.lock();
        let pending = state.pending(upload)?;
        if parts.is_empty() {
            return Err(BucketError::failed(key, "InvalidPart"));
        }
        let mut content = Vec::new();
        for Part { number, etag, .. } in &parts {
            match pending.parts.get(number) {
                Some((part, bytes)) if part.etag == *etag => content.extend_from_slice(bytes),
                _ => return Err(BucketError::failed(key, "InvalidPart")),
            }
        }
        let metadata = pending.metadata.clone();
        let put = state.put(key, content.into(), metadata, when);
        if put != Put::Refused {
            state.uploads.remove(&upload.id);
        }
        Ok(put)
    }

    async fn abort_upload(&self, upload: &Multipart) -> Result<()> {
        self.lock().uploads.remove(&upload.id);
        Ok(())
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Listing> {
        let page = self.page(prefix, None, after, PAGE);
        Ok(Listing { objects: page.objects, next: page.next })
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>> {
        let folders = self.page(prefix, Some("/"), None, usize::MAX).folders.into_iter();
        Ok(folders
            .filter_map(|folder| Some(folder.strip_prefix(prefix)?.strip_suffix('/')?.to_owned()))
            .collect())
    }

    async fn delete(&self, keys: &[String]) -> Result<()> {
        let mut state = self.lock();
        keys.iter().for_each(|key| drop(state.objects.remove(key)));
        Ok(())
    }
}

impl Versions for MemoryBucket {
    async fn list_versions(&self, prefix: &str, after: Option<&str>) -> Result<Listing> {
        self.list(prefix, after).await
    }
}

/// Links that say what they are for.
impl Links for MemoryBucket {
    async fn link_to_put(
        &self,
        key: &str,
        bytes: Option<u64>,
        metadata: Metadata,
        _: Validity,
    ) -> Result<Link> {
        let bytes = bytes.map_or_else(|| "any".to_owned(), |bytes| bytes.to_string());
        let headers = metadata.into_iter().map(|(name, value)| (format!("x-amz-meta-{name}"), value));
        Ok(Link { url: format!("put:{key}?{bytes}"), headers: headers.collect() })
    }

    async fn link_to_put_part(
        &self,
        upload: &Multipart,
        number: u32,
        bytes: u64,
        _: Validity,
    ) -> Result<Link> {
        let Multipart { key, id, .. } = upload;
        Ok(Link { url: format!("put:{key}?{id}&{number}&{bytes}"), headers: Vec::new() })
    }

    async fn parts(&self, upload: &Multipart) -> Result<Vec<Part>> {
        Ok(self.lock().pending(upload)?.parts.values().map(|(part, _)| part.clone()).collect())
    }
}

impl Content for MemoryContent {
    /// Returns pieces whose sizes follow no pattern of the content's, and lets other tasks run in
    /// between, as a network does.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        tokio::task::yield_now().await;
        let size = 1 + (self.at * 7919 + 4001) % 60_000;
        let piece = self.content.slice(self.at..self.content.len().min(self.at + size));
        self.at += piece.len();
        Ok((!piece.is_empty()).then_some(piece))
    }
}
