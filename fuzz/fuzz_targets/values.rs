//! Text files: whatever the bytes, the figures add up, and chunks do not depend on how the bytes arrive.

#![no_main]

use std::io::{Cursor, Read};

use domain::dictionary::LoadMode;
use domain::load::{CheckedChunk, Chunk, Content, Format, Packing};
use domain::shipped;
use files::{Opening, open};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(([choice, size], bytes)) = data.split_first_chunk() else { return };
    let content = [Content::Csv, Content::Tsv, Content::JsonLines][usize::from(choice % 3)];
    let packing = [Packing::None, Packing::Gzip, Packing::Zstd][usize::from(choice / 3 % 3)];
    let table = &shipped::dictionary().unwrap().tables()[usize::from(choice / 9 % 3)];
    let opening = Opening {
        format: Format { content, packing },
        table,
        object_bytes: bytes.len() as u64,
        chunk_bytes: u64::from(*size) * 4,
    };
    let (whole, end) = chunks(opening, Box::new(Cursor::new(bytes.to_vec())));
    let pieces = Cursor::new(bytes.to_vec()).take(u64::MAX);
    let (again, again_end) = chunks(opening, Box::new(InPieces(pieces, usize::from(*size) + 1)));
    assert!(whole == again && end == again_end);
});

struct InPieces<R>(R, usize);

impl<R: Read> Read for InPieces<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = into.len().min(self.1);
        self.0.read(&mut into[..length])
    }
}

fn chunks(opening: Opening<'_>, reader: Box<dyn Read + Send>) -> (Vec<Chunk>, Option<String>) {
    let mut found = Vec::new();
    let mut source = match open(opening, reader) {
        Ok(source) => source,
        Err(error) => return (found, Some(error.to_string())),
    };
    let columns = source.columns().clone();
    loop {
        match source.next_chunk() {
            Ok(Some(chunk)) => {
                if let Ok(checked) = CheckedChunk::check(opening.table, &columns, &chunk, LoadMode::Append) {
                    assert_eq!(checked.rows_read, checked.len() + checked.rejected.len());
                    domain::load::rejects_csv(opening.table, &columns, &checked.rejected);
                }
                found.push(chunk);
            }
            Ok(None) => return (found, None),
            Err(error) => return (found, Some(error.to_string())),
        }
    }
}
