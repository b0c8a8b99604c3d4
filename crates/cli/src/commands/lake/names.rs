//! The names of the lake that its verbs share.

/// The message if there is no lake.
pub(super) const OFF: &str = "The lake is off here: `make lake` turns it on on this machine; an account has it when deployed with lake=true.";

/// The layer of the tables that people query.
pub(super) const GOLD: &str = "gold";
/// The layer of the current rows and their history.
pub(super) const SILVER: &str = "silver";
