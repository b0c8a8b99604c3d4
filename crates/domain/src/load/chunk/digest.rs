use sha2::{Digest, Sha256};

/// Identifies content: SHA-256 over the digests of its chunks, in their order.
///
/// It can be made from chunks of several invocations, and compares contents that were cut at the
/// same size.
#[derive(Debug, Clone, Default)]
pub struct ContentDigest(Sha256);

impl ContentDigest {
    /// Adds the [`digest`](super::Chunk::digest) of the next chunk.
    pub fn push(&mut self, digest: &[u8; 32]) {
        self.0.update(digest);
    }

    /// 64 lower-case hexadecimal digits.
    pub fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}
