//! Whether an earlier load has brought the very same bytes.

use std::collections::BTreeSet;

use aurora::Database;
use aurora::loads::{self, Candidate};
use files::SourceError;
use tokio::task::spawn_blocking;

use super::chunks::{Pieces, feed};
use super::prepare::FilePlan;
use crate::Loader;
use crate::error::LoadError;
use crate::queue::event::ObjectCreated;
use crate::store::Store;

/// The completed load that brought the very same content into the table, read in the same way, if there is one.
///
/// Content is read for it only where a completed load had an object of the same size, and only as far as the first
/// chunk when that is another one.
pub(crate) async fn find_same<S: Store, Q: Sync>(
    loader: &Loader<S, Q>,
    database: &Database,
    object: &ObjectCreated,
    file: &FilePlan,
) -> Result<Option<Candidate>, LoadError> {
    if object.size == 0 {
        return Ok(None);
    }
    let candidates = loads::completed_of_size(database, &file.table, object.size).await?;
    let sizes: BTreeSet<u64> = candidates.iter().map(|candidate| candidate.chunk_bytes).collect();
    for chunk_bytes in sizes {
        let candidates: Vec<Candidate> =
            candidates.iter().filter(|candidate| candidate.chunk_bytes == chunk_bytes).cloned().collect();
        let file = FilePlan { chunk_bytes, ..file.clone() };
        let (sender, pieces) = Pieces::channel();
        let reading = spawn_blocking(move || digest(&file, pieces, &candidates));
        feed(&loader.store, object, 0, sender).await;
        if let Some(same) = reading.await?? {
            return Ok(Some(same));
        }
    }
    Ok(None)
}

/// The candidate with the same content.
fn digest(file: &FilePlan, pieces: Pieces, candidates: &[Candidate]) -> Result<Option<Candidate>, LoadError> {
    let mut source = files::open(file.opening(), Box::new(pieces))?;
    let mut digest = file.digest();
    let mut is_first = true;
    loop {
        let chunk = match source.next_chunk() {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(error @ SourceError::Read(_)) => return Err(error.into()),
            // Content that cannot be read is no completed load's; loading it says what is wrong.
            Err(_) => return Ok(None),
        };
        if is_first {
            let first = hex::encode(chunk.digest);
            if !candidates.iter().any(|candidate| candidate.first_digest.as_ref() == Some(&first)) {
                return Ok(None);
            }
        }
        is_first = false;
        digest.push(&chunk.digest);
    }
    let digest = digest.finish();
    Ok(candidates.iter().find(|candidate| candidate.content_digest == digest).cloned())
}
