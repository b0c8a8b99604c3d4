//! Dependencies of a load.

use aurora::Database;
use domain::dictionary::Dictionary;
use event_bus::EventBus;

use crate::options::Options;

/// Dependencies of a load.
#[derive(Debug)]
pub struct Loader<S, Q> {
    /// The database that rows go to.
    pub database: Database,
    /// The data bucket, where rejects files go; its siblings are read, too.
    pub store: S,
    /// The queue that messages come from, and go to when a load needs another invocation.
    pub queue: Q,
    /// The bus that the end of each load is sent to.
    pub events: EventBus,
    /// The tables that records are checked against.
    pub dictionary: &'static Dictionary,
    /// The function's options.
    pub options: Options,
}
