//! The loader over a real MariaDB behind the local Data API, with objects in memory.

#![recursion_limit = "256"]

mod crashes;
mod files;
mod memory;
mod repeats;
mod support;
