//! Workbooks: whatever the bytes, the figures add up.

#![no_main]

use std::io::Cursor;

use domain::dictionary::LoadMode;
use domain::load::{Content, Format, Packing};
use files::{Opening, preview};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for table in &fuzz::dictionary().tables()[2..4] {
        let opening = Opening {
            format: Format { content: Content::Xlsx, packing: Packing::None },
            table,
            object_bytes: bytes.len() as u64,
            chunk_bytes: 1024,
        };
        let found = preview(opening, LoadMode::Append, 3, Box::new(Cursor::new(bytes.to_vec())));
        assert!(found.counts.rows_rejected <= found.counts.rows_read);
    }
});
