//! The verbs of the command, one module each.

pub(crate) mod accounts;
pub(crate) mod backfill;
pub(crate) mod backup;
pub(crate) mod backups;
pub(crate) mod check;
pub(crate) mod console;
pub(crate) mod demo;
pub(crate) mod docs;
pub(crate) mod lake;
pub(crate) mod local;
pub(crate) mod put_back;
pub(crate) mod rejects;
pub(crate) mod report;
pub(crate) mod restore;
pub(crate) mod sample;
pub(crate) mod serve;
pub(crate) mod upload;
