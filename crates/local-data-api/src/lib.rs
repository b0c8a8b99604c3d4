#![doc = include_str!("../README.md")]

mod config;
mod error;
mod faults;
mod http;
mod limits;
mod request;
mod server;
mod service;
mod session;
mod statement;
mod usage;
mod wire;

pub use config::{Config, Credentials, MemoryObjects, MemorySecrets, Objects, OnError, Upstream};
pub use error::{ErrorKind, ErrorStyle};
pub use faults::{Effect, FaultHandle, Faults, Loss, Operation, Rule};
pub use limits::Limits;
pub use server::{Server, StartError};
