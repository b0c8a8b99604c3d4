//! Reads an object on a thread that may block.

use std::io::{self, Read};
use std::pin::pin;

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use crate::error::Result;
use crate::store::{Content, ObjectVersion, Opened, Store};

/// Pieces of content that wait for the thread at most; each is what a connection delivers at once.
const PIECES_AHEAD: usize = 16;

/// The piece behind the last one: without it, content that stops coming would look complete.
const END: Bytes = Bytes::new();

/// The number of times that content is requested again from the byte where its connection broke.
const REOPENS: u32 = 5;

type Piece = Result<Bytes>;

/// An object's content as a [`std::io::Read`] for a thread that may block, fed by a future. When
/// the connection breaks, the rest is requested again, and only of the same content.
///
/// The bucket's error comes out as the [`BucketError`](crate::BucketError) inside of an
/// [`io::Error`]: `error.downcast::<BucketError>()`.
#[derive(Debug)]
pub struct Reader {
    received: mpsc::Receiver<Piece>,
    piece: Bytes,
    has_ended: bool,
}

impl Reader {
    /// Starts to read an object, fed by a task of the Tokio runtime that this is called in. The
    /// task ends when the reader is dropped. An object that is not there shows in the first read.
    pub fn open<S: Store>(store: S, object: impl Into<ObjectVersion>) -> Self {
        let (feed, reader) = Self::fed(store, object.into(), 0, None);
        tokio::spawn(feed);
        reader
    }

    /// Returns a reader of an object from a byte on, and the future that feeds it. Each ends when
    /// the other one is dropped. `opened` is the object where it has been opened already.
    pub fn fed<S: Store>(
        store: S,
        object: ObjectVersion,
        from: u64,
        opened: Option<Opened<S::Content>>,
    ) -> (impl Future<Output = ()> + Send + 'static, Self) {
        let (pieces, received) = mpsc::channel(PIECES_AHEAD);
        let feed = async move {
            if let Err(error) = send_pieces(&store, object, from, opened, &pieces).await {
                // The reader may have stopped; its own error counts then.
                pieces.send(Err(error)).await.ok();
            }
        };
        (feed, Self { received, piece: Bytes::new(), has_ended: false })
    }

    /// Waits for work that needs a reader, and feeds the reader meanwhile. When the work is done,
    /// or is dropped, the feeding ends, and so does a thread that still reads.
    pub async fn feed_while<T>(feed: impl Future<Output = ()>, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        tokio::select! {
            done = &mut work => done,
            () = feed => work.await,
        }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.has_ended {
            match self.received.blocking_recv() {
                Some(Ok(piece)) => (self.has_ended, self.piece) = (piece.is_empty(), piece),
                Some(Err(error)) => return Err(io::Error::other(error)),
                // The feeding has stopped, and the rest never comes.
                None => return Err(io::ErrorKind::BrokenPipe.into()),
            }
        }
        let length = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// Sends an object's content from a byte on, piece by piece. Ends early when the receiver is
/// dropped.
async fn send_pieces<S: Store>(
    store: &S,
    mut object: ObjectVersion,
    mut at: u64,
    mut opened: Option<Opened<S::Content>>,
    pieces: &mpsc::Sender<Piece>,
) -> Result<()> {
    let mut reopens = 0;
    loop {
        let Opened { mut content, from, etag, .. } = match opened.take() {
            Some(opened) => opened,
            None => store.open(&object, at).await?,
        };
        // A version is always the same content.
        if object.version.is_none() {
            object.etag.get_or_insert(etag);
        }
        let mut skip = at.saturating_sub(from);
        loop {
            let mut piece = match content.next().await {
                Ok(Some(piece)) => piece,
                Ok(None) => {
                    pieces.send(Ok(END)).await.ok();
                    return Ok(());
                }
                Err(error) if reopens == REOPENS => return Err(error),
                Err(_) => {
                    reopens += 1;
                    break;
                }
            };
            let skipped = piece.len().min(usize::try_from(skip).unwrap_or(usize::MAX));
            piece.advance(skipped);
            skip -= skipped as u64;
            at += piece.len() as u64;
            if !piece.is_empty() && pieces.send(Ok(piece)).await.is_err() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BucketError, FaultyBucket};

    async fn read(store: &FaultyBucket, key: &'static str) -> io::Result<Vec<u8>> {
        let mut reader = Reader::open(store.clone(), key);
        let thread = move || {
            let mut content = Vec::new();
            reader.read_to_end(&mut content).map(|_| content)
        };
        tokio::task::spawn_blocking(thread).await.unwrap()
    }

    #[tokio::test]
    async fn a_thread_reads_all_of_it() {
        let store = FaultyBucket::default();
        for length in [0, 1, 4096, 500_000] {
            let content: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            store.insert("k", content.clone());
            assert_eq!(read(&store, "k").await.unwrap(), content);
        }
    }

    #[tokio::test]
    async fn the_error_of_the_bucket_is_inside_of_the_error() {
        let error = read(&FaultyBucket::default(), "k").await.unwrap_err();
        assert!(matches!(error.downcast::<BucketError>(), Ok(BucketError::Gone { key }) if key == "k"));
    }

    #[tokio::test]
    async fn a_reader_that_is_dropped_lets_its_task_end() {
        let store = FaultyBucket::default();
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
        let store = FaultyBucket::default();
        store.insert("k", content.clone());
        store.break_contents(&[12_000; REOPENS as usize]);
        assert_eq!(read(&store, "k").await.unwrap(), content);
        store.break_contents(&[12_000; REOPENS as usize + 1]);
        let error = read(&store, "k").await.unwrap_err();
        assert!(matches!(error.downcast::<BucketError>(), Ok(BucketError::Failed { .. })));
    }
}
