//! A private MariaDB behind a local Data API, for tests; never shipped.
//!
//! ```no_run
//! # use testkit::TestDatabase;
//! # async fn test() -> anyhow::Result<()> {
//! let test = TestDatabase::migrated().await?;
//! let database = test.database();
//! // … exercise what is under test with `database` …
//! assert_eq!(test.sql("SELECT COUNT(*) FROM employees").await?, [[Some("0".to_owned())]]);
//! # Ok(())
//! # }
//! ```
//!
//! Each [`TestDatabase`] is a database of its own in a MariaDB that is shared: the one whose socket
//! [`SOCKET_VARIABLE`] names, else one for this process. `cargo run -p testkit --bin with-mariadb -- <command>` runs a command
//! (all tests, say) with one MariaDB for all its processes.

mod database;
mod function;
mod lambda;
mod mariadb;
mod runtime_api;
mod s3;
mod serve;
mod template;
mod weather;

pub use database::TestDatabase;
pub use function::{Ended, Function};
pub use lambda::{Invoked, Lambda};
pub use mariadb::{MariaDb, SOCKET_VARIABLE};
pub use runtime_api::{Answer, RuntimeApi};
pub use s3::Bucket;
pub use weather::Weather;
pub use {aurora, aws_sdk_rdsdata as sdk, local_data_api};
