//! Chunks of rows that are committed side by side.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use domain::value::Key;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;

use crate::Deadline;

/// Rows that one transaction commits.
pub trait Chunk {
    /// Returns its number; no other chunk of the same rows has it.
    fn number(&self) -> u32;

    /// Returns the [marks](mark) of what its rows take and those of a concurrent chunk may take
    /// too, ascending: keys and unique values.
    fn takes(&self) -> &[i64];

    /// Returns the marks of what its rows look for among the rows before them, ascending.
    fn needs(&self) -> &[i64] {
        &[]
    }
}

/// Returns the number that stands for a key of the rows, or for a value of their unique columns:
/// those of the entry of [`Table::unique`](domain::dictionary::Table::unique) at this place. Equal
/// ones have equal numbers. Different ones have different numbers but for chance, and then a chunk
/// waits that need not.
pub fn mark(unique: Option<usize>, key: &Key) -> i64 {
    if let (None, Some(number)) = (unique, key.as_integer()) {
        return number;
    }
    let mut hasher = DefaultHasher::new();
    (unique, key).hash(&mut hasher);
    hasher.finish().cast_signed()
}

/// The marks of a chunk under way.
#[derive(Debug)]
struct Marks {
    takes: Vec<i64>,
    needs: Vec<i64>,
}

impl Marks {
    fn of(chunk: &impl Chunk) -> Self {
        Self { takes: chunk.takes().to_vec(), needs: chunk.needs().to_vec() }
    }

    /// Returns true if a later chunk must wait for this one.
    fn hold_up(&self, later: &impl Chunk) -> bool {
        meet(&self.takes, later.takes())
            || meet(&self.takes, later.needs())
            || meet(&self.needs, later.takes())
    }
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
    /// Chunks race, and rows with the same key or unique value must not: their order decides which
    /// of them counts, and two transactions that each wait for a value of the other are a deadlock.
    /// So a chunk that takes what an earlier chunk under way takes or looks for, or that looks for
    /// what that one takes, waits until it is committed. Chunks after it wait with it.
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
        let mut under_way: BTreeMap<u32, Marks> = BTreeMap::new();
        let mut committing = FuturesUnordered::new();
        let mut slowest = Duration::ZERO;
        let mut next: Option<K> = None;
        let mut is_over = false;
        let mut failure = None;
        loop {
            if let Some(chunk) = next.take_if(|chunk| !under_way.values().any(|other| other.hold_up(chunk))) {
                under_way.insert(chunk.number(), Marks::of(&chunk));
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

/// Returns true if both hold a mark; both ascend.
fn meet(one: &[i64], other: &[i64]) -> bool {
    let (Some(first), Some(last)) = (other.first(), other.last()) else { return false };
    let from = one.partition_point(|mark| mark < first);
    let mut others = other.iter().peekable();
    for mark in one[from..].iter().take_while(|mark| *mark <= last) {
        while others.next_if(|other| *other < mark).is_some() {}
        if others.peek() == Some(&mark) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use domain::value::Value;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn marks_meet_when_one_is_in_both(
            mut one in proptest::collection::vec(-20_i64..20, 0..12),
            mut other in proptest::collection::vec(-20_i64..20, 0..12),
        ) {
            let sets: [BTreeSet<i64>; 2] = [&one, &other].map(|ids| ids.iter().copied().collect());
            one.sort_unstable();
            other.sort_unstable();
            prop_assert_eq!(meet(&one, &other), !sets[0].is_disjoint(&sets[1]));
        }
    }

    /// A chunk's number, what it takes and what it needs.
    #[derive(Debug)]
    struct Marked(u32, &'static [i64], &'static [i64]);

    impl Chunk for Marked {
        fn number(&self) -> u32 {
            self.0
        }

        fn takes(&self) -> &[i64] {
            self.1
        }

        fn needs(&self) -> &[i64] {
            self.2
        }
    }

    #[test]
    fn a_mark_is_that_of_the_value_and_its_columns() {
        let text = |text: &'static str| Key::of([&Value::Text(text.into())]).unwrap();
        assert_eq!(mark(None, &Key::from(-7)), -7);
        assert_eq!(mark(Some(0), &text("a")), mark(Some(0), &text("a")));
        let different = [mark(None, &text("a")), mark(None, &text("A")), mark(Some(0), &text("a"))];
        assert_eq!(different.into_iter().collect::<BTreeSet<i64>>().len(), 3);
        assert_ne!(mark(Some(0), &Key::from(7)), mark(Some(1), &Key::from(7)));
    }

    fn lanes(seconds: u64) -> Lanes<&'static str> {
        let deadline = Deadline::after(Duration::from_secs(seconds));
        Lanes { count: 3, deadline, out_of_time: || "out of time" }
    }

    async fn queue(chunks: impl IntoIterator<Item = Marked>) -> mpsc::Receiver<Marked> {
        let (sender, receiver) = mpsc::channel(16);
        for chunk in chunks {
            sender.send(chunk).await.unwrap();
        }
        receiver
    }

    /// Records what began and ended, in order.
    async fn story(
        chunks: impl IntoIterator<Item = Marked>,
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
    async fn chunks_overtake_each_other_unless_one_takes_what_the_other_does_or_needs() {
        let apart = [Marked(0, &[1, 2], &[9]), Marked(1, &[3], &[9]), Marked(2, &[], &[9])];
        assert_eq!(story(apart, 9).await, (Ok(()), "+0 +1 +2 -2 -1 -0 ".to_owned()));
        for (one, other) in [
            (Marked(0, &[1, 2], &[]), Marked(1, &[2, 3], &[])),
            (Marked(0, &[1, 2], &[]), Marked(1, &[3], &[2])),
            (Marked(0, &[1], &[2]), Marked(1, &[2, 3], &[])),
        ] {
            let shared = [one, other, Marked(2, &[4], &[])];
            assert_eq!(story(shared, 9).await, (Ok(()), "+0 -0 +1 +2 -2 -1 ".to_owned()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_those_under_way_end_and_none_begins() {
        let chunks = (0..6).map(|number| Marked(number, &[], &[]));
        assert_eq!(story(chunks, 2).await, (Err("failed"), "+0 +1 +2 -2 -1 -0 ".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn waits_for_chunks_until_the_deadline() {
        let (_sender, chunks) = mpsc::channel::<Marked>(1);
        assert_eq!(lanes(1).commit_all(chunks, |_| async { Ok(()) }).await, Err("out of time"));
        let chunks = queue([Marked(0, &[], &[])]).await;
        assert_eq!(lanes(0).commit_all(chunks, |_| async { Ok(()) }).await, Err("out of time"));
    }
}
