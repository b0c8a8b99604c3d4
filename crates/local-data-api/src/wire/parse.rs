//! Parses packets of answers.

use mysql_async::{ServerError, Value};

use super::error::Error;

pub(super) const SHORT: Error = Error::Protocol("a packet that is too short");

/// SERVER_MORE_RESULTS_EXISTS
const MORE_RESULTS: u16 = 8;

/// A row of a result.
#[derive(Debug)]
pub(crate) enum Row<'a> {
    /// A row of the text protocol, as it arrived.
    Text(Fields<'a>),
    /// A row of the binary protocol.
    Values(Vec<Value>),
}

/// The fields of a row of the text protocol.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    pub(super) left: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Returns the next field, `Some(None)` for NULL; `None` if the row is shorter than its
    /// columns.
    pub(crate) fn next_field(&mut self) -> Option<Option<&'a [u8]>> {
        if let [0xfb, left @ ..] = self.left {
            self.left = left;
            return Some(None);
        }
        let length = usize::try_from(number(&mut self.left)?).ok()?;
        let (field, left) = self.left.split_at_checked(length)?;
        self.left = left;
        Some(Some(field))
    }
}

pub(super) fn has_more(status: Option<&[u8]>) -> bool {
    matches!(status, Some([low, high]) if u16::from_le_bytes([*low, *high]) & MORE_RESULTS != 0)
}

/// Parses an OK packet: rows affected, the generated key, and whether another result follows.
pub(super) fn ok(packet: &[u8]) -> Option<(u64, u64, bool)> {
    let mut left = packet.get(1..)?;
    Some((number(&mut left)?, number(&mut left)?, has_more(left.get(..2))))
}

/// Parses a length-encoded integer.
pub(super) fn number(left: &mut &[u8]) -> Option<u64> {
    let (first, rest) = left.split_first()?;
    let length = match first {
        0xfc => 2,
        0xfd => 3,
        0xfe => 8,
        0xfb | 0xff => return None,
        small => {
            *left = rest;
            return Some(u64::from(*small));
        }
    };
    let (bytes, rest) = rest.split_at_checked(length)?;
    *left = rest;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Parses an error packet. Before the login it has no SQL state.
pub(super) fn server_error(packet: &[u8]) -> ServerError {
    let (code, rest) = match packet {
        [_, low, high, rest @ ..] => (u16::from_le_bytes([*low, *high]), rest),
        _ => (0, &[][..]),
    };
    let (state, message) = match rest {
        [b'#', a, b, c, d, e, message @ ..] => (vec![*a, *b, *c, *d, *e], message),
        message => (b"HY000".to_vec(), message),
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ServerError { code, message: text(message), state: text(&state) }
}
