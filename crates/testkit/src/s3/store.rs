//! Objects and uploads.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Bound;

use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue};
use jiff::Timestamp;

/// Equal contents must have equal ETags. Larger contents are never written on a condition, so they
/// need not be hashed.
const HASHED: usize = 1 << 20;

#[derive(Debug, Default)]
pub(super) struct Store {
    objects: BTreeMap<String, Object>,
    uploads: BTreeMap<u64, Upload>,
    /// The number of uploads and large objects so far.
    count: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) content: Bytes,
    pub(super) etag: String,
    pub(super) modified: Timestamp,
    pub(super) metadata: Metadata,
}

/// The user metadata of an object: headers that begin with `x-amz-meta-`.
pub(super) type Metadata = Vec<(HeaderName, HeaderValue)>;

#[derive(Debug)]
struct Upload {
    key: String,
    metadata: Metadata,
    parts: BTreeMap<u32, Bytes>,
}

/// The condition of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    Always,
    /// There is no such object.
    New,
    /// The object must exist with this ETag.
    Is(String),
}

/// Why something was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NoSuchKey,
    NoSuchUpload,
    InvalidPart,
    PreconditionFailed,
}

/// A page of a listing.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) objects: Vec<(String, Object)>,
    pub(super) folders: Vec<String>,
    /// The key after which the next page begins.
    pub(super) next: Option<String>,
}

impl Store {
    pub(super) fn get(&self, key: &str) -> Option<&Object> {
        self.objects.get(key)
    }

    pub(super) fn keys(&self, prefix: &str) -> Vec<String> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        self.objects
            .range::<str, _>(from)
            .map(|(key, _)| key.clone())
            .take_while(|key| key.starts_with(prefix))
            .collect()
    }

    pub(super) fn put(&mut self, key: &str, content: Bytes, metadata: Metadata) -> String {
        let etag = self.etag(&content);
        let object = Object { content, etag: etag.clone(), modified: Timestamp::now(), metadata };
        self.objects.insert(key.to_owned(), object);
        etag
    }

    pub(super) fn put_if(
        &mut self,
        key: &str,
        content: Bytes,
        metadata: Metadata,
        condition: &Condition,
    ) -> Result<String, Refusal> {
        self.check(key, condition)?;
        Ok(self.put(key, content, metadata))
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.objects.remove(key);
    }

    pub(super) fn open_uploads(&self) -> usize {
        self.uploads.len()
    }

    pub(super) fn begin(&mut self, key: &str, metadata: Metadata) -> u64 {
        self.count += 1;
        self.uploads.insert(self.count, Upload { key: key.to_owned(), metadata, parts: BTreeMap::new() });
        self.count
    }

    pub(super) fn add(&mut self, upload: u64, number: u32, content: Bytes) -> Result<String, Refusal> {
        let etag = format!("\"{upload:016x}{number:016x}\"");
        let upload = self.uploads.get_mut(&upload).ok_or(Refusal::NoSuchUpload)?;
        upload.parts.insert(number, content);
        Ok(etag)
    }

    /// Makes an object of the parts with these numbers. A completed upload no longer exists: a
    /// caller that missed the answer must look for the object.
    pub(super) fn complete(
        &mut self,
        upload: u64,
        numbers: &[u32],
        condition: &Condition,
    ) -> Result<String, Refusal> {
        let found = self.uploads.get(&upload).ok_or(Refusal::NoSuchUpload)?;
        let key = found.key.clone();
        self.check(&key, condition)?;
        let parts: Option<Vec<&Bytes>> = numbers.iter().map(|number| found.parts.get(number)).collect();
        let parts = parts.filter(|parts| !parts.is_empty()).ok_or(Refusal::InvalidPart)?;
        let content = match parts[..] {
            [part] => part.clone(),
            _ => parts.iter().map(|part| &part[..]).collect::<Vec<_>>().concat().into(),
        };
        let metadata = self.uploads.remove(&upload).map(|upload| upload.metadata).unwrap_or_default();
        Ok(self.put(&key, content, metadata))
    }

    pub(super) fn give_up(&mut self, upload: u64) -> Result<(), Refusal> {
        self.uploads.remove(&upload).map(drop).ok_or(Refusal::NoSuchUpload)
    }

    /// Lists the keys that begin with `prefix` and come after `after`; keys with the delimiter
    /// after the prefix are folded into a folder, which is named once.
    pub(super) fn list(&self, prefix: &str, delimiter: Option<&str>, after: &str, most: usize) -> Page {
        let mut page = Page::default();
        let mut seen = BTreeSet::new();
        let mut last = None;
        for (key, object) in self.objects.range::<str, _>((Bound::Included(prefix), Bound::Unbounded)) {
            let Some(rest) = key.strip_prefix(prefix) else { break };
            let folder = delimiter
                .and_then(|delimiter| rest.find(delimiter).map(|at| at + delimiter.len()))
                .map(|length| key[..prefix.len() + length].to_owned());
            let name = folder.as_deref().unwrap_or(key);
            if key.as_str() <= after || folder.as_deref().is_some_and(|folder| folder <= after) {
                continue;
            }
            if seen.contains(name) {
                continue;
            }
            if page.objects.len() + page.folders.len() == most {
                page.next = last;
                break;
            }
            last = Some(name.to_owned());
            match folder {
                Some(folder) => {
                    seen.insert(folder.clone());
                    page.folders.push(folder);
                }
                None => page.objects.push((key.clone(), object.clone())),
            }
        }
        page
    }

    fn check(&self, key: &str, condition: &Condition) -> Result<(), Refusal> {
        let there = self.objects.get(key);
        match (condition, there) {
            (Condition::Always, _) | (Condition::New, None) => Ok(()),
            (Condition::New, Some(_)) => Err(Refusal::PreconditionFailed),
            (Condition::Is(etag), Some(object)) if *etag == object.etag => Ok(()),
            (Condition::Is(_), Some(_)) => Err(Refusal::PreconditionFailed),
            (Condition::Is(_), None) => Err(Refusal::NoSuchKey),
        }
    }

    fn etag(&mut self, content: &Bytes) -> String {
        if content.len() > HASHED {
            self.count += 1;
            return format!("\"{:032x}\"", self.count);
        }
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        format!("\"{:016x}{:016x}\"", hasher.finish(), content.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(keys: &[&str]) -> Store {
        let mut store = Store::default();
        for key in keys {
            store.put(key, Bytes::from_static(b"x"), Metadata::new());
        }
        store
    }

    #[test]
    fn a_condition_that_does_not_hold_changes_nothing() {
        let mut store = store(&["a"]);
        let etag = store.get("a").unwrap().etag.clone();
        let new = |store: &mut Store, key| {
            store.put_if(key, Bytes::from_static(b"y"), Metadata::new(), &Condition::New)
        };
        assert_eq!(new(&mut store, "a"), Err(Refusal::PreconditionFailed));
        assert!(new(&mut store, "b").is_ok());
        let written = store
            .put_if("a", Bytes::from_static(b"z"), Metadata::new(), &Condition::Is(etag.clone()))
            .unwrap();
        assert_eq!(
            store.put_if("a", Bytes::from_static(b"x"), Metadata::new(), &Condition::Is(etag)),
            Err(Refusal::PreconditionFailed)
        );
        assert_eq!(store.get("a").unwrap().etag, written);
    }

    #[test]
    fn an_upload_is_no_object_before_it_is_completed() {
        let mut store = store(&[]);
        let upload = store.begin("a", Metadata::new());
        store.add(upload, 1, Bytes::from_static(b"one")).unwrap();
        store.add(upload, 2, Bytes::from_static(b"two")).unwrap();
        assert!(store.get("a").is_none() && store.open_uploads() == 1);
        assert_eq!(store.complete(upload, &[1, 2, 3], &Condition::New), Err(Refusal::InvalidPart));
        store.complete(upload, &[1, 2], &Condition::New).unwrap();
        assert_eq!(store.get("a").unwrap().content, "onetwo");
        assert_eq!(store.complete(upload, &[1, 2], &Condition::New), Err(Refusal::NoSuchUpload));
    }

    #[test]
    fn lists_folders_once_and_goes_on_after_a_page() {
        let store = store(&["b/1/x", "b/1/y", "b/2/x", "b/z", "c"]);
        let page = store.list("b/", Some("/"), "", 2);
        assert_eq!((page.folders, page.objects.len()), (vec!["b/1/".to_owned(), "b/2/".to_owned()], 0));
        let page = store.list("b/", Some("/"), &page.next.unwrap(), 2);
        assert_eq!((page.folders.len(), page.objects[0].0.as_str(), page.next), (0, "b/z", None));
        assert_eq!(store.list("b/", None, "b/1/x", 10).objects.len(), 3);
    }
}
