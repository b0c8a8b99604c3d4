//! Files as they come, damaged ones too: what is read of them is in them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail the test")]

mod check;
mod damage;
mod documented;
mod preview;
