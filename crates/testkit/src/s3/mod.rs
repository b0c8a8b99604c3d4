//! S3 over a [`MemoryBucket`], with the operations that backups and loads need and a fault plan.
//!
//! It supports conditional writes (`If-None-Match: *`, `If-Match`), uploads in parts that become an
//! object only when they are completed, listing with prefix, delimiter and pages, ranges. It knows
//! one bucket, under any name, and one version of each object.

mod answer;
mod request;

use std::net::SocketAddr;

use anyhow::Result;
use axum::body::Bytes;
use bucket::MemoryBucket;
use tokio::task::JoinSet;

use crate::fault_plan::{FaultPlan, Faults};
use crate::serve::serve;

/// A bucket that is served until the handle goes.
#[derive(Debug)]
pub struct Bucket {
    address: SocketAddr,
    memory: MemoryBucket,
    faults: Faults,
    /// Everything that serves ends with it.
    _serving: JoinSet<()>,
}

impl Bucket {
    /// Listens on a free loopback port, in tasks of the current runtime.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn serve() -> Result<Self> {
        let (memory, faults) = (MemoryBucket::default(), Faults::none());
        let (served, drawn) = (memory.clone(), faults.clone());
        let (address, serving) =
            serve(move |request| answer::answer(served.clone(), drawn.next(), request)).await?;
        Ok(Self { address, memory, faults, _serving: serving })
    }

    /// For `AWS_ENDPOINT_URL_S3`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets the fault plan from now on.
    pub fn set_faults(&self, plan: FaultPlan) {
        self.faults.set(plan);
    }

    /// Returns how many requests came so far.
    pub fn requests(&self) -> u64 {
        self.faults.requests()
    }

    /// Returns how many faults were injected so far.
    pub fn faults(&self) -> u64 {
        self.faults.injected()
    }

    /// Returns the keys that begin with `prefix`, in order.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let mut keys = self.memory.keys();
        keys.retain(|key| key.starts_with(prefix));
        keys
    }

    /// Returns the content of an object.
    pub fn get(&self, key: &str) -> Option<Bytes> {
        self.memory.content(key)
    }

    /// Puts an object, in the place of one that is there.
    pub fn put(&self, key: &str, content: impl Into<Bytes>) {
        self.memory.insert(key, content);
    }

    /// Removes an object.
    pub fn remove(&self, key: &str) {
        self.memory.remove(key);
    }

    /// Returns the number of multipart uploads that were neither completed nor aborted.
    pub fn open_uploads(&self) -> usize {
        self.memory.open_uploads()
    }
}
