//! An in-memory S3 with the operations that backups need, and a fault plan of its own.
//!
//! It supports conditional writes (`If-None-Match: *`, `If-Match`), uploads in parts that become an
//! object only when they are completed, listing with prefix, delimiter and pages, ranges. It knows
//! one bucket, whatever that is called, and one version of each object.

mod answer;
mod request;
mod store;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use axum::body::Bytes;
use tokio::task::JoinSet;

use self::store::Store;
use crate::fault_plan::{FaultPlan, Faults};
use crate::serve::serve;

/// A bucket that is served until the handle goes.
#[derive(Debug)]
pub struct Bucket {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Everything that serves ends with it.
    _serving: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Shared {
    store: Mutex<Store>,
    faults: Mutex<Faults>,
}

impl Bucket {
    /// Listens on a free loopback port, in tasks of the current runtime.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn serve() -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let (address, serving) = serve(Arc::clone(&shared), answer::answer).await?;
        Ok(Self { address, shared, _serving: serving })
    }

    /// For `AWS_ENDPOINT_URL_S3`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets the fault plan from now on.
    pub fn set_faults(&self, plan: FaultPlan) {
        lock(&self.shared.faults).set(plan);
    }

    /// Returns how many requests came so far.
    pub fn requests(&self) -> u64 {
        lock(&self.shared.faults).requests
    }

    /// Returns how many faults were injected so far.
    pub fn faults(&self) -> u64 {
        lock(&self.shared.faults).injected
    }

    /// The keys that begin with `prefix`, in order.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        lock(&self.shared.store).keys(prefix)
    }

    /// The content of an object.
    pub fn get(&self, key: &str) -> Option<Bytes> {
        lock(&self.shared.store).get(key).map(|object| object.content.clone())
    }

    /// Puts an object, whatever was there.
    pub fn put(&self, key: &str, content: impl Into<Bytes>) {
        lock(&self.shared.store).put(key, content.into(), Vec::new());
    }

    /// Takes an object away.
    pub fn remove(&self, key: &str) {
        lock(&self.shared.store).remove(key);
    }

    /// Returns the number of multipart uploads that were neither completed nor aborted.
    pub fn open_uploads(&self) -> usize {
        lock(&self.shared.store).open_uploads()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
