//! Text files: whatever the bytes and the dialect, the figures add up, and chunks depend neither on
//! how the bytes arrive nor on where reading is resumed.

#![no_main]

use std::io::Cursor;

use domain::dictionary::LoadMode;
use domain::load::{CheckedChunk, Chunk, Chunker, Content, Dialect, Facts, Format, Packing, Position, Start};
use files::{Opening, open};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(([choice, size], bytes)) = data.split_first_chunk() else { return };
    let content = [Content::Csv, Content::Tsv, Content::JsonLines][usize::from(choice % 3)];
    let packing = [Packing::None, Packing::Gzip, Packing::Zstd][usize::from(choice / 3 % 3)];
    let tables = fuzz::dictionary().tables();
    let table = &tables[usize::from(choice / 9) % tables.len()];
    let chunk_bytes = u64::from(*size) * 4;
    read(Opening { format: Format { content, packing }, table, object_bytes: bytes.len() as u64, chunk_bytes }, bytes);
    let dialect = Dialect {
        delimiter: [b',', b';', b'\t', b'^'][usize::from(choice % 4)],
        has_quotes: choice & 16 == 0,
        has_escapes: choice & 32 != 0,
    };
    cut(dialect, chunk_bytes, usize::from(*size) + 1, bytes);
});

/// Reads a file, and checks its records.
fn read(opening: Opening<'_>, bytes: &[u8]) {
    let Ok(mut source) = open(opening, Box::new(Cursor::new(bytes.to_vec()))) else { return };
    let columns = source.columns().clone();
    while let Ok(Some(chunk)) = source.next_chunk() {
        if let Ok(checked) = CheckedChunk::check(opening.table, &columns, &chunk) {
            let judged = checked.judge(LoadMode::Append, &Facts::default());
            let rejected = judged.rejected();
            assert_eq!(checked.rows_read, judged.len() + rejected.len());
            domain::load::rejects_csv(opening.table, &columns, &rejected);
        }
    }
}

/// Cuts a text as a whole and in pieces, and from the end of each chunk on.
fn cut(dialect: Dialect, chunk_bytes: u64, piece: usize, bytes: &[u8]) {
    let start = || Chunker::new(dialect, Start::default(), chunk_bytes);
    let whole = chunks(start(), bytes, usize::MAX);
    assert!(whole == chunks(start(), bytes, piece));
    for (index, chunk) in whole.iter().enumerate().step_by(1 + whole.len() / 8) {
        let position = Position { number: chunk.number + 1, byte: chunk.end_byte, line: chunk.end_line };
        let rest = chunks(Chunker::resume(dialect, chunk_bytes, position), &bytes[position.byte as usize..], piece);
        assert!(rest == whole[index + 1..]);
    }
}

fn chunks(mut chunker: Chunker, bytes: &[u8], piece: usize) -> Vec<Chunk> {
    let mut found = Vec::new();
    for mut input in bytes.chunks(piece.min(bytes.len().max(1))) {
        loop {
            match chunker.feed(input) {
                Ok((Some(chunk), rest)) => (input, ()) = (rest, found.push(chunk)),
                Ok((None, _)) => break,
                Err(_) => return found,
            }
        }
    }
    while let Ok(Some(chunk)) = chunker.finish() {
        found.push(chunk);
    }
    found
}
