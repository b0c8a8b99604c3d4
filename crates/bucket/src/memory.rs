//! A bucket in memory.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::error::BucketError;
use crate::store::{
    Content, Link, Links, Listed, Listing, Metadata, Multipart, Object, ObjectVersion, Opened, Part, Put,
    Store, Validity, Versions, When,
};

/// Objects in a page of a listing: few, so that tests see several pages.
const PAGE: usize = 10;

/// Bytes of content that go into an ETag: S3's ETag of equal contents is equal.
const HASHED: usize = 1 << 20;

/// A bucket in memory. Clones share its objects, and so do siblings.
#[derive(Debug, Clone, Default)]
pub struct MemoryBucket {
    name: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The versions of each key, the newest one last.
    objects: BTreeMap<String, Vec<Stored>>,
    uploads: BTreeMap<String, Pending>,
    /// The number of uploads and large objects so far.
    count: u64,
}

#[derive(Debug, Clone)]
struct Stored {
    content: Bytes,
    metadata: Metadata,
    listed: Listed,
}

/// An upload that is neither completed nor aborted.
#[derive(Debug)]
struct Pending {
    key: String,
    metadata: Metadata,
    parts: BTreeMap<u32, (Part, Bytes)>,
}

/// The content of an object in memory.
#[derive(Debug)]
pub struct MemoryContent {
    content: Bytes,
    at: usize,
}

impl MemoryBucket {
    /// Makes an empty bucket.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Puts an object there, in the place of its newest version.
    pub fn insert(&self, key: &str, content: impl Into<Bytes>) {
        let mut state = self.lock();
        state.objects.remove(key);
        state.insert(key, None, content.into(), Metadata::new());
    }

    /// Puts a new version of an object there.
    pub fn insert_version(&self, key: &str, version: &str, content: impl Into<Bytes>) {
        self.lock().insert(key, Some(version), content.into(), Metadata::new());
    }

    /// Sets the metadata of the objects under a prefix.
    pub fn describe(&self, prefix: &str, metadata: &Metadata) {
        self.change(prefix, |object| object.metadata.clone_from(metadata));
    }

    /// Moves the objects under a prefix to another storage class.
    pub fn set_storage_class(&self, prefix: &str, class: &str) {
        self.change(prefix, |object| object.listed.storage_class = Some(class.to_owned()));
    }

    /// Changes when the objects under a prefix were written: milliseconds since 1970.
    pub fn set_modified(&self, prefix: &str, modified: i64) {
        self.change(prefix, |object| object.listed.modified = modified);
    }

    /// Returns an object's content.
    pub fn content(&self, key: &str) -> Option<Bytes> {
        self.newest(key).map(|object| object.content)
    }

    /// Returns an object's content as text.
    pub fn text(&self, key: &str) -> Option<String> {
        self.content(key).map(|content| String::from_utf8_lossy(&content).into_owned())
    }

    /// Returns an object's metadata.
    pub fn metadata(&self, key: &str) -> Metadata {
        self.newest(key).map(|object| object.metadata).unwrap_or_default()
    }

    /// Removes an object with all of its versions.
    pub fn remove(&self, key: &str) -> Option<Bytes> {
        self.lock().objects.remove(key)?.pop().map(|object| object.content)
    }

    /// Returns all keys.
    pub fn keys(&self) -> Vec<String> {
        self.lock().objects.keys().cloned().collect()
    }

    /// Counts the uploads that were begun and neither completed nor aborted.
    pub fn open_uploads(&self) -> usize {
        self.lock().uploads.len()
    }

    fn newest(&self, key: &str) -> Option<Stored> {
        self.lock().objects.get(key)?.last().cloned()
    }

    fn change(&self, prefix: &str, change: impl Fn(&mut Stored)) {
        let mut state = self.lock();
        let under = state.objects.iter_mut().filter(|(key, _)| key.starts_with(prefix));
        under.flat_map(|(_, versions)| versions).for_each(change);
    }

    fn page(&self, prefix: &str, after: Option<&str>) -> Listing {
        let state = self.lock();
        let mut found = state
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after))
            .filter_map(|(_, versions)| versions.last());
        let objects: Vec<Listed> = found.by_ref().take(PAGE).map(|object| object.listed.clone()).collect();
        let next = found.next().and(objects.last()).map(|last| last.key.clone());
        Listing { objects, next }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn insert(&mut self, key: &str, version: Option<&str>, content: Bytes, metadata: Metadata) -> String {
        let etag = self.etag(&content);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let listed = Listed {
            key: key.to_owned(),
            version: version.map(str::to_owned),
            etag: etag.clone(),
            bytes: content.len() as u64,
            modified: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
            storage_class: Some("STANDARD".to_owned()),
        };
        self.objects.entry(key.to_owned()).or_default().push(Stored { content, metadata, listed });
        etag
    }

    /// Writes an object if the condition holds.
    fn put(&mut self, key: &str, content: Bytes, metadata: Metadata, when: When<'_>) -> Put {
        let there = self.objects.get(key).and_then(|versions| versions.last());
        let holds = match when {
            When::Always => true,
            When::New => there.is_none(),
            When::Is(etag) => there.is_some_and(|object| object.listed.etag == etag),
        };
        if !holds {
            return Put::Refused;
        }
        self.objects.remove(key);
        Put::Written(self.insert(key, None, content, metadata))
    }

    fn etag(&mut self, content: &Bytes) -> String {
        let mut hasher = DefaultHasher::new();
        if content.len() > HASHED {
            self.count += 1;
            self.count.hash(&mut hasher);
        } else {
            content.hash(&mut hasher);
        }
        format!("\"{:016x}{:016x}\"", hasher.finish(), content.len())
    }

    fn pending(&mut self, key: &str, upload: &Multipart) -> Result<&mut Pending, BucketError> {
        let pending = self.uploads.get_mut(&upload.id).filter(|pending| pending.key == key);
        pending.ok_or_else(|| BucketError::gone(key))
    }
}

impl Store for MemoryBucket {
    type Content = MemoryContent;

    fn name(&self) -> &str {
        &self.name
    }

    fn sibling(&self, name: &str) -> Self {
        Self { name: name.to_owned(), state: Arc::clone(&self.state) }
    }

    async fn get(&self, key: &str, limit: u64) -> Result<Option<Object>, BucketError> {
        let Some(Stored { content, listed, .. }) = self.newest(key) else { return Ok(None) };
        if listed.bytes > limit {
            return Err(BucketError::TooLarge { key: key.to_owned(), bytes: listed.bytes, limit });
        }
        Ok(Some(Object { content, etag: listed.etag }))
    }

    async fn open(&self, object: &ObjectVersion, from: u64) -> Result<Opened<MemoryContent>, BucketError> {
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

    async fn put_with(
        &self,
        key: &str,
        content: Bytes,
        metadata: Metadata,
        when: When<'_>,
    ) -> Result<Put, BucketError> {
        Ok(self.lock().put(key, content, metadata, when))
    }

    async fn begin_upload(&self, key: &str, metadata: Metadata) -> Result<Multipart, BucketError> {
        let mut state = self.lock();
        state.count += 1;
        let id = state.count.to_string();
        let pending = Pending { key: key.to_owned(), metadata, parts: BTreeMap::new() };
        state.uploads.insert(id.clone(), pending);
        Ok(Multipart::of(id))
    }

    async fn put_part(
        &self,
        key: &str,
        upload: &Multipart,
        number: u32,
        content: Bytes,
    ) -> Result<Part, BucketError> {
        let etag = format!("\"{}-{number}\"", upload.id);
        let part = Part { number, bytes: content.len() as u64, etag };
        self.lock().pending(key, upload)?.parts.insert(number, (part.clone(), content));
        Ok(part)
    }

    async fn complete_upload(
        &self,
        key: &str,
        upload: &Multipart,
        parts: Vec<Part>,
        when: When<'_>,
    ) -> Result<Put, BucketError> {
        let mut state = self.lock();
        let pending = state.pending(key, upload)?;
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

    async fn abort_upload(&self, _key: &str, upload: &Multipart) -> Result<(), BucketError> {
        self.lock().uploads.remove(&upload.id);
        Ok(())
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Listing, BucketError> {
        Ok(self.page(prefix, after))
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>, BucketError> {
        let mut folders = self.keys();
        folders.retain(|key| key.starts_with(prefix));
        let mut folders: Vec<String> = folders
            .iter()
            .filter_map(|key| Some(key[prefix.len()..].split_once('/')?.0.to_owned()))
            .collect();
        folders.dedup();
        Ok(folders)
    }

    async fn delete(&self, keys: &[String]) -> Result<(), BucketError> {
        self.lock().objects.retain(|key, _| !keys.contains(key));
        Ok(())
    }
}

impl Versions for MemoryBucket {
    async fn list_versions(&self, prefix: &str, after: Option<&str>) -> Result<Listing, BucketError> {
        Ok(self.page(prefix, after))
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
    ) -> Result<Link, BucketError> {
        let bytes = bytes.map_or_else(|| "any".to_owned(), |bytes| bytes.to_string());
        let headers = metadata.into_iter().map(|(name, value)| (format!("x-amz-meta-{name}"), value));
        Ok(Link { url: format!("put:{key}?{bytes}"), headers: headers.collect() })
    }

    async fn link_to_put_part(
        &self,
        key: &str,
        upload: &Multipart,
        number: u32,
        bytes: u64,
        _: Validity,
    ) -> Result<Link, BucketError> {
        Ok(Link { url: format!("put:{key}?{}&{number}&{bytes}", upload.id), headers: Vec::new() })
    }

    async fn parts(&self, key: &str, upload: &Multipart) -> Result<Vec<Part>, BucketError> {
        Ok(self.lock().pending(key, upload)?.parts.values().map(|(part, _)| part.clone()).collect())
    }
}

impl Content for MemoryContent {
    /// Returns pieces whose sizes follow no pattern of the content's, and lets other tasks run in
    /// between, as a network does.
    async fn next(&mut self) -> Result<Option<Bytes>, BucketError> {
        tokio::task::yield_now().await;
        let size = 1 + (self.at * 7919 + 4001) % 60_000;
        let piece = self.content.slice(self.at..self.content.len().min(self.at + size));
        self.at += piece.len();
        Ok((!piece.is_empty()).then_some(piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn conditions_hold() {
        let bucket = MemoryBucket::default();
        let put =
            async |text: &'static str, when: When<'_>| bucket.put("k", text.into(), when).await.unwrap();
        assert_eq!(put("a", When::Is("\"1\"")).await, Put::Refused);
        let Put::Written(first) = put("a", When::New).await else { panic!("refused") };
        assert_eq!(put("b", When::New).await, Put::Refused);
        assert!(matches!(put("c", When::Is(&first)).await, Put::Written(_)));
        assert_eq!(put("d", When::Is(&first)).await, Put::Refused);
        assert_eq!(bucket.content("k").unwrap(), "c");
    }

    #[tokio::test]
    async fn lists_in_pages_and_folders_once() {
        let bucket = MemoryBucket::default();
        for number in 0..25 {
            bucket.insert(&format!("a/{:02}/x", number / 2), "");
            bucket.insert(&format!("a/{:02}/y", number / 2), "12");
        }
        bucket.insert("b/00/x", "");
        let all = bucket.list_all("a/").await.unwrap();
        assert_eq!(all.len(), 26);
        assert!(all.is_sorted_by_key(|object| object.key.clone()));
        assert_eq!(bucket.folders("a/").await.unwrap().len(), 13);
    }

    #[tokio::test]
    async fn an_upload_is_no_object_before_it_is_completed() {
        let bucket = MemoryBucket::default();
        let upload = bucket.begin_upload("a", Metadata::new()).await.unwrap();
        let one = bucket.put_part("a", &upload, 1, "one".into()).await.unwrap();
        let two = bucket.put_part("a", &upload, 2, "two".into()).await.unwrap();
        assert!(bucket.content("a").is_none() && bucket.open_uploads() == 1);
        let three = Part { number: 3, ..two.clone() };
        let complete = async |parts| bucket.complete_upload("a", &upload, parts, When::New).await;
        assert!(matches!(complete(vec![one.clone(), three]).await, Err(BucketError::Failed { .. })));
        complete(vec![one.clone(), two]).await.unwrap();
        assert_eq!(bucket.content("a").unwrap(), "onetwo");
        assert!(matches!(complete(vec![one]).await, Err(BucketError::Gone { .. })));
    }

    #[tokio::test]
    async fn a_version_stays_when_another_one_comes() {
        let bucket = MemoryBucket::default();
        bucket.insert_version("a", "v1", "one");
        bucket.insert_version("a", "v2", "two");
        let open = async |version: Option<&str>| {
            let version = version.map(str::to_owned);
            let object = ObjectVersion { version, ..ObjectVersion::from("a") };
            let mut content = bucket.open(&object, 1).await?.content;
            Ok::<_, BucketError>(content.next().await?.unwrap())
        };
        assert_eq!(open(Some("v1")).await.unwrap(), "ne");
        assert_eq!(open(None).await.unwrap(), "wo");
        assert!(matches!(open(Some("v3")).await, Err(BucketError::Gone { .. })));
        assert_eq!(bucket.list_versions("", None).await.unwrap().objects[0].version.as_deref(), Some("v2"));
    }
}
