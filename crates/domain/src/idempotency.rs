//! `Idempotency-Key`: which requests are the same one, sent again.

use crate::digest;
use crate::prefer::TxPreference;
use crate::problem::{Problem, ProblemKind};

/// Characters of a key at most, without the quotes around it.
pub const MAX_KEY_CHARS: usize = 255;

/// A key that a client chose for a request and everything it sends again for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// The error of a header whose value is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "Idempotency-Key must be given once, with 1 to {MAX_KEY_CHARS} visible ASCII characters, in double quotes or \
     without any."
)]
pub struct InvalidKey;

impl From<InvalidKey> for Problem {
    fn from(error: InvalidKey) -> Self {
        Self::new(ProblemKind::InvalidIdempotencyKey, error.to_string())
    }
}

impl IdempotencyKey {
    /// Reads the header's value: a string as structured fields have it (RFC 9651, section 3.3.3: in
    /// double quotes, with `\"` and `\\`), as the IETF's draft of the header wants it, or the bare
    /// key that most clients send. Both are the same key.
    ///
    /// # Errors
    /// [`InvalidKey`].
    pub fn parse(value: &[u8]) -> Result<Self, InvalidKey> {
        let value = value.trim_ascii();
        let key = match value.strip_prefix(b"\"") {
            Some(rest) => unquoted(rest)?,
            None => value.to_vec(),
        };
        let key = String::from_utf8(key).map_err(|_| InvalidKey)?;
        let is_key =
            (1..=MAX_KEY_CHARS).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if is_key { Ok(Self(key)) } else { Err(InvalidKey) }
    }
}

/// Returns the text between the quotes; the first quote is already removed.
fn unquoted(rest: &[u8]) -> Result<Vec<u8>, InvalidKey> {
    let mut key = Vec::with_capacity(rest.len());
    let mut bytes = rest.iter().copied();
    loop {
        match bytes.next() {
            Some(b'"') => break,
            Some(b'\\') => {
                key.push(bytes.next().filter(|byte| matches!(byte, b'"' | b'\\')).ok_or(InvalidKey)?);
            }
            Some(byte) => key.push(byte),
            None => return Err(InvalidKey),
        }
    }
    if bytes.next().is_none() { Ok(key) } else { Err(InvalidKey) }
}

/// A request with a key, as its record knows it. Hashes, so that what clients put into keys (an
/// order's number, a name) is not kept, and any caller's id fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRequest {
    record: String,
    fingerprint: String,
}

impl KeyedRequest {
    /// Identifies a request of a caller. Keys are a caller's own; the same request is one with the
    /// same method, route, table (which a body for several tables does not have), preference and
    /// body, byte by byte.
    pub fn new(caller: &str, key: &IdempotencyKey, request: &RequestParts<'_>) -> Self {
        let RequestParts { route, table, preference, body } = *request;
        let preference = preference.map_or("", TxPreference::as_str);
        Self {
            record: digest::of_parts(&[caller.as_bytes(), key.0.as_bytes()]),
            fingerprint: digest::of_parts(&[route.as_bytes(), table.as_bytes(), preference.as_bytes(), body]),
        }
    }

    /// Returns the id of the caller's record of the key: 64 hexadecimal digits.
    pub fn record(&self) -> &str {
        &self.record
    }

    /// Returns the digest that distinguishes the request from others with the same key: 64
    /// hexadecimal digits.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// The parts of a request that must be equal in a repeated request.
#[derive(Debug, Clone, Copy)]
pub struct RequestParts<'a> {
    /// Method and route, `POST /insert_data`.
    pub route: &'a str,
    /// The table in the path, by its own name; empty where the route has none.
    pub table: &'a str,
    /// The client's preference.
    pub preference: Option<TxPreference>,
    /// The body as it came.
    pub body: &'a [u8],
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(value: &str) -> Result<String, InvalidKey> {
        IdempotencyKey::parse(value.as_bytes()).map(|key| key.0)
    }

    #[test]
    fn takes_a_key_with_quotes_and_without() {
        for value in ["8e03978e-40d5", "\"8e03978e-40d5\"", " \"8e03978e-40d5\" "] {
            assert_eq!(key(value).unwrap(), "8e03978e-40d5");
        }
        assert_eq!(key(r#""a\"\\b""#).unwrap(), r#"a"\b"#);
        assert_eq!(key("a\"b").unwrap(), "a\"b");
        assert_eq!(key("!~").unwrap(), "!~");
    }

    #[test]
    fn takes_255_characters_and_not_one_more() {
        let long = "k".repeat(MAX_KEY_CHARS);
        assert_eq!(key(&long).unwrap(), long);
        assert_eq!(key(&format!("\"{long}\"")).unwrap(), long);
        assert_eq!(key(&format!("{long}k")), Err(InvalidKey));
        assert_eq!(key(&format!("\"{long}k\"")), Err(InvalidKey));
    }

    #[test]
    fn refuses_what_is_no_key() {
        for value in [
            "", " ", "\"\"", "\"", "\"a", "\"a\"b", "\"a\" b", "\"a\\\"", "\"a\\b\"", "a b", "\"a b\"",
            "a\nb", "a\tb", "é", "a\u{7f}",
        ] {
            assert_eq!(key(value), Err(InvalidKey), "{value:?}");
        }
        assert_eq!(IdempotencyKey::parse(b"a\xff"), Err(InvalidKey));
    }

    #[test]
    fn tells_requests_apart_by_each_of_their_parts() {
        let key = IdempotencyKey::parse(b"k").unwrap();
        let one = RequestParts { route: "POST /r", table: "tags", preference: None, body: b"[]" };
        let same = KeyedRequest::new("me", &key, &one);
        assert_eq!(same, KeyedRequest::new("me", &key, &one.clone()));
        for other in [
            RequestParts { route: "POST /rj", table: "obs", ..one },
            RequestParts { table: "collections", ..one },
            RequestParts { preference: Some(TxPreference::Atomic), ..one },
            RequestParts { body: b"[ ]", ..one },
        ] {
            let other = KeyedRequest::new("me", &key, &other);
            assert_eq!(other.record(), same.record());
            assert_ne!(other.fingerprint(), same.fingerprint());
        }
        assert_eq!((same.record().len(), same.fingerprint().len()), (64, 64));
    }

    #[test]
    fn keys_of_two_callers_do_not_meet() {
        let parts = RequestParts { route: "POST /r", table: "", preference: None, body: b"" };
        let record = |caller: &str, key: &[u8]| {
            KeyedRequest::new(caller, &IdempotencyKey::parse(key).unwrap(), &parts).record
        };
        assert_ne!(record("me", b"k"), record("you", b"k"));
        assert_ne!(record("a", b"bk"), record("ab", b"k"));
    }
}
