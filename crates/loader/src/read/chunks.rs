//! Reads a file into chunks, on a thread that may block.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use aurora::loads::CommittedChunk;
use domain::load::{Layout, Position};
use tokio::sync::mpsc;

use super::prepare::{FilePlan, Plan, Prepared};
use crate::error::LoadError;

/// A file to read.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) plan: Arc<Plan>,
    pub(crate) file: FilePlan,
    /// The chunks that are committed, by the ledger.
    pub(crate) committed: BTreeMap<u32, CommittedChunk>,
    /// The file's layout, and where to resume; `None` at its start.
    pub(crate) resume: Option<(Layout, Position)>,
}

/// The result of reading a file.
#[derive(Debug)]
pub(crate) struct Read {
    /// The digest of the whole content; or the error that the reading stopped with, after the
    /// chunks before it were sent.
    pub(crate) digest: Result<String, LoadError>,
    /// The parts of the file that were not read, as far as they have been seen.
    pub(crate) warnings: Vec<String>,
}

impl Reading {
    /// Reads to the end and sends the chunks that are not committed. Stops early, with a digest of
    /// no meaning, when the receiver is dropped.
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
