//! Loading files: what a key says, where a content is cut into chunks, what a record of it is, and what the ledger tells.

mod check;
mod chunk;
mod id;
mod key;
mod record;
mod rejects;

pub use check::{CheckedChunk, Columns, RejectedRecord};
pub use chunk::{CHUNK_BYTES, CHUNK_RECORDS, Chunk, ChunkError, Chunker, MAX_RECORD_BYTES, Record};
pub use id::LoadId;
pub use key::{INCOMING, Incoming, KeyError};
pub use record::{LoadPage, LoadRecord, LoadStatus};
pub use rejects::{rejects_csv, rejects_key};

#[cfg(test)]
mod tests;
