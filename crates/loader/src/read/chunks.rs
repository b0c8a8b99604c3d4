//! Reading an object on a thread of its own: its content comes in pieces from S3, and goes out in chunks that are ready
//! to be committed.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use aurora::loads::CommittedChunk;
use bytes::{Buf, Bytes};
use domain::load::{Layout, Position};
use tokio::sync::mpsc;

use super::prepare::{FilePlan, Plan, Prepared};
use crate::error::LoadError;
use crate::queue::event::ObjectCreated;
use crate::store::{Content, Opened, Store, StoreError};

/// Pieces of content that wait for the thread at most; each is what a connection hands over at once.
const PIECES_AHEAD: usize = 16;

/// The piece behind the last one: without it, pieces that stop coming are no end.
const END: Bytes = Bytes::new();

/// How often the content is asked for again from where its connection broke.
const REOPENS: u32 = 5;

/// Sends an object's content from a byte on, piece by piece; asks for the rest again when the connection breaks. Ends
/// early, without an error, when nobody takes the pieces any more.
pub(crate) async fn feed<S: Store>(
    store: &S,
    object: &ObjectCreated,
    from: u64,
    pieces: mpsc::Sender<Result<Bytes, StoreError>>,
) {
    let mut at = from;
    let mut reopens = 0;
    let error = 'open: loop {
        let mut skip;
        let mut content = match store.open(object.version(), at).await {
            Ok(Opened { content, from }) => {
                skip = at.saturating_sub(from);
                content
            }
            Err(error) => break error,
        };
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
    // Nobody takes it when the load has stopped already; its own error is the one that counts.
    pieces.send(Err(error)).await.ok();
}

/// The pieces as a stream of bytes, for a thread that may block.
#[derive(Debug)]
pub(crate) struct Pieces {
    received: mpsc::Receiver<Result<Bytes, StoreError>>,
    piece: Bytes,
    has_ended: bool,
}

impl Pieces {
    /// Both ends: one for [`feed`], one for the thread.
    pub(crate) fn channel() -> (mpsc::Sender<Result<Bytes, StoreError>>, Self) {
        let (sender, received) = mpsc::channel(PIECES_AHEAD);
        (sender, Self { received, piece: Bytes::new(), has_ended: false })
    }
}

impl io::Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.has_ended {
            match self.received.blocking_recv() {
                Some(Ok(piece)) => (self.has_ended, self.piece) = (piece.is_empty(), piece),
                Some(Err(error)) => return Err(io::Error::other(error)),
                // The load has stopped, and nobody brings the rest.
                None => return Err(io::ErrorKind::BrokenPipe.into()),
            }
        }
        let length = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// What is to be read of an object.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) plan: Arc<Plan>,
    pub(crate) file: FilePlan,
    /// What the ledger has of it.
    pub(crate) committed: BTreeMap<u32, CommittedChunk>,
    /// How the file is written and where to start, unless at the start.
    pub(crate) resume: Option<(Layout, Position)>,
}

/// What came of reading an object.
#[derive(Debug)]
pub(crate) struct Read {
    /// The digest of the whole content. An error is what the content, or whatever brings it, stopped with; the chunks
    /// before it have been sent.
    pub(crate) digest: Result<String, LoadError>,
    /// What of the file was not read, as far as it has been seen.
    pub(crate) warnings: Vec<String>,
}

impl Reading {
    /// Reads to the end and sends the chunks that are not committed. Stops early, with a digest of no meaning, when
    /// nobody takes chunks any more.
    pub(crate) fn run(self, content: Box<dyn io::Read + Send>, chunks: &mpsc::Sender<Prepared>) -> Read {
        let mut warnings = Vec::new();
        let digest = self.read(content, chunks, &mut warnings);
        Read { digest, warnings }
    }

    fn read(
        self,
        content: Box<dyn io::Read + Send>,
        chunks: &mpsc::Sender<Prepared>,
        warnings: &mut Vec<String>,
    ) -> Result<String, LoadError> {
        let mut digest = self.file.digest();
        let mut source = match self.resume {
            Some((layout, position)) => {
                for (_, chunk) in self.committed.range(..position.number) {
                    digest.push(&chunk.digest);
                }
                files::resume(layout, self.file.chunk_bytes, position, content)
            }
            None => files::open(self.file.opening(), content)?,
        };
        let columns = Arc::new(source.columns().clone());
        *warnings = source.warnings().to_vec();
        while let Some(chunk) = source.next_chunk()? {
            digest.push(&chunk.digest);
            if let Some(committed) = self.committed.get(&chunk.number) {
                if committed.digest != chunk.digest || committed.end_byte != chunk.end_byte {
                    return Err(LoadError::Changed { line: chunk.first_line() });
                }
                continue;
            }
            let from = chunk.first_line();
            let prepared = Prepared::new(&self.plan, &columns, chunk)
                .map_err(|header| LoadError::OtherHeader { header, from })?;
            if chunks.blocking_send(prepared).is_err() {
                return Ok(String::new());
            }
        }
        Ok(digest.finish())
    }
}
