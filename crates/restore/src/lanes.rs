//! Several chunks of a table side by side.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aurora::Deadline;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;

use crate::error::RestoreError;
use crate::source::{Chunk, Rows};

/// Commits chunks as they come, at most `lanes` at once, until `deadline`.
///
/// Chunks race, and rows with the same id must not: the first one counts. So a chunk that may hold an id of an earlier one
/// under way waits until that one is committed, and those after it wait with it.
///
/// # Errors
/// The first failure, once the chunks under way have ended; [`RestoreError::OutOfTime`] when there is no time left to begin
/// another one.
pub(crate) async fn commit_all<C, F>(
    lanes: usize,
    deadline: Deadline,
    mut chunks: mpsc::Receiver<Chunk>,
    commit: C,
) -> Result<(), RestoreError>
where
    C: Fn(Chunk) -> F,
    F: Future<Output = Result<(), RestoreError>>,
{
    let mut under_way: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    let mut committing = FuturesUnordered::new();
    let mut slowest = Duration::ZERO;
    let mut next: Option<Chunk> = None;
    let mut is_over = false;
    let mut failure = None;
    loop {
        let may_begin = |chunk: &mut Chunk| !under_way.values().any(|ids| meet(ids, ids_of(chunk)));
        if let Some(chunk) = next.take_if(may_begin) {
            under_way.insert(chunk.number, ids_of(&chunk).to_vec());
            let (number, committed) = (chunk.number, commit(chunk));
            committing.push(async move {
                let started = Instant::now();
                (number, committed.await, started.elapsed())
            });
        }
        let may_take = failure.is_none() && !is_over && next.is_none() && committing.len() < lanes;
        tokio::select! {
            Some((number, result, time)) = committing.next() => {
                under_way.remove(&number);
                slowest = slowest.max(time);
                if let Err(error) = result {
                    failure.get_or_insert(error);
                    next = None;
                    chunks.close();
                }
            }
            chunk = chunks.recv(), if may_take => match chunk {
                // A chunk that takes as long as the slowest so far would not end in time.
                Some(_) if deadline.remaining() <= slowest => {
                    failure = Some(RestoreError::OutOfTime);
                    chunks.close();
                }
                Some(chunk) => next = Some(chunk),
                None => is_over = true,
            },
            // Reading may be what takes so long.
            () = deadline.passed(), if failure.is_none() && !is_over => {
                failure = Some(RestoreError::OutOfTime);
                next = None;
                chunks.close();
            }
            else => return failure.map_or(Ok(()), Err),
        }
    }
}

/// The ids that may be taken; none where each is there once.
fn ids_of(chunk: &Chunk) -> &[i64] {
    chunk.rows.as_deref().map_or(&[], Rows::ids)
}

/// Whether both hold an id; both ascend.
fn meet(one: &[i64], other: &[i64]) -> bool {
    let (Some(first), Some(last)) = (other.first(), other.last()) else { return false };
    let from = one.partition_point(|id| id < first);
    let mut others = other.iter().peekable();
    for id in one[from..].iter().take_while(|id| *id <= last) {
        while others.next_if(|other| *other < id).is_some() {}
        if others.peek() == Some(&id) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_meet_when_one_is_in_both(
            one in proptest::collection::btree_set(-20_i64..20, 0..12),
            other in proptest::collection::btree_set(-20_i64..20, 0..12),
        ) {
            let ids = |set: &BTreeSet<i64>| set.iter().copied().collect::<Vec<_>>();
            prop_assert_eq!(meet(&ids(&one), &ids(&other)), !one.is_disjoint(&other));
        }
    }
}
