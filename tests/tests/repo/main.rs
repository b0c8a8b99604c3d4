//! Facts about the repository itself: which crate depends on which and with what features, that no
//! modules import each other in a circle, what code must not mention, how wide prose is, that the
//! scripts build every function, that `rowgate verify` looks for the stack's alarms, and that the
//! invariants of `docs/architecture.md` name tests that exist. They need no cloud, no database and
//! no network.

mod alarms;
mod circles;
mod error_types;
mod features;
mod functions;
mod invariants;
mod layers;
mod page;
mod width;
mod workspace;
