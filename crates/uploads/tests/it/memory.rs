//! Uploads in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uploads::{Link, Links, StoreError, StoredPart, Uploads};

/// Uploads in memory. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Uploads in parts, by their ids.
    pub(crate) open: BTreeMap<String, Open>,
    /// The keys of files that were made of parts, and their sizes.
    pub(crate) files: Vec<(String, u64)>,
    /// Whether S3 is away.
    pub(crate) is_away: bool,
    /// Whether the next upload is completed by somebody else just before.
    pub(crate) is_raced: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Open {
    pub(crate) key: String,
    pub(crate) settings: Option<String>,
    pub(crate) parts: BTreeMap<u32, u64>,
}

impl Memory {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state();
        if state.is_away { Err(StoreError::Failed("503 Slow Down".into())) } else { Ok(state) }
    }
}

/// Links that say what they are for.
pub(crate) struct MemoryLinks;

impl Links for MemoryLinks {
    async fn to_put(
        &self,
        key: &str,
        bytes: Option<u64>,
        settings: Option<&str>,
    ) -> Result<Link, StoreError> {
        let bytes = bytes.map_or_else(|| "any".to_owned(), |bytes| bytes.to_string());
        let headers = settings.map(|text| ("x-amz-meta-rowgate-settings".to_owned(), text.to_owned()));
        Ok(Link { url: format!("put:{key}?{bytes}"), headers: headers.into_iter().collect() })
    }

    async fn to_put_part(
        &self,
        key: &str,
        upload: &str,
        number: u32,
        bytes: u64,
    ) -> Result<Link, StoreError> {
        Ok(Link { url: format!("put:{key}?{upload}&{number}&{bytes}"), headers: Vec::new() })
    }

    fn expire_at(&self) -> String {
        "2026-11-29T16:15:00.000Z".to_owned()
    }
}

impl Uploads for Memory {
    type Links = MemoryLinks;

    fn links(&self) -> MemoryLinks {
        MemoryLinks
    }

    async fn create(&self, key: &str, settings: Option<&str>) -> Result<String, StoreError> {
        let mut state = self.asked()?;
        let id = format!("u{}", state.open.len());
        let open = Open { key: key.to_owned(), settings: settings.map(str::to_owned), ..Open::default() };
        state.open.insert(id.clone(), open);
        Ok(id)
    }

    async fn stored(&self, key: &str, upload: &str) -> Result<Vec<StoredPart>, StoreError> {
        let state = self.asked()?;
        let open = state.open.get(upload).filter(|open| open.key == key).ok_or(StoreError::Unknown)?;
        let part = |(number, bytes): (&u32, &u64)| StoredPart {
            number: *number,
            bytes: *bytes,
            etag: format!("e{number}"),
        };
        Ok(open.parts.iter().map(part).collect())
    }

    async fn complete(&self, key: &str, upload: &str, parts: Vec<StoredPart>) -> Result<(), StoreError> {
        let mut state = self.asked()?;
        if state.is_raced {
            state.open.remove(upload);
        }
        let open = state.open.remove(upload).ok_or(StoreError::Unknown)?;
        assert_eq!(open.key, key);
        assert!(parts.is_sorted_by_key(|part| part.number));
        state.files.push((open.key, parts.iter().map(|part| part.bytes).sum()));
        Ok(())
    }
}
