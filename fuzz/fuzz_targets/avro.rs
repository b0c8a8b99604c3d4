//! Avro files of backups: whatever the bytes, they are read or refused, within bounds.

#![no_main]

use domain::avro::{AvroError, Block, FileReader, Resolution};
use domain::dictionary::Table;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for table in fuzz::dictionary().tables() {
        let _ = read(bytes, table);
    }
});

fn read(bytes: &[u8], table: &Table) -> Result<(), AvroError> {
    let mut reader = FileReader::open(bytes)?;
    let nullable = vec![false; table.columns().len()];
    let Ok(resolution) = Resolution::new(reader.writer_schema(), table, &nullable) else { return Ok(()) };
    let mut block = Block::default();
    while reader.next_block(&mut block)? {
        let mut rows = 0;
        resolution.decode(&block, |_, row| {
            assert_eq!(row.len(), table.columns().len());
            rows += 1;
        })?;
        assert_eq!(block.rows(), rows);
    }
    Ok(())
}
