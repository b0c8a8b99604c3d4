//! What the ledger knows of a load.

mod id;
mod reasons;
mod record;
mod warnings;

pub use id::{LoadId, parent_in_name};
pub use reasons::{RejectReason, RejectReasons};
pub use record::{LoadPage, LoadRecord, LoadStatus, RejectsFile, RejectsPage};
pub use warnings::bounded_warnings;
