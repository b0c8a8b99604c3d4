//! The function's routes and commands, with a user pool in memory and a real database.

mod changes;
mod commands;
mod manage;
mod memory;
mod registration;
mod sessions;
mod support;
mod trail;
