//! Finds an earlier load of the very same bytes.

use std::collections::BTreeSet;
use std::io;

use aurora::Database;
use aurora::loads::{self, Candidate};
use bucket::Store;
use files::SourceError;

use super::contents::Contents;
use super::prepare::FilePlan;
use crate::error::LoadError;

/// Finds the completed load of the very same content into the table, read in the same way.
///
/// This must be known before anything is loaded, so it takes a read of the file of its own. Content
/// is read for it only where a completed load had an object of the same size, and only as far as
/// the first chunk if that differs. Loads before the last `replace` of the table do not count:
/// their rows are gone.
pub(crate) async fn find_same<S: Store>(
    database: &Database,
    contents: &mut Contents<S>,
    file: &FilePlan,
) -> Result<Option<Candidate>, LoadError> {
    if file.object_bytes == 0 {
        return Ok(None);
    }
    let candidates = loads::completed_of_size(database, &file.table, file.object_bytes).await?;
    let sizes: BTreeSet<u64> = candidates.iter().map(|candidate| candidate.chunk_bytes).collect();
    for chunk_bytes in sizes {
        let candidates: Vec<Candidate> =
            candidates.iter().filter(|candidate| candidate.chunk_bytes == chunk_bytes).cloned().collect();
        let file = FilePlan { chunk_bytes, ..file.clone() };
        if let Some(same) = contents.read(move |content| digest(&file, content, &candidates)).await? {
            return Ok(Some(same));
        }
    }
    Ok(None)
}

/// Returns the candidate with the same content.
fn digest(
    file: &FilePlan,
    content: Box<dyn io::Read + Send>,
    candidates: &[Candidate],
) -> Result<Option<Candidate>, LoadError> {
    let mut source = files::open(file.opening(), content)?;
    let mut digest = file.digest();
    let mut is_first = true;
    loop {
        let chunk = match source.next_chunk() {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(error @ SourceError::Read(_)) => return Err(error.into()),
            // Unreadable content cannot be that of a completed load; loading it reports the error.
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
