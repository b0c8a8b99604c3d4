//! Objects in memory, and the ways in which S3 fails.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use loader::{Content, Store, StoreError};

/// Objects by key; writing and reading can be made to fail.
#[derive(Debug, Default)]
pub(crate) struct MemoryStore {
    objects: Mutex<BTreeMap<String, Bytes>>,
    /// Bytes of each piece of content.
    pub(crate) piece: usize,
    /// Reading fails after this many pieces, until it is set to `u32::MAX`.
    pub(crate) pieces_before_failure: AtomicU32,
    /// That many writes fail.
    pub(crate) failing_puts: AtomicU32,
}

impl MemoryStore {
    pub(crate) fn new() -> Self {
        Self { piece: 64 * 1024, pieces_before_failure: AtomicU32::new(u32::MAX), ..Self::default() }
    }

    pub(crate) fn set(&self, key: &str, content: impl Into<Bytes>) {
        self.objects.lock().unwrap().insert(key.to_owned(), content.into());
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.objects.lock().unwrap().keys().cloned().collect()
    }

    pub(crate) fn text(&self, key: &str) -> String {
        String::from_utf8_lossy(&self.objects.lock().unwrap()[key]).into_owned()
    }
}

#[derive(Debug)]
pub(crate) struct MemoryContent {
    rest: Bytes,
    piece: usize,
    pieces_before_failure: u32,
}

impl Store for &MemoryStore {
    type Content = MemoryContent;

    async fn open(
        &self,
        _bucket: &str,
        key: &str,
        _version: Option<&str>,
    ) -> Result<MemoryContent, StoreError> {
        let rest = self.objects.lock().unwrap().get(key).cloned().ok_or(StoreError::Gone)?;
        let pieces_before_failure = self.pieces_before_failure.load(Ordering::SeqCst);
        Ok(MemoryContent { rest, piece: self.piece, pieces_before_failure })
    }

    async fn put(&self, _bucket: &str, key: &str, content: Vec<u8>) -> Result<(), StoreError> {
        let fails =
            self.failing_puts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if fails.is_ok() {
            return Err(StoreError::Failed("no space".into()));
        }
        self.set(key, content);
        Ok(())
    }
}

impl Content for MemoryContent {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        match self.pieces_before_failure.checked_sub(1) {
            Some(left) => self.pieces_before_failure = left,
            None => return Err(StoreError::Failed("connection reset".into())),
        }
        let piece = self.rest.split_to(self.piece.min(self.rest.len()));
        Ok(Some(piece))
    }
}
