//! The names of the lake that its verbs share.

/// The message if there is no lake.
pub(super) const OFF: &str = "The lake is off here: `make lake` turns it on on this machine; an account has it when deployed with lake=true.";

/// The Glue database of the tables that people query.
pub(super) const GOLD: &str = "rowgate_gold";
/// The Glue database of the current rows and their history.
pub(super) const SILVER: &str = "rowgate_silver";
