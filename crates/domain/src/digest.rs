//! Digests as texts.

use sha2::{Digest, Sha256};

/// Returns true if the text is so many lower-case hexadecimal digits.
pub(crate) fn is_hex(text: impl AsRef<[u8]>, digits: usize) -> bool {
    let text = text.as_ref();
    text.len() == digits && text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns the SHA-256 of parts, each with its length before it, so that no two lists of parts have
/// the same bytes; 64 hexadecimal digits.
pub(crate) fn of_parts(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}
