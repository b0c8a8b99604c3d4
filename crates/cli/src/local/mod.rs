//! The local cloud: the processes that stand for AWS on one machine, and the stack deployed to them.

mod data_api;
mod database;
mod deploy;
mod down;
mod env_file;
mod layout;
mod lock;
mod ministack;
mod operator;
mod ports;
mod process;
mod service;
mod status;
mod up;

use std::time::Duration;

pub(crate) use self::deploy::Sources;
pub(crate) use self::down::{clean, down};
pub(crate) use self::status::status;
pub(crate) use self::up::{Parts, Programs, UpOptions, up};

/// The region the local cloud plays.
const REGION: &str = "us-east-1";
const ACCESS_KEY: &str = "test";
const SECRET_KEY: &str = "test";
/// The database the functions use.
const DATABASE: &str = "rowgate";

/// Every service, in the order in which they are ended: MiniStack first, because its functions use the others, and
/// how long each gets for it.
const SERVICES: [(&str, Duration); 3] = [
    (ministack::NAME, Duration::from_secs(15)),
    (data_api::NAME, Duration::from_secs(5)),
    (database::NAME, Duration::from_secs(60)),
];
