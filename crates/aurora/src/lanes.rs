//! Chunks of rows that are committed side by side.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;

use crate::Deadline;

/// Rows that one transaction commits.
pub trait Chunk {
    /// Returns its number; no other chunk of the same rows has it.
    fn number(&self) -> u32;

    /// Returns those of its ids that a concurrent chunk may hold too, ascending.
    fn ids(&self) -> &[i64];
}

/// The settings of committing chunks side by side.
#[derive(Debug, Clone, Copy)]
pub struct Lanes<E> {
    /// The most chunks at a time.
    pub count: usize,
    /// The time until which chunks may be begun.
    pub deadline: Deadline,
    /// Makes the error of having no time left to begin another chunk.
    pub out_of_time: fn() -> E,
}

impl<E> Lanes<E> {
    /// Commits every chunk that comes; stops at the first failure, once the chunks under way have
    /// ended.
    ///
    /// Chunks race, and rows with the same id must not: their order decides which of them counts.
    /// So a chunk that shares an id with an earlier chunk under way waits until that is committed.
    /// Chunks after it wait with it.
    ///
    /// # Errors
    /// The first failure, or that there is no time.
    pub async fn commit_all<K, C, F>(self, mut chunks: mpsc::Receiver<K>, commit: C) -> Result<(), E>
    where
        K: Chunk,
        C: Fn(K) -> F,
        F: Future<Output = Result<(), E>>,
    {
        let Self { count, deadline, out_of_time } = self;
        let mut under_way: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
        let mut committing = FuturesUnordered::new();
        let mut slowest = Duration::ZERO;
        let mut next: Option<K> = None;
        let mut is_over = false;
        let mut failure = None;
        loop {
            if let Some(chunk) = next.take_if(|chunk| !under_way.values().any(|ids| meet(ids, chunk.ids()))) {
                under_way.insert(chunk.number(), chunk.ids().to_vec());
                let (number, committed) = (chunk.number(), commit(chunk));
                committing.push(async move {
                    let started = Instant::now();
                    (number, committed.await, started.elapsed())
                });
            }
            let may_take = failure.is_none() && !is_over && next.is_none() && committing.len() < count;
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
                        failure = Some(out_of_time());
                        chunks.close();
                    }
                    Some(chunk) => next = Some(chunk),
                    None => is_over = true,
                },
                // Reading may be what takes so long.
                () = deadline.passed(), if failure.is_none() && !is_over => {
                    failure = Some(out_of_time());
                    next = None;
                    chunks.close();
                }
                else => return failure.map_or(Ok(()), Err),
            }
        }
    }
}

/// Returns true if both hold an id; both ascend.
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
    use std::sync::Mutex;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_meet_when_one_is_in_both(
            mut one in proptest::collection::vec(-20_i64..20, 0..12),
            mut other in proptest::collection::vec(-20_i64..20, 0..12),
        ) {
            let sets: [BTreeSet<i64>; 2] = [&one, &other].map(|ids| ids.iter().copied().collect());
            one.sort_unstable();
            other.sort_unstable();
            prop_assert_eq!(meet(&one, &other), !sets[0].is_disjoint(&sets[1]));
        }
    }

    #[derive(Debug)]
    struct Ids(u32, &'static [i64]);

    impl Chunk for Ids {
        fn number(&self) -> u32 {
            self.0
        }

        fn ids(&self) -> &[i64] {
            self.1
        }
    }

    fn lanes(seconds: u64) -> Lanes<&'static str> {
        let deadline = Deadline::after(Duration::from_secs(seconds));
        Lanes { count: 3, deadline, out_of_time: || "out of time" }
    }

    async fn queue(chunks: impl IntoIterator<Item = Ids>) -> mpsc::Receiver<Ids> {
        let (sender, receiver) = mpsc::channel(16);
        for chunk in chunks {
            sender.send(chunk).await.unwrap();
        }
        receiver
    }

    /// Records what began and ended, in order.
    async fn story(
        chunks: impl IntoIterator<Item = Ids>,
        failing: u32,
    ) -> (Result<(), &'static str>, String) {
        let story = Mutex::new(String::new());
        let committed = lanes(3600).commit_all(queue(chunks).await, |chunk| {
            story.lock().unwrap().push_str(&format!("+{} ", chunk.0));
            let story = &story;
            async move {
                // The later, the sooner.
                tokio::time::sleep(Duration::from_secs(u64::from(10 - chunk.0))).await;
                story.lock().unwrap().push_str(&format!("-{} ", chunk.0));
                if chunk.0 == failing { Err("failed") } else { Ok(()) }
            }
        });
        (committed.await, story.into_inner().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn chunks_overtake_each_other_unless_they_share_an_id() {
        let apart = [Ids(0, &[1, 2]), Ids(1, &[3]), Ids(2, &[])];
        assert_eq!(story(apart, 9).await, (Ok(()), "+0 +1 +2 -2 -1 -0 ".to_owned()));
        let shared = [Ids(0, &[1, 2]), Ids(1, &[2, 3]), Ids(2, &[4])];
        assert_eq!(story(shared, 9).await, (Ok(()), "+0 -0 +1 +2 -2 -1 ".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_those_under_way_end_and_none_begins() {
        let chunks = (0..6).map(|number| Ids(number, &[]));
        assert_eq!(story(chunks, 2).await, (Err("failed"), "+0 +1 +2 -2 -1 -0 ".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn waits_for_chunks_until_the_deadline() {
        let (_sender, chunks) = mpsc::channel::<Ids>(1);
        assert_eq!(lanes(1).commit_all(chunks, |_| async { Ok(()) }).await, Err("out of time"));
        let chunks = queue([Ids(0, &[])]).await;
        assert_eq!(lanes(0).commit_all(chunks, |_| async { Ok(()) }).await, Err("out of time"));
    }
}
