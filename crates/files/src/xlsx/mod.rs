//! Chunks of a sheet of an Excel workbook (Office Open XML, ECMA-376).
//!
//! The crates for workbooks hold all shared texts, and pieces of XML of any length, in memory; here
//! neither grows with the file. ZIP and XML are read by `zip` and `quick-xml`, each kept within
//! limits.
//!
//! No row is given out that the workbook does not hold: the sheet's checksum is seen to be right
//! before its first row, and a row or a cell that may be meant otherwise than it is read ends the
//! reading.

mod archive;
mod book;
mod cell;
mod error;
mod open;
mod sheet;
mod strings;
mod styles;
mod xml;

#[cfg(test)]
mod tests;

use domain::dictionary::{ColumnType, HeaderRule, Table};
use domain::load::{Broken, Chunk, ChunkBuilder, Columns, LayoutError};

use crate::content::Content;
use crate::error::SourceError;
use crate::source::{Opening, Source};
use error::SheetError;
use open::{Choice, open_sheet, spool};
use sheet::{Row, Sheet};

/// The most rows that are examined if the first is no header, and the most bytes of them.
const ROWS_AHEAD: usize = 100;
const BYTES_AHEAD: usize = 1024 * 1024;

/// A sheet of a workbook.
pub(super) struct SheetSource {
    sheet: Sheet,
    row: Row,
    builder: ChunkBuilder,
    columns: Columns,
    ahead: Ahead,
    /// The type of the column that each field is for.
    types: Vec<Option<ColumnType>>,
    /// Fields that every record has, filled or not.
    width: usize,
    /// The number of rows above the first record.
    skipped: u32,
    warnings: Vec<String>,
    end: Option<Result<(), SourceError>>,
}

/// Rows that have been read to find out what they are.
#[derive(Default)]
struct Ahead {
    /// The rows, as if none were broken.
    chunk: Chunk,
    /// The damage of each.
    broken: Vec<Option<Broken>>,
    /// The number of rows given out.
    given: usize,
    /// The error after them, if the rest could not be read.
    error: Option<SheetError>,
}

impl SheetSource {
    /// Reads what goes before the rows, and the first of them.
    pub(super) fn new(
        content: Content,
        opening: Opening<'_>,
        unpacked_limit: u64,
    ) -> Result<Self, SourceError> {
        let Opening { format, table, chunk_bytes, .. } = opening;
        let (sheet, choice) = open_sheet(spool(content, format)?, unpacked_limit, table.files())?;
        let mut source = Self {
            sheet,
            row: Row::default(),
            builder: ChunkBuilder::new(chunk_bytes),
            columns: Columns::in_dictionary_order(table),
            ahead: Ahead::default(),
            types: table.columns().iter().map(|column| Some(column.column_type())).collect(),
            width: table.columns().len(),
            skipped: table.files().skip_lines,
            warnings: choice.warning().into_iter().collect(),
            end: None,
        };
        source.recognise(table, &choice)?;
        Ok(source)
    }

    /// Reads the first row that is not blank: it may be a header, which says how to read the
    /// others. If it is not, some more rows are read to recognise it.
    fn recognise(&mut self, table: &Table, choice: &Choice) -> Result<(), SourceError> {
        let mut builder = ChunkBuilder::new(u64::MAX);
        let mut bytes = 0;
        while self.ahead.broken.len() < ROWS_AHEAD && bytes < BYTES_AHEAD {
            match self.read_ahead(&mut builder) {
                Ok(true) => {}
                Ok(false) => break,
                Err(SheetError::File(error)) => return Err(SourceError::Read(error)),
                // The rows before it must be returned first.
                Err(error) => {
                    self.ahead.error = Some(error);
                    break;
                }
            }
            bytes += self.row.length();
            if self.ahead.broken.len() == 1 && self.is_header(table).map_err(|error| choice.explain(error))? {
                let line = self.row.number.into();
                return if self.row.is_uncalculated {
                    Err(SheetError::FirstRow(line).into())
                } else {
                    Ok(())
                };
            }
        }
        self.ahead.chunk = builder.finish().unwrap_or_default();
        let Some(first) = self.ahead.chunk.records().next() else {
            return if self.ahead.error.is_some() { Ok(()) } else { Ok(choice.check_blank()?) };
        };
        if first.is_blank() && table.files().header != HeaderRule::None {
            return Err(SheetError::FirstRow(first.line).into());
        }
        let (columns, _) =
            Columns::recognise(table, self.ahead.chunk.records()).map_err(|error| choice.explain(error))?;
        self.columns = columns;
        Ok(())
    }

    /// Adds the next row to the examined ones; returns true if there is one.
    fn read_ahead(&mut self, builder: &mut ChunkBuilder) -> Result<bool, SheetError> {
        if !self.next_row()? {
            return Ok(false);
        }
        // A chunk of so many bytes does not get full.
        builder.push(self.row.number.into(), self.row.fields(), None)?;
        self.ahead.broken.push(self.broken());
        Ok(true)
    }

    /// Returns true if the row is a header of the table; the others are then read by it.
    fn is_header(&mut self, table: &Table) -> Result<bool, LayoutError> {
        let mut builder = ChunkBuilder::new(u64::MAX);
        // A header names as many columns as it does; a row may leave the last ones out.
        self.row.fit(0);
        // It is no longer than the row that was pushed before.
        drop(builder.push(self.row.number.into(), self.row.fields(), None));
        let chunk = builder.finish().unwrap_or_default();
        let columns = match Columns::recognise(table, chunk.records()) {
            Ok((columns, _)) if columns.has_header() => columns,
            Err(error @ LayoutError::Header { .. }) => return Err(error),
            _ => return Ok(false),
        };
        let fields = columns.fields();
        self.width = fields.width();
        self.types = vec![None; self.width];
        for (index, column) in table.columns().iter().enumerate() {
            if let Some(position) = fields.field_of(index) {
                self.types[position] = Some(column.column_type());
            }
        }
        self.columns = columns;
        self.ahead = Ahead { chunk, broken: vec![None], ..Ahead::default() };
        Ok(true)
    }

    /// Reads the next row that is not blank; returns true if there is one.
    fn next_row(&mut self) -> Result<bool, SheetError> {
        while self.sheet.next_row(&mut self.row, &self.types)? {
            if self.row.number > self.skipped && !self.row.is_blank() {
                self.row.fit(self.width);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the damage of the row.
    fn broken(&self) -> Option<Broken> {
        self.row.no_result.map(|field| Broken::NoResult(field as u32))
    }

    /// Reads rows until a chunk is full, or the sheet ends.
    fn read_chunk(&mut self) -> Result<Option<Chunk>, SheetError> {
        let Ahead { chunk, broken, given, error } = &mut self.ahead;
        for (record, broken) in chunk.records().zip(broken).skip(*given) {
            *given += 1;
            let full = self.builder.push(record.line, record.fields(), *broken)?;
            if full.is_some() {
                return Ok(full);
            }
        }
        if let Some(error) = error.take() {
            return Err(error);
        }
        while self.next_row()? {
            let full = self.builder.push(self.row.number.into(), self.row.fields(), self.broken())?;
            if full.is_some() {
                return Ok(full);
            }
        }
        Ok(None)
    }
}

impl Source for SheetSource {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn next_chunk(&mut self) -> Result<Option<Chunk>, SourceError> {
        if self.end.is_none() {
            match self.read_chunk().map_err(SourceError::from) {
                Ok(Some(chunk)) => return Ok(Some(chunk)),
                Ok(None) => self.end = Some(Ok(())),
                Err(error @ SourceError::Read(_)) => return Err(error),
                Err(error) => self.end = Some(Err(error)),
            }
        }
        match self.builder.finish() {
            Some(last) => Ok(Some(last)),
            None => self.end.replace(Ok(())).unwrap_or(Ok(())).map(|()| None),
        }
    }
}
