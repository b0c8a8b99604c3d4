//! The client over the RDS Data API.

mod budget;
mod classify;
mod database;
mod error;
pub mod limits;
mod mysql;
mod retry;
mod statement;
mod texts;
mod texts_body;
mod transaction;

pub use database::{Database, Executed, Target};
pub(crate) use error::Aborted;
pub use error::{Error, MaybeDatabase, Write};
pub(crate) use error::{NO_SUCH_COLUMN, NO_SUCH_TABLE};
pub(crate) use retry::Repeat;
pub use statement::{Statement, Value};
pub use texts::Texts;
pub(crate) use texts_body::{AROUND_BYTES, TextsBody};
pub use transaction::{Transaction, Tx};
pub(crate) use transaction::{in_background, rollback_or_leave};
