//! Reading an object on a thread that may block.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use crate::error::BucketError;
use crate::store::{Content, Opened, Store};

/// Pieces of content that wait for the thread at most; each is what a connection hands over at once.
const PIECES_AHEAD: usize = 16;

/// The piece behind the last one: without it, pieces that stop coming are no end.
const END: Bytes = Bytes::new();

/// How often the content is asked for again from where its connection broke.
const REOPENS: u32 = 5;

/// An object's content as a stream of bytes, for a thread that may block: a task of the runtime brings the pieces. When the
/// connection breaks, the rest is asked for again, and only of the same content.
///
/// What the bucket fails with comes out as the [`BucketError`] inside of an [`io::Error`]: `error.downcast::<BucketError>()`.
/// Dropped, it lets the task end.
#[derive(Debug)]
pub struct Reader {
    received: mpsc::Receiver<Result<Bytes, BucketError>>,
    piece: Bytes,
    has_ended: bool,
}

impl Reader {
    /// Begins to read; must be called within a Tokio runtime, whose task brings the pieces. That the object is not there is
    /// told by the first read.
    pub fn open<S: Store>(store: S, key: impl Into<String>) -> Self {
        let (pieces, received) = mpsc::channel(PIECES_AHEAD);
        let key = key.into();
        tokio::spawn(async move { feed(&store, &key, &pieces).await });
        Self { received, piece: Bytes::new(), has_ended: false }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.has_ended {
            match self.received.blocking_recv() {
                Some(Ok(piece)) => (self.has_ended, self.piece) = (piece.is_empty(), piece),
                Some(Err(error)) => return Err(io::Error::other(error)),
                // The runtime is gone, and nobody brings the rest.
                None => return Err(io::ErrorKind::BrokenPipe.into()),
            }
        }
        let length = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// Sends an object's content, piece by piece. Ends early when nobody takes the pieces any more.
async fn feed<S: Store>(store: &S, key: &str, pieces: &mpsc::Sender<Result<Bytes, BucketError>>) {
    let mut at = 0;
    let mut etag: Option<String> = None;
    let mut reopens = 0;
    let error = 'open: loop {
        let Opened { mut content, from, etag: opened } = match store.open(key, at, etag.as_deref()).await {
            Ok(opened) => opened,
            Err(error) => break error,
        };
        etag.get_or_insert(opened);
        let mut skip = at.saturating_sub(from);
        loop {
            match content.next().await {
                Ok(Some(mut piece)) => {
                    let skipped = piece.len().min(usize::try_from(skip).unwrap_or(usize::MAX));
                    piece.advance(skipped);
                    skip -= skipped as u64;
                    if piece.is_empty() {
                        continue;
                    }
                    at += piece.len() as u64;
                    if pieces.send(Ok(piece)).await.is_err() {
                        return;
                    }
                }
                Ok(None) => {
                    pieces.send(Ok(END)).await.ok();
                    return;
                }
                Err(error) if reopens == REOPENS => break 'open error,
                Err(_) => {
                    reopens += 1;
                    continue 'open;
                }
            }
        }
    };
    // Nobody takes it when the reading has stopped already; its own error is the one that counts.
    pieces.send(Err(error)).await.ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryBucket;

    async fn read(store: &MemoryBucket, key: &'static str) -> io::Result<Vec<u8>> {
        let mut reader = Reader::open(store.clone(), key);
        let thread = move || {
            let mut content = Vec::new();
            reader.read_to_end(&mut content).map(|_| content)
        };
        tokio::task::spawn_blocking(thread).await.unwrap()
    }

    #[tokio::test]
    async fn a_thread_reads_all_of_it() {
        let store = MemoryBucket::default();
        for length in [0, 1, 4096, 500_000] {
            let content: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            store.insert("k", content.clone());
            assert_eq!(read(&store, "k").await.unwrap(), content);
        }
    }

    #[tokio::test]
    async fn what_the_bucket_says_is_inside_of_the_error() {
        let error = read(&MemoryBucket::default(), "k").await.unwrap_err();
        assert!(matches!(error.downcast::<BucketError>(), Ok(BucketError::Gone { key }) if key == "k"));
    }

    #[tokio::test]
    async fn a_reader_that_is_dropped_lets_its_task_end() {
        let store = MemoryBucket::default();
        store.insert("k", vec![0; 1_000_000]);
        let reader = Reader::open(store.clone(), "k");
        drop(reader);
        // Hangs, and fails by that, where the task does not end.
        while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_connection_that_breaks_is_opened_again_where_it_was() {
        let content: Vec<u8> = (0..100_000).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let store = MemoryBucket::default();
        store.insert("k", content.clone());
        store.break_contents(REOPENS);
        assert_eq!(read(&store, "k").await.unwrap(), content);
        store.break_contents(REOPENS + 1);
        let error = read(&store, "k").await.unwrap_err();
        assert!(matches!(error.downcast::<BucketError>(), Ok(BucketError::Failed { .. })));
    }
}
