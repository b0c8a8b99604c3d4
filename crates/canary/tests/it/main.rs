//! The canary against an API that can be told what to get wrong.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod checks;
mod world;
