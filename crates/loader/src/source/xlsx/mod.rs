//! Chunks of the first sheet of an Excel workbook (Office Open XML, ECMA-376).
//!
//! The crates for workbooks hold all shared texts, and pieces of XML of any length, in memory; here neither grows with
//! the file. ZIP and XML are read by `zip` and `quick-xml`, each kept within limits.

mod archive;
mod book;
mod cell;
mod error;
mod sheet;
mod strings;
mod styles;
mod xml;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read, Seek};

use domain::dictionary::{ColumnType, Table};
use domain::load::{Chunk, ChunkBuilder};
use domain::row::CsvColumns;

use super::input::Input;
use super::{Source, SourceError};
use archive::Archive;
use book::Book;
use error::SheetError;
use sheet::{Row, Sheet};
use strings::Strings;
use xml::Events;

/// Bytes of a workbook at most. It is kept in a temporary file, because a ZIP archive is read from its end; a function
/// has 512 MiB for such files. A sheet of a million rows and ten columns takes some 60 MB.
const MAX_WORKBOOK: u64 = 192 * 1024 * 1024;

/// The first sheet of a workbook.
pub(super) struct SheetSource {
    sheet: Sheet,
    row: Row,
    builder: ChunkBuilder,
    /// The type of the column that each field is for.
    types: Vec<Option<ColumnType>>,
    /// Fields that every record has, filled or not.
    width: usize,
    end: Option<Result<(), SourceError>>,
}

impl SheetSource {
    /// Reads what goes before the rows, and the first of them.
    pub(super) fn new(
        input: Input,
        unpacked_limit: u64,
        table: &Table,
        chunk_bytes: u64,
    ) -> Result<Self, SourceError> {
        Self::open(spool(input, MAX_WORKBOOK)?, unpacked_limit, table, chunk_bytes).map_err(SourceError::from)
    }

    fn open(file: File, unpacked_limit: u64, table: &Table, chunk_bytes: u64) -> Result<Self, SheetError> {
        let mut archive = Archive::open(file, unpacked_limit)?;
        let book = Book::of(&mut archive)?;
        let mut part = |name: &Option<String>| match name {
            Some(name) => archive.part(name).map(|part| part.map(Events::of)),
            None => Ok(None),
        };
        let strings = part(&book.strings)?.map(Strings::read).transpose()?;
        let dates = part(&book.styles)?.map(styles::date_styles).transpose()?;
        let sheet = archive.part(&book.sheet)?.map(Events::of).ok_or(SheetError::NoSheet)?;
        let mut source = Self {
            sheet: Sheet::new(sheet, strings.unwrap_or_default(), dates.unwrap_or_default(), book.is_1904),
            row: Row::default(),
            builder: ChunkBuilder::new(chunk_bytes),
            types: table.columns().iter().map(|column| Some(column.column_type())).collect(),
            width: table.columns().len(),
            end: None,
        };
        source.read_first(table)?;
        Ok(source)
    }

    /// Reads the first row that is not blank: it may be a header, which says how the others are to be read.
    fn read_first(&mut self, table: &Table) -> Result<(), SheetError> {
        loop {
            if !self.sheet.next_row(&mut self.row, &self.types)? {
                self.end = Some(Ok(()));
                return Ok(());
            }
            if !self.row.is_blank() {
                break;
            }
        }
        self.row.fit(0);
        // A header that cannot be used is a fault of the content, which whoever reads the chunk finds.
        if let Ok(Some(header)) = CsvColumns::from_first_record(table, self.row.fields()) {
            self.width = header.width();
            self.types = vec![None; self.width];
            for (index, column) in table.columns().iter().enumerate() {
                if let Some(position) = header.field_of(index) {
                    self.types[position] = Some(column.column_type());
                }
            }
        } else {
            self.row.fit(self.width);
        }
        self.builder.push(self.row.number.into(), self.row.fields())?;
        Ok(())
    }

    /// Reads rows until a chunk is full, or the sheet ends.
    fn read_chunk(&mut self) -> Result<Option<Chunk>, SheetError> {
        while self.sheet.next_row(&mut self.row, &self.types)? {
            if self.row.is_blank() {
                continue;
            }
            self.row.fit(self.width);
            let full = self.builder.push(self.row.number.into(), self.row.fields())?;
            if full.is_some() {
                return Ok(full);
            }
        }
        Ok(None)
    }
}

impl Source for SheetSource {
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

/// Copies the object to a temporary file, which has no name and is gone with its last handle.
fn spool(mut input: Input, limit: u64) -> Result<File, SourceError> {
    let mut file = tempfile::tempfile().map_err(SourceError::Read)?;
    let copied = io::copy(&mut (&mut input).take(limit + 1), &mut file)
        .map_err(|error| SourceError::Read(input.take_failure().unwrap_or(error)))?;
    if copied > limit {
        return Err(SheetError::TooLarge(limit).into());
    }
    file.rewind().map_err(SourceError::Read)?;
    Ok(file)
}
