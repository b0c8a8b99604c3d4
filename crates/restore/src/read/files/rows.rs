//! The rows of one file, in chunks.

use std::io::Read;
use std::sync::Arc;

use domain::dictionary::Table;
use domain::external::{ExternalRows, IgnoredFields, Loose, RowCollector};

use super::blocks::Block;
use super::decode::Cursor;
use super::fault::Fault;
use super::plan::OpenFile;
use crate::read::source::PlanFault;

/// A file that is read row by row.
#[derive(Debug)]
pub(super) struct FileRows<R> {
    file: OpenFile<R>,
    table: &'static Table,
    block: Block,
    /// The offset of the next row in the block.
    at: usize,
    /// Rows of the block that have not been read.
    left: u64,
    /// Rows of the file that have been read.
    rows: u64,
}

/// The reason why there is no further row of a file.
#[derive(Debug)]
pub(super) enum RowsFault {
    /// It cannot be read on.
    File(Fault),
    /// The row with this number breaks a rule, and none may.
    Rejected { row: u64, reason: String },
}

impl From<Fault> for RowsFault {
    fn from(fault: Fault) -> Self {
        Self::File(fault)
    }
}

impl<R: Read> FileRows<R> {
    /// Opens a file.
    pub(super) fn open(reader: R, table: &'static Table, ignored: &IgnoredFields) -> Result<Self, PlanFault> {
        let file = OpenFile::open(reader, table, ignored)?;
        Ok(Self { file, table, block: Block::default(), at: 0, left: 0, rows: 0 })
    }

    /// Reads over up to `rows` rows, and says how many there were: fewer at the end of the file.
    /// Blocks that are of them as a whole are not unpacked.
    pub(super) fn skip(&mut self, rows: u64) -> Result<u64, Fault> {
        let mut skipped = 0;
        while skipped < rows {
            if self.left > 0 {
                let Self { file, table, block, at, left, rows: read, .. } = self;
                let mut reading = Reading::new(file, table, block, *at);
                while *left > 0 && skipped < rows {
                    reading.next(*read + 1)?;
                    (*read, *left, skipped) = (*read + 1, *left - 1, skipped + 1);
                }
                *at = reading.at(*left)?;
            } else if !self.file.blocks.next(&mut self.block)? {
                break;
            } else if self.block.rows <= rows - skipped {
                skipped += self.block.rows;
                self.rows += self.block.rows;
            } else {
                self.begin_block()?;
            }
        }
        Ok(skipped)
    }

    fn begin_block(&mut self) -> Result<(), Fault> {
        let block = self.rows + 1;
        self.file.blocks.unpack(&mut self.block).map_err(|fault| match fault {
            Fault::Content(reason) => Fault::content(format!("from row {block}: {reason}")),
            fault @ Fault::Read(_) => fault,
        })?;
        (self.at, self.left) = (0, self.block.rows);
        // A block without rows must have no bytes either.
        if self.left == 0 && !self.block.bytes.is_empty() {
            return Err(left_over(self.rows));
        }
        Ok(())
    }

    /// Returns the next chunk: as many rows as make it full, or as there are; `None` at the end of
    /// the file. With `strict`, the first row that breaks a rule ends it.
    pub(super) fn next_chunk(&mut self, strict: bool) -> Result<Option<ExternalRows<'static>>, RowsFault> {
        let mut collector = RowCollector::new(self.table, Arc::clone(&self.file.map));
        while !collector.is_full() {
            if self.left == 0 {
                if !self.file.blocks.next(&mut self.block)? {
                    break;
                }
                self.begin_block()?;
                continue;
            }
            let Self { file, table, block, at, left, rows, .. } = self;
            let mut reading = Reading::new(file, table, block, *at);
            while *left > 0 && !collector.is_full() {
                let fields = reading.next(*rows + 1)?;
                (*rows, *left) = (*rows + 1, *left - 1);
                if let Some(reason) = collector.push(*rows, fields)
                    && strict
                {
                    return Err(RowsFault::Rejected { row: *rows, reason });
                }
            }
            *at = reading.at(*left)?;
        }
        Ok((!collector.is_empty()).then(|| collector.finish()))
    }
}

/// Reading on in a block.
struct Reading<'b, R> {
    file: &'b OpenFile<R>,
    block: &'b [u8],
    cursor: Cursor<'b>,
    fields: Vec<Loose<'b>>,
    row: u64,
}

impl<'b, R> Reading<'b, R> {
    fn new(file: &'b OpenFile<R>, table: &Table, block: &'b Block, at: usize) -> Self {
        let cursor = Cursor::new(block.bytes.get(at..).unwrap_or_default());
        let fields = vec![Loose::Absent; table.columns().len()];
        Self { file, block: &block.bytes, cursor, fields, row: 0 }
    }

    /// Reads the next row, with this number in the file.
    fn next(&mut self, row: u64) -> Result<&[Loose<'b>], Fault> {
        self.row = row;
        let decoded = self.file.row.decode(&mut self.cursor, &self.file.map, &mut self.fields);
        decoded.map_err(|reason| Fault::content(format!("row {row}: {reason}")))?;
        Ok(&self.fields)
    }

    /// Returns the offset of the next row. If no row is left, no bytes may be left either.
    fn at(&self, left: u64) -> Result<usize, Fault> {
        if left == 0 && !self.cursor.0.is_empty() {
            return Err(left_over(self.row));
        }
        Ok(self.block.len() - self.cursor.0.len())
    }
}

fn left_over(row: u64) -> Fault {
    Fault::content(format!("behind row {row}, the last one of its block, the block goes on"))
}
