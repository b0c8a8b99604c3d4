#![doc = include_str!("../README.md")]

mod authority;
mod columns;
mod config;
mod error;
mod faults;
mod http;
mod lexer;
mod limits;
mod params;
mod pool;
mod records;
mod request;
mod secrets;
mod server;
mod service;
mod statement;
mod transactions;
mod validation;
mod wire;

pub use config::{Config, Credentials, OnError, Upstream};
pub use error::{ErrorKind, ErrorStyle};
pub use faults::{Effect, FaultHandle, Faults, Loss, Operation, Rule};
pub use limits::Limits;
pub use server::{Server, StartError};
