//! Reading objects on threads that block.

use std::fmt;
use std::sync::Arc;

use bucket::{Reader, Store};

/// Opens objects of the data bucket, whatever the store behind it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Objects(Arc<dyn Fn(&str) -> Reader + Send + Sync>);

impl Objects {
    /// Wraps the objects of a store.
    pub(crate) fn of(store: &impl Store) -> Self {
        let store = store.clone();
        Self(Arc::new(move |key| Reader::open(store.clone(), key)))
    }

    /// Opens an object for reading; must be called on a thread of the runtime. If the object does
    /// not exist, the first read fails with a `BucketError` inside its error.
    pub(crate) fn open(&self, key: &str) -> Reader {
        (self.0)(key)
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").finish_non_exhaustive()
    }
}
