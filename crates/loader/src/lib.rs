#![doc = include_str!("../README.md")]

mod commit;
mod error;
mod invoke;
mod load;
mod loader;
mod metrics;
mod options;
mod outbox;
mod queue;
mod read;
mod receive;
mod upkeep;

pub use error::LoadError;
pub use invoke::{Answer, InvocationError, Payload, invoke};
pub use load::{Delivered, load};
pub use loader::Loader;
pub use options::Options;
pub use queue::event::{ObjectCreated, TargetOverride};
pub use queue::sqs::SqsQueue;
pub use queue::{Backlog, Queue, QueueError};
pub use receive::handle;
pub use upkeep::audit::{AuditError, Audited, LedgerFault};
pub use upkeep::backfill::{Backfill, BackfillError, Backfilled};
