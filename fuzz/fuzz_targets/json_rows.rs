//! Bodies of the API: whatever the bytes, they are a batch or refused.

#![no_main]

use domain::batch::{Batch, TableBatch};
use domain::value::Key;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let dictionary = fuzz::dictionary();
    let _ = Batch::read(dictionary, bytes).map(drop);
    for table in dictionary.tables() {
        let _ = Batch::read_rows(table, bytes).map(drop);
        let _ = TableBatch::read_row(table, &Key::from(7), bytes).map(drop);
    }
});
