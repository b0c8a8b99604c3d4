//! The body of an answer, kept within what a function can answer with.

use domain::problem::{Problem, ProblemKind};

/// What a function's answer may take, in bytes: Lambda's 6 MiB for a synchronous answer, less 64 KiB for status, headers and
/// what else stands around the body. The body is a JSON string in that answer, so it counts as that: a quotation mark takes
/// two bytes.
pub const MAX_PAYLOAD_BYTES: usize = (6 * 1024 - 64) * 1024;

/// A body that is being written.
#[derive(Debug, Default)]
pub struct Payload {
    text: String,
    escaped: usize,
}

/// The body would take more than [`MAX_PAYLOAD_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl TooLarge {
    /// The problem to answer with; `advice` says how to ask for less.
    pub fn problem(self, what: &str, advice: &str) -> Problem {
        Problem::new(
            ProblemKind::ResultTooLarge,
            format!("{what} would take more than the 6 MB that one answer can have. {advice}"),
        )
    }
}

/// Whether a body takes no more than [`MAX_PAYLOAD_BYTES`].
pub fn fits(body: &str) -> bool {
    escaped(body) <= MAX_PAYLOAD_BYTES
}

impl Payload {
    /// An empty one that keeps `bytes` free, for what is put behind [its text](Self::into_text) at last.
    pub fn reserving(bytes: usize) -> Self {
        Self { text: String::new(), escaped: bytes }
    }

    /// Adds a piece.
    ///
    /// # Errors
    /// [`TooLarge`] where it does not fit; the body is as it was then.
    pub fn push(&mut self, text: &str) -> Result<(), TooLarge> {
        let escaped = self.escaped + escaped(text);
        if escaped > MAX_PAYLOAD_BYTES {
            return Err(TooLarge);
        }
        self.escaped = escaped;
        self.text.push_str(text);
        Ok(())
    }

    /// What has been written.
    pub fn into_text(self) -> String {
        self.text
    }
}

fn escaped(text: &str) -> usize {
    text.bytes().map(escaped_len).sum()
}

/// How many bytes serde_json makes of a byte inside a string.
fn escaped_len(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0C => 2,
        0..0x20 => 6,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_the_runtime_will_send() {
        let text: String = (0..0x100).filter_map(char::from_u32).chain(['"', '\\', '😀']).collect();
        let mut payload = Payload::default();
        payload.push(&text).unwrap();
        assert_eq!(payload.escaped, serde_json::to_string(&text).unwrap().len() - 2);
    }

    #[test]
    fn takes_the_limit_and_refuses_one_more() {
        let mut payload = Payload::default();
        payload.push(&"\"".repeat(MAX_PAYLOAD_BYTES / 2)).unwrap();
        assert_eq!(payload.push("x"), Err(TooLarge));
        let text = payload.into_text();
        assert_eq!(text.len(), MAX_PAYLOAD_BYTES / 2);
        assert!(fits(&text) && !fits(&(text + "x")));
    }

    #[test]
    fn keeps_free_what_is_reserved_and_what_did_not_fit() {
        let mut payload = Payload::reserving(10);
        payload.push(&"x".repeat(MAX_PAYLOAD_BYTES - 15)).unwrap();
        assert_eq!(payload.push("123456"), Err(TooLarge));
        payload.push("12345").unwrap();
    }
}
