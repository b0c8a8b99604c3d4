//! A client of MySQL's protocol that does not copy rows.
//!
//! A row of the text protocol is a slice of the buffer that the socket was read into. What is small
//! and rare (columns, handshake, the binary protocol's values) is left to `mysql_common`.
//!
//! With `mysql_async`, which allocates a value for each field, a whole call took longer (release
//! profile, five runs in turns, medians):
//!
//! | page | here | `mysql_async` | ratio |
//! |---|--:|--:|--:|
//! | 100 rows as JSON | 0.27 ms | 0.30 ms | 1.15 |
//! | 1,000 rows as JSON | 1.00 ms | 1.31 ms | 1.30 |
//! | 8,000 rows as JSON | 8.8 ms | 11.4 ms | 1.29 |
//! | 100 rows as `records` | 0.23 ms | 0.27 ms | 1.17 |
//! | 1,000 rows as `records` | 0.65 ms | 0.96 ms | 1.48 |
//!
//! Besides, `mysql_async` always allows several statements in one text, which the service refuses,
//! and knows no `sha256_password`, which MySQL asks for also if a user is unknown to it.

mod conn;
mod error;
mod login;
mod packets;
mod parse;
mod read;

pub(crate) use self::conn::Conn;
pub(crate) use self::error::Error;
pub(crate) use self::login::{Address, Options};
pub(crate) use self::parse::Row;
