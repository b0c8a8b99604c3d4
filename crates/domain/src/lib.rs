//! The pure heart of Rowgate: dictionary, validation, outcomes, codecs, SQL text.
pub mod migration;
