#![doc = include_str!("../README.md")]

mod bus;
mod event;

pub use bus::{EventBus, SendError};
pub use event::{DetailType, Event, MAX_DETAIL_BYTES, SOURCE};
