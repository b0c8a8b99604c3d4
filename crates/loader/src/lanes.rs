//! Several chunks of a load side by side.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aurora::Deadline;
use domain::load::RejectLimit;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;

use crate::error::LoadError;
use crate::prepare::{Ids, Prepared};

/// What a committed chunk adds to its load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Committed {
    pub(crate) rows_rejected: u64,
    /// Whether it was this function that committed it, and not a twin.
    pub(crate) is_ours: bool,
}

/// Commits chunks as they come, at most `lanes` at once.
///
/// Chunks race, and rows with the same id must not: of those in one file the first counts, or in an upsert the last. So
/// a chunk that holds an id of an earlier one under way waits until that one is committed. Chunks after it wait with it.
#[derive(Debug)]
pub(crate) struct Lanes {
    pub(crate) lanes: usize,
    /// Until when chunks may be begun.
    pub(crate) deadline: Deadline,
    /// Records that may be rejected, and how many have been, by all that is committed.
    pub(crate) max_rejects: Option<RejectLimit>,
    pub(crate) rejected: u64,
}

impl Lanes {
    /// Commits every chunk that comes; gives up at the first that fails, once those under way have ended.
    ///
    /// # Errors
    /// The first failure; [`LoadError::OutOfTime`] when there is no time left to begin another chunk.
    pub(crate) async fn run<C, F>(
        mut self,
        mut chunks: mpsc::Receiver<Prepared>,
        commit: C,
    ) -> Result<(), LoadError>
    where
        C: Fn(Prepared) -> F,
        F: Future<Output = Result<Committed, LoadError>>,
    {
        let mut under_way: BTreeMap<u32, Ids> = BTreeMap::new();
        let mut lanes = FuturesUnordered::new();
        let mut slowest = Duration::ZERO;
        let mut next: Option<Prepared> = None;
        let mut is_over = false;
        let mut failure = None;
        loop {
            if let Some(chunk) = next.take_if(|chunk| !under_way.values().any(|ids| ids.meet(&chunk.ids))) {
                under_way.insert(chunk.chunk.number, chunk.ids.clone());
                let (number, committing) = (chunk.chunk.number, commit(chunk));
                lanes.push(async move {
                    let started = Instant::now();
                    (number, committing.await, started.elapsed())
                });
            }
            let may_take = failure.is_none() && !is_over && next.is_none() && lanes.len() < self.lanes;
            tokio::select! {
                Some((number, result, time)) = lanes.next() => {
                    under_way.remove(&number);
                    slowest = slowest.max(time);
                    if let Err(error) = result.and_then(|committed| self.count(committed)) {
                        failure.get_or_insert(error);
                        next = None;
                        chunks.close();
                    }
                }
                chunk = chunks.recv(), if may_take => match chunk {
                    // A chunk that takes as long as the slowest so far would not end in time.
                    Some(_) if self.deadline.remaining() <= slowest => {
                        failure = Some(LoadError::OutOfTime);
                        chunks.close();
                    }
                    Some(chunk) => next = Some(chunk),
                    None => is_over = true,
                },
                // Reading may be what takes so long.
                () = self.deadline.passed(), if failure.is_none() && !is_over => {
                    failure = Some(LoadError::OutOfTime);
                    next = None;
                    chunks.close();
                }
                else => return failure.map_or(Ok(()), Err),
            }
        }
    }

    /// Counts what a chunk had rejected. A share can be judged only at the end.
    fn count(&mut self, committed: Committed) -> Result<(), LoadError> {
        self.rejected += committed.rows_rejected;
        match self.max_rejects {
            Some(limit @ RejectLimit::Count(_)) if limit.is_exceeded(self.rejected, self.rejected) => {
                Err(LoadError::TooManyRejects { limit })
            }
            _ => Ok(()),
        }
    }
}
