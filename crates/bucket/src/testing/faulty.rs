//! A bucket with fault injection.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use super::memory::{MemoryBucket, MemoryContent};
use crate::error::{BucketError, Result};
use crate::store::{
    Content, Link, Links, Listing, Metadata, Multipart, Object, ObjectVersion, Opened, Part, Put, Store,
    Validity, Versions, When,
};

/// A [`MemoryBucket`] whose calls are counted, and can be made to fail or to wait. Clones share it.
/// The methods of the bucket inside neither fail nor count.
#[derive(Debug, Clone, Default)]
pub struct FaultyBucket {
    bucket: MemoryBucket,
    faults: Arc<Mutex<Faults>>,
}

#[derive(Debug, Default)]
struct Faults {
    calls: u64,
    stop_after: Option<u64>,
    denied: Option<String>,
    failing_opens: u32,
    failing_puts: u32,
    hidden: Option<String>,
    is_raced: bool,
    ignores_ranges: bool,
    /// For each of the next contents, the byte that its connection breaks at; the next one last.
    breaks: Vec<u64>,
    frozen_put: Option<(String, Arc<Freeze>)>,
    frozen_list: Option<Arc<Freeze>>,
    opened_at: Vec<u64>,
    bytes_read: u64,
}

/// A call that waits until the test lets it continue.
#[derive(Debug, Default)]
pub struct Freeze {
    begins: Notify,
    ends: Notify,
}

impl Freeze {
    /// Waits until the call is frozen.
    pub async fn begun(&self) {
        self.begins.notified().await;
    }

    /// Lets the call continue.
    pub fn end(&self) {
        self.ends.notify_one();
    }

    async fn hold(&self) {
        self.begins.notify_one();
        self.ends.notified().await;
    }
}

/// The content of an object, perhaps over a connection that breaks.
#[derive(Debug)]
pub struct FaultyContent {
    content: MemoryContent,
    at: u64,
    breaks_at: Option<u64>,
    faults: Arc<Mutex<Faults>>,
}

impl FaultyBucket {
    /// Makes an empty bucket without faults.
    pub fn named(name: &str) -> Self {
        Self { bucket: MemoryBucket::named(name), ..Self::default() }
    }

    /// Lets this many calls work, and every later one fail: as if the caller were killed there.
    pub fn stop_after(&self, calls: u64) {
        let mut faults = self.lock();
        faults.stop_after = Some(faults.calls + calls);
    }

    /// Ends what [`stop_after`](Self::stop_after) began.
    pub fn resume(&self) {
        self.lock().stop_after = None;
    }

    /// Refuses reads and writes of all that begins with `prefix`.
    pub fn deny(&self, prefix: &str) {
        self.lock().denied = Some(prefix.to_owned());
    }

    /// Fails the next `times` calls that open an object.
    pub fn fail_opens(&self, times: u32) {
        self.lock().failing_opens = times;
    }

    /// Fails the next `times` writes of a whole object.
    pub fn fail_puts(&self, times: u32) {
        self.lock().failing_puts = times;
    }

    /// Breaks the connection of each of the next contents when it has come to this byte of the
    /// object.
    pub fn break_contents(&self, at: &[u64]) {
        self.lock().breaks = at.iter().rev().copied().collect();
    }

    /// Makes every content begin at the object's start, as MiniStack does with versions.
    pub fn ignore_ranges(&self) {
        self.lock().ignores_ranges = true;
    }

    /// Lets the next `get` of `key` find nothing, as if it were written right after.
    pub fn hide_once(&self, key: &str) {
        self.lock().hidden = Some(key.to_owned());
    }

    /// Lets another caller complete the next upload first.
    pub fn race_next_completion(&self) {
        self.lock().is_raced = true;
    }

    /// Freezes the next write of a whole object under `prefix`, before it happens.
    pub fn freeze_put(&self, prefix: &str) -> Arc<Freeze> {
        let freeze = Arc::<Freeze>::default();
        self.lock().frozen_put = Some((prefix.to_owned(), Arc::clone(&freeze)));
        freeze
    }

    /// Freezes the next listing, when its page has been read.
    pub fn freeze_list(&self) -> Arc<Freeze> {
        let freeze = Arc::<Freeze>::default();
        self.lock().frozen_list = Some(Arc::clone(&freeze));
        freeze
    }

    /// Counts the calls, those that failed too.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Returns from which bytes on objects were opened, in order.
    pub fn opened_at(&self) -> Vec<u64> {
        self.lock().opened_at.clone()
    }

    /// Counts the bytes of content that were read.
    pub fn bytes_read(&self) -> u64 {
        self.lock().bytes_read
    }

    fn lock(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    /// Counts a call, and fails it if it must.
    fn call(&self, key: &str) -> Result<MutexGuard<'_, Faults>> {
        let mut faults = self.lock();
        faults.calls += 1;
        if faults.denied.as_ref().is_some_and(|denied| key.starts_with(denied)) {
            let cause = "AccessDenied".into();
            return Err(BucketError::Denied { key: key.to_owned(), status: 403, cause });
        }
        match faults.stop_after {
            Some(last) if faults.calls > last => Err(BucketError::failed(key, "stopped by the test")),
            _ => Ok(faults),
        }
    }
}

fn lock(faults: &Mutex<Faults>) -> MutexGuard<'_, Faults> {
    faults.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes one of the failures that are left.
fn take_failure(failing: &mut u32, key: &str) -> Result<()> {
    match failing.checked_sub(1) {
        Some(left) => {
            *failing = left;
            Err(BucketError::failed(key, "503 Slow Down"))
        }
        None => Ok(()),
    }
}

impl Deref for FaultyBucket {
    type Target = MemoryBucket;

    fn deref(&self) -> &MemoryBucket {
        &self.bucket
    }
}

impl Store for FaultyBucket {
    type Content = FaultyContent;

    fn name(&self) -> &str {
        self.bucket.name()
    }

    fn sibling(&self, name: &str) -> Self {
        Self { bucket: self.bucket.sibling(name), ..self.clone() }
    }

    async fn get(&self, key: &str, limit: u64) -> Result<Option<Object>> {
        if self.call(key)?.hidden.take_if(|hidden| hidden == key).is_some() {
            return Ok(None);
        }
        self.bucket.get(key, limit).await
    }

    async fn open(&self, object: &ObjectVersion, from: u64) -> Result<Opened<FaultyContent>> {
        let from = {
            let mut faults = self.call(&object.key)?;
            take_failure(&mut faults.failing_opens, &object.key)?;
            faults.opened_at.push(from);
            if faults.ignores_ranges { 0 } else { from }
        };
        let Opened { content, from, etag, metadata } = self.bucket.open(object, from).await?;
        let (breaks_at, faults) = (self.lock().breaks.pop(), Arc::clone(&self.faults));
        let content = FaultyContent { content, at: from, breaks_at, faults };
        Ok(Opened { content, from, etag, metadata })
    }

    async fn put_with(&self, key: &str, content: Bytes, metadata: Metadata, when: When<'_>) -> Result<Put> {
        let freeze = self.lock().frozen_put.take_if(|(prefix, _)| key.starts_with(&**prefix));
        if let Some((_, freeze)) = freeze {
            freeze.hold().await;
        }
        take_failure(&mut self.call(key)?.failing_puts, key)?;
        self.bucket.put_with(key, content, metadata, when).await
    }

    async fn begin_upload(&self, key: &str, metadata: Metadata) -> Result<Multipart> {
        drop(self.call(key)?);
        self.bucket.begin_upload(key, metadata).await
    }

    async fn put_part(&self, upload: &Multipart, number: u32, content: Bytes) -> Result<Part> {
        drop(self.call(&upload.key)?);
        self.bucket.put_part(upload, number, content).await
    }

    async fn complete_upload(&self, upload: &Multipart, parts: Vec<Part>, when: When<'_>) -> Result<Put> {
        let is_raced = std::mem::take(&mut self.call(&upload.key)?.is_raced);
        if is_raced {
            self.bucket.abort_upload(upload).await?;
        }
        self.bucket.complete_upload(upload, parts, when).await
    }

    async fn abort_upload(&self, upload: &Multipart) -> Result<()> {
        drop(self.call(&upload.key)?);
        self.bucket.abort_upload(upload).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Listing> {
        let freeze = self.call(prefix)?.frozen_list.take();
        let page = self.bucket.list(prefix, after).await;
        if let Some(freeze) = freeze {
            freeze.hold().await;
        }
        page
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>> {
        drop(self.call(prefix)?);
        self.bucket.folders(prefix).await
    }

    async fn delete(&self, keys: &[String]) -> Result<()> {
        drop(self.call(keys.first().map_or("", String::as_str))?);
        self.bucket.delete(keys).await
    }
}

impl Versions for FaultyBucket {
    async fn list_versions(&self, prefix: &str, after: Option<&str>) -> Result<Listing> {
        drop(self.call(prefix)?);
        self.bucket.list_versions(prefix, after).await
    }
}

impl Links for FaultyBucket {
    async fn link_to_put(
        &self,
        key: &str,
        bytes: Option<u64>,
        metadata: Metadata,
        valid: Validity,
    ) -> Result<Link> {
        self.bucket.link_to_put(key, bytes, metadata, valid).await
    }

    async fn link_to_put_part(
        &self,
        upload: &Multipart,
        number: u32,
        bytes: u64,
        valid: Validity,
    ) -> Result<Link> {
        self.bucket.link_to_put_part(upload, number, bytes, valid).await
    }

    async fn parts(&self, upload: &Multipart) -> Result<Vec<Part>> {
        drop(self.call(&upload.key)?);
        self.bucket.parts(upload).await
    }
}

impl Content for FaultyContent {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.breaks_at.is_some_and(|breaks_at| self.at >= breaks_at) {
            return Err(BucketError::failed("", "connection reset"));
        }
        let piece = self.content.next().await?;
        let bytes = piece.as_ref().map_or(0, Bytes::len) as u64;
        self.at += bytes;
        lock(&self.faults).bytes_read += bytes;
        Ok(piece)
    }
}
