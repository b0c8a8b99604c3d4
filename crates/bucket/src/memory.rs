//! A bucket in memory, which can be made to fail at any call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::error::BucketError;
use crate::store::{Content, Listed, Listing, Multipart, Object, Opened, Put, Store, When};

/// Objects in a page of a list, and bytes in a piece of content: few, so that tests see several.
const PAGE: usize = 10;
const PIECE: usize = 4096;

/// A bucket in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryBucket(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Stored>,
    uploads: BTreeMap<String, BTreeMap<i32, Bytes>>,
    etags: u64,
    calls: u64,
    stop_after: Option<u64>,
    denied: Option<String>,
    breaks: u32,
    hidden: Option<String>,
    freeze: Option<(String, Arc<Freeze>)>,
}

/// A write that is frozen.
#[derive(Debug, Default)]
pub struct Freeze {
    begins: Notify,
    ends: Notify,
}

impl Freeze {
    /// Waits until the write is frozen.
    pub async fn begun(&self) {
        self.begins.notified().await;
    }

    /// Lets the write happen.
    pub fn end(&self) {
        self.ends.notify_one();
    }
}

#[derive(Debug, Clone)]
struct Stored {
    content: Bytes,
    etag: String,
    modified: i64,
}

/// The content of an object in memory.
#[derive(Debug)]
pub struct MemoryContent {
    rest: Bytes,
    /// Pieces before the connection breaks.
    breaks_after: Option<u32>,
}

impl MemoryBucket {
    /// From now on, this many calls work, and every later one fails: as if the caller were killed there.
    pub fn stop_after(&self, calls: u64) {
        let mut state = self.lock();
        state.stop_after = Some(state.calls + calls);
    }

    /// Ends what [`stop_after`](Self::stop_after) began.
    pub fn go_on(&self) {
        self.lock().stop_after = None;
    }

    /// From now on, what begins with `prefix` may neither be read nor written.
    pub fn deny(&self, prefix: &str) {
        self.lock().denied = Some(prefix.to_owned());
    }

    /// Lets the connections of the next `times` contents that are opened break after some pieces.
    pub fn break_contents(&self, times: u32) {
        self.lock().breaks = times;
    }

    /// Lets the next one who asks for `key` find nothing: as if it were written right after.
    pub fn hide_once(&self, key: &str) {
        self.lock().hidden = Some(key.to_owned());
    }

    /// Freezes the next write of a whole object under `prefix`, before it happens.
    pub fn freeze_put(&self, prefix: &str) -> Arc<Freeze> {
        let freeze = Arc::<Freeze>::default();
        self.lock().freeze = Some((prefix.to_owned(), Arc::clone(&freeze)));
        freeze
    }

    /// How many calls there were, those that failed too.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Puts an object there; not counted as a call.
    pub fn insert(&self, key: &str, content: impl Into<Bytes>) {
        self.lock().insert(key, content.into());
    }

    /// An object's content; not counted as a call.
    pub fn content(&self, key: &str) -> Option<Bytes> {
        self.lock().objects.get(key).map(|object| object.content.clone())
    }

    /// Takes an object away; not counted as a call.
    pub fn remove(&self, key: &str) -> Option<Bytes> {
        self.lock().objects.remove(key).map(|object| object.content)
    }

    /// All keys; not counted as a call.
    pub fn keys(&self) -> Vec<String> {
        self.lock().objects.keys().cloned().collect()
    }

    /// Says of all objects under a prefix that they were written then: milliseconds since 1970.
    pub fn set_modified(&self, prefix: &str, modified: i64) {
        for (key, object) in &mut self.lock().objects {
            if key.starts_with(prefix) {
                object.modified = modified;
            }
        }
    }

    /// Uploads that were begun and neither completed nor aborted.
    pub fn open_uploads(&self) -> usize {
        self.lock().uploads.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self, key: &str) -> Result<MutexGuard<'_, State>, BucketError> {
        let mut state = self.lock();
        state.calls += 1;
        if state.denied.as_ref().is_some_and(|denied| key.starts_with(denied)) {
            return Err(BucketError::Denied {
                key: key.to_owned(),
                status: 403,
                cause: "AccessDenied".into(),
            });
        }
        match state.stop_after {
            Some(last) if state.calls > last => Err(BucketError::failed(key, "stopped by the test")),
            _ => Ok(state),
        }
    }
}

impl State {
    fn insert(&mut self, key: &str, content: Bytes) -> String {
        self.etags += 1;
        let etag = format!("etag-{}", self.etags);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let modified = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        self.objects.insert(key.to_owned(), Stored { content, etag: etag.clone(), modified });
        etag
    }
}

impl Store for MemoryBucket {
    type Content = MemoryContent;

    async fn get(&self, key: &str, limit: u64) -> Result<Option<Object>, BucketError> {
        let mut state = self.call(key)?;
        if state.hidden.take_if(|hidden| hidden == key).is_some() {
            return Ok(None);
        }
        let Some(Stored { content, etag, .. }) = state.objects.get(key).cloned() else { return Ok(None) };
        let bytes = content.len() as u64;
        if bytes > limit {
            return Err(BucketError::TooLarge { key: key.to_owned(), bytes, limit });
        }
        Ok(Some(Object { content, etag }))
    }

    async fn open(
        &self,
        key: &str,
        from: u64,
        etag: Option<&str>,
    ) -> Result<Opened<MemoryContent>, BucketError> {
        let mut state = self.call(key)?;
        let found = state.objects.get(key).filter(|object| etag.is_none_or(|etag| object.etag == etag));
        let Stored { content, etag, .. } = found.cloned().ok_or_else(|| BucketError::gone(key))?;
        let start = content.len().min(usize::try_from(from).unwrap_or(usize::MAX));
        let breaks_after = (state.breaks > 0).then_some(3);
        state.breaks = state.breaks.saturating_sub(1);
        Ok(Opened { content: MemoryContent { rest: content.slice(start..), breaks_after }, from, etag })
    }

    async fn put(&self, key: &str, content: Bytes, when: When<'_>) -> Result<Put, BucketError> {
        let freeze = self.lock().freeze.take_if(|(prefix, _)| key.starts_with(&**prefix));
        if let Some((_, freeze)) = freeze {
            freeze.begins.notify_one();
            freeze.ends.notified().await;
        }
        let mut state = self.call(key)?;
        let there = state.objects.get(key);
        let may = match when {
            When::Always => true,
            When::New => there.is_none(),
            When::Is(etag) => there.is_some_and(|object| object.etag == etag),
        };
        Ok(if may { Put::Written(state.insert(key, content)) } else { Put::Refused })
    }

    async fn begin_upload(&self, key: &str) -> Result<Multipart, BucketError> {
        let mut state = self.call(key)?;
        state.etags += 1;
        let id = format!("upload-{}", state.etags);
        state.uploads.insert(id.clone(), BTreeMap::new());
        Ok(Multipart { id, write: String::new() })
    }

    async fn put_part(
        &self,
        key: &str,
        upload: &Multipart,
        number: i32,
        content: Bytes,
    ) -> Result<String, BucketError> {
        let mut state = self.call(key)?;
        let parts = state.uploads.get_mut(&upload.id).ok_or_else(|| BucketError::gone(key))?;
        parts.insert(number, content);
        Ok(format!("tag-{number}"))
    }

    async fn complete_upload(
        &self,
        key: &str,
        upload: &Multipart,
        tags: Vec<String>,
    ) -> Result<Put, BucketError> {
        let mut state = self.call(key)?;
        if state.objects.contains_key(key) {
            return Ok(Put::Refused);
        }
        let parts = state.uploads.remove(&upload.id).ok_or_else(|| BucketError::gone(key))?;
        let known: Vec<String> = parts.keys().map(|number| format!("tag-{number}")).collect();
        if known != tags {
            return Err(BucketError::failed(key, "these are not its parts"));
        }
        let content: Vec<u8> = parts.into_values().flatten().collect();
        Ok(Put::Written(state.insert(key, content.into())))
    }

    async fn abort_upload(&self, key: &str, upload: &Multipart) -> Result<(), BucketError> {
        self.call(key)?.uploads.remove(&upload.id);
        Ok(())
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Listing, BucketError> {
        let state = self.call(prefix)?;
        let mut found = state
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after));
        let listed = |(key, object): (&String, &Stored)| Listed {
            key: key.clone(),
            bytes: object.content.len() as u64,
            modified: object.modified,
        };
        let objects: Vec<Listed> = found.by_ref().take(PAGE).map(listed).collect();
        let next = found.next().and(objects.last()).map(|last| last.key.clone());
        Ok(Listing { objects, next })
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>, BucketError> {
        let state = self.call(prefix)?;
        let mut folders: Vec<String> = state
            .objects
            .keys()
            .filter_map(|key| Some(key.strip_prefix(prefix)?.split_once('/')?.0.to_owned()))
            .collect();
        folders.dedup();
        Ok(folders)
    }

    async fn delete(&self, keys: &[String]) -> Result<(), BucketError> {
        let mut state = self.call(keys.first().map_or("", String::as_str))?;
        for key in keys {
            state.objects.remove(key);
        }
        Ok(())
    }
}

impl Content for MemoryContent {
    async fn next(&mut self) -> Result<Option<Bytes>, BucketError> {
        match &mut self.breaks_after {
            Some(0) => return Err(BucketError::failed("", "the connection broke")),
            Some(pieces) => *pieces -= 1,
            None => {}
        }
        let piece = self.rest.split_to(self.rest.len().min(PIECE));
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
        assert_eq!(put("a", When::Is("etag-1")).await, Put::Refused);
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
}
