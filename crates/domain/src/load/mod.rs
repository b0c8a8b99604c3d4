//! Loading files: what a key says, where a content is cut into chunks, what a record of it is, and
//! what the ledger tells.

mod builder;
pub(crate) mod check;
mod chunk;
mod chunker;
mod columns;
mod dialect;
mod digest;
mod format;
mod id;
mod key;
mod layout;
mod layout_error;
mod marker;
mod marks;
mod proposal;
mod reasons;
mod record;
pub(crate) mod rejects;
mod settings;
mod warnings;

pub use builder::ChunkBuilder;
pub use check::{CheckedChunk, OtherHeader, RejectedRecord};
pub use chunk::{
    Broken, CHUNK_BYTES, Chunk, ChunkError, MAX_CHUNK_BYTES, MAX_RECORD_BYTES, Position, Record,
};
pub use chunker::Chunker;
pub use columns::Columns;
pub use dialect::{Dialect, Start};
pub use digest::ContentDigest;
pub use format::{Content, Format, Packing, READABLE_FILES};
pub use id::{LoadId, parent_in_name};
pub use key::{INCOMING, Incoming, KeyError};
pub use layout::Layout;
pub use layout_error::LayoutError;
pub use marker::{no_data, no_data_below};
pub use proposal::{FoundTable, propose_null_values, propose_settings, propose_table};
pub use reasons::{RejectReason, RejectReasons};
pub use record::{LoadPage, LoadRecord, LoadStatus, RejectsFile, RejectsPage};
pub use rejects::{is_rejects_key, rejects_csv, rejects_key, rejects_prefix};
pub use settings::{MAX_SETTINGS_BYTES, SETTINGS_METADATA, Settings, SettingsError};
pub use warnings::bounded_warnings;

#[cfg(test)]
mod tests;
