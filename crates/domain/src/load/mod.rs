//! Loading files: what a key says, where a content is cut into chunks, what a record of it is, and
//! what the ledger knows.

pub(crate) mod check;
mod chunk;
mod claimed;
mod judge;
mod key;
mod layout;
mod ledger;
mod parts;
mod proposal;
pub(crate) mod rejects;
mod settings;

pub use check::{CheckedChunk, OtherHeader, RejectedRecord};
pub use chunk::{
    Broken, CHUNK_BYTES, Chunk, ChunkBuilder, ChunkError, Chunker, ContentDigest, Dialect, MAX_RECORD_BYTES,
    Position, Record, Start,
};
pub use judge::{Facts, Judged};
pub use key::{
    Content, Format, INCOMING, Incoming, KeyError, Packing, READABLE_FILES, no_data, no_data_below,
};
pub use layout::{Columns, Layout, LayoutError};
pub use ledger::{
    LoadId, LoadPage, LoadRecord, LoadStatus, RejectReason, RejectReasons, RejectsFile, RejectsPage,
    bounded_warnings, parent_in_name,
};
pub use parts::{LoadPath, part_key};
pub use proposal::{
    DraftError, FoundTable, TableDraft, draft_table, propose_null_values, propose_settings, propose_table,
};
pub use rejects::{is_rejects_key, rejects_csv, rejects_key, rejects_prefix};
pub use settings::{CHUNKS_METADATA, MAX_SETTINGS_BYTES, SETTINGS_METADATA, Settings, SettingsError};

#[cfg(test)]
mod tests;
