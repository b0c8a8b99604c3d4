//! Builds chunks of records that arrive as fields, from files that are not text.

use super::draft::Draft;
use super::{Broken, Chunk, ChunkError, MAX_RECORD_BYTES, Position};

/// Collects records into chunks. Of such records, byte offsets and digests are those of this
/// encoding: before each field its length in four bytes, the highest first; after the last field of
/// a record four bytes of `FF`.
#[derive(Debug)]
pub struct ChunkBuilder {
    draft: Draft,
    /// The line behind the last record.
    line: u64,
}

const LENGTH: usize = 4;
const RECORD_END: [u8; LENGTH] = u32::MAX.to_be_bytes();

impl ChunkBuilder {
    /// Creates a builder before the first record. A chunk ends with the record that brings it to
    /// `chunk_bytes`.
    pub fn new(chunk_bytes: u64) -> Self {
        Self { draft: Draft::new(Position::START, chunk_bytes, false), line: 1 }
    }

    /// Adds the record of a line, which may be broken; returns the chunk before it when that is
    /// full.
    ///
    /// # Errors
    /// [`ChunkError::RecordTooLong`] for a record that takes more than [`MAX_RECORD_BYTES`]. It is
    /// not added.
    pub fn push<'f>(
        &mut self,
        line: u64,
        fields: impl Iterator<Item = &'f [u8]> + Clone,
        broken: Option<Broken>,
    ) -> Result<Option<Chunk>, ChunkError> {
        let length: u64 = fields.clone().map(|field| (LENGTH + field.len()) as u64).sum();
        if length + LENGTH as u64 > MAX_RECORD_BYTES {
            return Err(ChunkError::RecordTooLong { line });
        }
        let full = self.draft.is_full(self.draft.held()).then(|| self.draft.cut(self.line));
        for field in fields {
            self.draft.take(&(field.len() as u32).to_be_bytes());
            let start = self.draft.held();
            self.draft.take(field);
            self.draft.push_field(start, start + field.len());
        }
        self.draft.take(&RECORD_END);
        self.draft.end_record(line, broken);
        self.line = line + 1;
        Ok(full)
    }

    /// Returns the remaining records as the last chunk.
    pub fn finish(&mut self) -> Option<Chunk> {
        (!self.draft.is_empty()).then(|| self.draft.cut(self.line))
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn push(builder: &mut ChunkBuilder, line: u64, fields: &[&str]) -> Result<Option<Chunk>, ChunkError> {
        builder.push(line, fields.iter().map(|field| field.as_bytes()), None)
    }

    #[test]
    fn builds_chunks_that_follow_each_other() {
        let mut builder = ChunkBuilder::new(20);
        assert_eq!(push(&mut builder, 1, &["id", ""]), Ok(None));
        let first = push(&mut builder, 5, &["7", "\"é,\n\""]);
        assert_eq!(first, Ok(None), "14 bytes are less than 20");
        let first = push(&mut builder, 6, &["8"]).unwrap().unwrap();
        let last = builder.finish().unwrap();
        assert_eq!(builder.finish(), None);
        let encoded =
            b"\0\0\0\x02id\0\0\0\0\xFF\xFF\xFF\xFF\0\0\0\x017\0\0\0\x06\"\xC3\xA9,\n\"\xFF\xFF\xFF\xFF";
        assert_eq!(first.digest[..], Sha256::digest(encoded)[..]);
        assert_eq!((first.start_byte, first.end_byte, first.end_line), (0, encoded.len() as u64, 6));
        assert_eq!((last.number, last.start_byte, last.end_line), (1, first.end_byte, 7));
        let records: Vec<(u64, Vec<&[u8]>)> =
            first.records().map(|record| (record.line, record.fields().collect())).collect();
        assert_eq!(records, [(1, vec![&b"id"[..], b""]), (5, vec![&b"7"[..], "\"é,\n\"".as_bytes()])]);
        assert_eq!(last.records().next().unwrap().field(0), b"8");
    }

    #[test]
    fn digests_tell_apart_where_a_field_ends() {
        let digest = |records: &[&[&str]]| {
            let mut builder = ChunkBuilder::new(u64::MAX);
            for fields in records {
                push(&mut builder, 1, fields).unwrap();
            }
            builder.finish().unwrap().digest
        };
        let digests = [
            digest(&[&["ab", "c"]]),
            digest(&[&["a", "bc"]]),
            digest(&[&["ab"], &["c"]]),
            digest(&[&["ab", "c", ""]]),
        ];
        for (index, one) in digests.iter().enumerate() {
            assert!(!digests[..index].contains(one), "{index}");
        }
    }

    #[test]
    fn refuses_a_record_one_byte_over_the_limit_and_keeps_those_before() {
        let most = usize::try_from(MAX_RECORD_BYTES).unwrap() - 2 * LENGTH;
        let mut builder = ChunkBuilder::new(u64::MAX);
        assert_eq!(push(&mut builder, 1, &[&"x".repeat(most)]), Ok(None));
        assert_eq!(
            push(&mut builder, 2, &[&"x".repeat(most + 1)]),
            Err(ChunkError::RecordTooLong { line: 2 })
        );
        assert_eq!(builder.finish().unwrap().records().len(), 1);
    }
}
