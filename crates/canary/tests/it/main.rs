//! The canary against an API with fault injection.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod checks;
mod world;
