#![doc = include_str!("../README.md")]

mod database;
pub mod events;
mod fault_plan;
mod function;
pub mod gateway;
pub mod hr;
mod lambda;
mod numbers;
mod process;
mod random_table;
pub mod replay;
mod runtime_api;
mod s3;
mod serve;
mod server;
mod tables;
mod template;

pub use database::{TestDatabase, client, connect, target};
pub use fault_plan::FaultPlan;
pub use function::{Ended, Function, LAMBDA_ENVIRONMENT};
pub use lambda::{Invoked, Lambda};
pub use local_database::load_from_s3_role;
pub use numbers::numbers;
pub use process::Process;
pub use random_table::RandomTable;
pub use runtime_api::{Answer, RuntimeApi};
pub use s3::Bucket;
pub use server::{DatabaseServer, SOCKET_VARIABLE};
pub use tables::{SQL, dictionary, folder, tables};
pub use {aurora, aws_sdk_rdsdata as sdk, local_data_api};
