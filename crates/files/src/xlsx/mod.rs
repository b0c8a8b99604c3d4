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
use std::io::{Seek, Write};

use domain::dictionary::{ColumnType, Table};
use domain::load::{Chunk, ChunkBuilder, Columns, Format};

use super::content::Content;
use super::{Opening, Source, SourceError, kind};
use archive::Archive;
use book::Book;
use error::SheetError;
use sheet::{Row, Sheet};
use strings::Strings;
use xml::Events;

/// Bytes of a workbook at most. It is kept in a temporary file, because a ZIP archive is read from its end; a function
/// has 512 MiB for such files. A sheet of a million rows and ten columns takes some 60 MB.
const MAX_WORKBOOK: u64 = 192 * 1024 * 1024;

/// Rows that are looked at where the first is no header.
const ROWS_AHEAD: usize = 100;

/// A sheet of a workbook.
pub(super) struct SheetSource {
    sheet: Sheet,
    row: Row,
    builder: ChunkBuilder,
    columns: Columns,
    /// Rows that have been read to find out what they are, and how many of them are in chunks.
    ahead: (Chunk, usize),
    /// The type of the column that each field is for.
    types: Vec<Option<ColumnType>>,
    /// Fields that every record has, filled or not.
    width: usize,
    end: Option<Result<(), SourceError>>,
}

impl SheetSource {
    /// Reads what goes before the rows, and the first of them.
    pub(super) fn new(
        content: Content,
        opening: Opening<'_>,
        unpacked_limit: u64,
    ) -> Result<Self, SourceError> {
        let file = spool(content, opening.format, MAX_WORKBOOK)?;
        Self::open(file, opening, unpacked_limit)
    }

    fn open(file: File, opening: Opening<'_>, unpacked_limit: u64) -> Result<Self, SourceError> {
        let Opening { table, chunk_bytes, .. } = opening;
        let sheet = open_sheet(file, unpacked_limit)?;
        let mut source = Self {
            sheet,
            row: Row::default(),
            builder: ChunkBuilder::new(chunk_bytes),
            columns: Columns::in_dictionary_order(table),
            ahead: (Chunk::default(), 0),
            types: table.columns().iter().map(|column| Some(column.column_type())).collect(),
            width: table.columns().len(),
            end: None,
        };
        source.recognise(table)?;
        Ok(source)
    }

    /// Reads the first row that is not blank: it may be a header, which says how the others are to be read. If it is
    /// none, some more rows are read to see what it is.
    fn recognise(&mut self, table: &Table) -> Result<(), SourceError> {
        let mut ahead = ChunkBuilder::new(u64::MAX);
        let mut count = 0;
        while count < ROWS_AHEAD && self.next_row()? {
            count += 1;
            // A header names as many columns as it does; a row may leave the last ones out.
            self.row.fit(if count == 1 { 0 } else { self.width });
            let line = self.row.number.into();
            ahead.push(line, self.row.fields(), None).map_err(SourceError::Content)?;
            if count == 1 {
                let first = ahead.finish().unwrap_or_default();
                let (columns, _) = Columns::recognise(table, first.records())?;
                if columns.has_header() {
                    self.read_by(table, &columns);
                    (self.columns, self.ahead) = (columns, (first, 0));
                    return Ok(());
                }
                ahead = ChunkBuilder::new(u64::MAX);
                self.row.fit(self.width);
                ahead.push(line, self.row.fields(), None).map_err(SourceError::Content)?;
            }
        }
        let ahead = ahead.finish().unwrap_or_default();
        (self.columns, _) = Columns::recognise(table, ahead.records())?;
        self.ahead = (ahead, 0);
        Ok(())
    }

    /// Takes the fields from now on for those of the columns that a header names.
    fn read_by(&mut self, table: &Table, columns: &Columns) {
        let fields = columns.fields();
        self.width = fields.width();
        self.types = vec![None; self.width];
        for (index, column) in table.columns().iter().enumerate() {
            if let Some(position) = fields.field_of(index) {
                self.types[position] = Some(column.column_type());
            }
        }
    }

    /// Reads the next row that is not blank; says whether there is one.
    fn next_row(&mut self) -> Result<bool, SheetError> {
        while self.sheet.next_row(&mut self.row, &self.types)? {
            if !self.row.is_blank() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads rows until a chunk is full, or the sheet ends.
    fn read_chunk(&mut self) -> Result<Option<Chunk>, SheetError> {
        let (ahead, given) = &mut self.ahead;
        for record in ahead.records().skip(*given) {
            *given += 1;
            let full = self.builder.push(record.line, record.fields(), record.broken)?;
            if full.is_some() {
                return Ok(full);
            }
        }
        while self.next_row()? {
            self.row.fit(self.width);
            let full = self.builder.push(self.row.number.into(), self.row.fields(), None)?;
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

/// Opens the first visible sheet of a workbook.
fn open_sheet(file: File, unpacked_limit: u64) -> Result<Sheet, SheetError> {
    let mut archive = Archive::open(file, unpacked_limit)?;
    let book = Book::of(&mut archive)?;
    let mut part = |name: &Option<String>| match name {
        Some(name) => archive.part(name).map(|part| part.map(Events::of)),
        None => Ok(None),
    };
    let strings = part(&book.strings)?.map(Strings::read).transpose()?;
    let dates = part(&book.styles)?.map(styles::date_styles).transpose()?;
    let sheet = archive.part(&book.sheet)?.map(Events::of).ok_or(SheetError::NoSheet)?;
    Ok(Sheet::new(sheet, strings.unwrap_or_default(), dates.unwrap_or_default(), book.is_1904))
}

/// Copies the content to a temporary file, which has no name and is gone with its last handle.
fn spool(mut content: Content, format: Format, limit: u64) -> Result<File, SourceError> {
    let mut file = tempfile::tempfile().map_err(SourceError::Read)?;
    let mut piece = vec![0; 64 * 1024];
    let mut copied = 0;
    loop {
        let (filled, result) = content.fill(&mut piece);
        result?;
        if copied == 0 {
            kind::check_content(format.content, format.packing, &piece[..filled])?;
        }
        copied += filled as u64;
        if copied > limit {
            return Err(SheetError::TooLarge(limit).into());
        }
        file.write_all(&piece[..filled]).map_err(SourceError::Read)?;
        if filled < piece.len() {
            file.rewind().map_err(SourceError::Read)?;
            return Ok(file);
        }
    }
}
