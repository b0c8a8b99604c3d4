//! A bucket in memory.

mod ports;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

pub use self::ports::MemoryContent;
use crate::error::{BucketError, Result};
use crate::store::{Listed, Metadata, Multipart, Part, Put, When};

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

/// An object in memory, in one version.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The content.
    pub content: Bytes,
    /// The user metadata.
    pub metadata: Metadata,
    /// The object's entry in listings.
    pub listed: Listed,
}

/// A page of a listing whose keys may be grouped by a delimiter.
#[derive(Debug, Default)]
pub struct Page {
    /// The objects, in the order of their keys.
    pub objects: Vec<Listed>,
    /// The folders: keys that have the delimiter behind the prefix, up to it, each once.
    pub folders: Vec<String>,
    /// The key or folder after which the next page begins; `None` on the last page.
    pub next: Option<String>,
}

/// An upload that is neither completed nor aborted.
#[derive(Debug)]
struct Pending {
    key: String,
    metadata: Metadata,
    parts: BTreeMap<u32, (Part, Bytes)>,
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

    /// Returns the newest version of an object.
    pub fn find(&self, key: &str) -> Option<Stored> {
        self.lock().objects.get(key)?.last().cloned()
    }

    /// Returns an object's content.
    pub fn content(&self, key: &str) -> Option<Bytes> {
        self.find(key).map(|object| object.content)
    }

    /// Returns an object's content as text.
    pub fn text(&self, key: &str) -> Option<String> {
        self.content(key).map(|content| String::from_utf8_lossy(&content).into_owned())
    }

    /// Returns an object's metadata.
    pub fn metadata(&self, key: &str) -> Metadata {
        self.find(key).map(|object| object.metadata).unwrap_or_default()
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

    /// Lists up to `most` objects and folders that begin with `prefix` and come after `after`. With
    /// a delimiter, the keys that have it behind the prefix are grouped into folders.
    pub fn page(&self, prefix: &str, delimiter: Option<&str>, after: Option<&str>, most: usize) -> Page {
        let after = after.unwrap_or_default();
        let (mut page, mut last) = (Page::default(), None);
        let from = (Bound::Included(prefix), Bound::Unbounded);
        for (key, versions) in self.lock().objects.range::<str, _>(from) {
            let (Some(rest), Some(object)) = (key.strip_prefix(prefix), versions.last()) else { break };
            let folder = delimiter.and_then(|delimiter| Some(rest.find(delimiter)? + delimiter.len()));
            let name = folder.map_or(&**key, |length| &key[..prefix.len() + length]);
            if name <= after || last.as_deref() == Some(name) {
                continue;
            }
            if page.objects.len() + page.folders.len() == most {
                page.next = last;
                break;
            }
            last = Some(name.to_owned());
            match folder {
                Some(_) => page.folders.push(name.to_owned()),
                None => page.objects.push(object.listed.clone()),
            }
        }
        page
    }

    fn change(&self, prefix: &str, change: impl Fn(&mut Stored)) {
        let mut state = self.lock();
        let under = state.objects.iter_mut().filter(|(key, _)| key.starts_with(prefix));
        under.flat_map(|(_, versions)| versions).for_each(change);
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

    fn pending(&mut self, Multipart { key, id, .. }: &Multipart) -> Result<&mut Pending> {
        let pending = self.uploads.get_mut(id).filter(|pending| pending.key == *key);
        pending.ok_or_else(|| BucketError::gone(key))
    }
}
