//! Files, one behind the other, as a source of chunks.

use std::collections::VecDeque;

use aurora::lanes::mark;
use bucket::{Bytes, Reader};
use domain::dictionary::Table;
use domain::external::{ExternalFilling, ExternalRows, IgnoredFields, Taken};
use domain::value::Key;

use super::fault::Fault;
use super::rows::{FileRows, RowsFault};
use crate::read::source::{Chunk, Filling, Object, Opening, PlanFault, Rows, Source, SourceError};

/// Options for reading files.
#[derive(Debug, Clone)]
pub(crate) struct ReadOptions {
    /// True if the first row that breaks a rule fails the restore.
    pub(crate) strict: bool,
    /// Fields that may be left out.
    pub(crate) ignore: IgnoredFields,
}

/// Opens a source of the rows of `found`, in this order, from the first chunk on that is not
/// committed. Blocking.
///
/// # Errors
/// As [`Source::next_chunk`].
pub(crate) fn open(
    opening: Opening,
    found: Vec<Object>,
    options: &ReadOptions,
) -> Result<Box<dyn Source>, SourceError> {
    let (number, skip) = opening.done.leading();
    let mut source = FileSource { opening, left: found.into(), options: options.clone(), open: None, number };
    source.skip(skip)?;
    Ok(Box::new(source))
}

#[derive(Debug)]
struct FileSource {
    opening: Opening,
    left: VecDeque<Object>,
    options: ReadOptions,
    open: Option<(String, FileRows<Reader>)>,
    /// The number of the next chunk.
    number: u32,
}

impl FileSource {
    /// Returns the file that is being read; opens the next one if none is.
    fn file(&mut self) -> Result<Option<&mut (String, FileRows<Reader>)>, SourceError> {
        if self.open.is_none()
            && let Some(Object { key, .. }) = self.left.pop_front()
        {
            let Opening { table, objects, .. } = &self.opening;
            let opened = FileRows::open(objects.open(&key), table, &self.options.ignore);
            let rows = opened.map_err(|fault| match fault {
                PlanFault::Read(error) => SourceError::Read(error),
                PlanFault::Refused(reasons) => SourceError::content(&key, reasons.join("; ")),
            })?;
            self.open = Some((key, rows));
        }
        Ok(self.open.as_mut())
    }

    /// Reads over the rows of committed chunks. A chunk is of one file, and the next one begins
    /// with the next row.
    fn skip(&mut self, mut rows: u64) -> Result<(), SourceError> {
        while rows > 0
            && let Some((key, file)) = self.file()?
        {
            rows -= file.skip(rows).map_err(|fault| explain(key, fault))?;
            if rows > 0 {
                self.open = None;
            }
        }
        Ok(())
    }
}

impl Source for FileSource {
    fn next_chunk(&mut self) -> Result<Option<Chunk>, SourceError> {
        let strict = self.options.strict;
        while let Some((key, file)) = self.file()? {
            let chunk = file.next_chunk(strict).map_err(|fault| match fault {
                RowsFault::File(fault) => explain(key, fault),
                RowsFault::Rejected { row, reason } => {
                    SourceError::Rejected { file: key.clone(), row, reason }
                }
            })?;
            let Some(rows) = chunk else {
                self.open = None;
                continue;
            };
            let file = key.clone();
            let number = self.number;
            self.number += 1;
            if self.opening.done.contains(number) {
                continue;
            }
            let (shadow, takes) = (self.opening.shadow.clone(), marks(self.opening.table, &rows));
            let rows = FileChunk { file, shadow, strict, takes, rows };
            return Ok(Some(Chunk {
                number,
                rows_read: rows.rows.rows_read(),
                read: None,
                filling: rows.without(&Taken::default())?,
                rows: Some(Box::new(rows)),
            }));
        }
        Ok(None)
    }
}

/// The rows of a chunk.
#[derive(Debug)]
struct FileChunk {
    file: String,
    shadow: String,
    strict: bool,
    takes: Vec<i64>,
    rows: ExternalRows<'static>,
}

/// Returns the marks of the keys and unique values of rows, ascending.
fn marks(table: &Table, rows: &ExternalRows<'_>) -> Vec<i64> {
    let keys = rows.keys().iter().map(|key| mark(None, key));
    let values = (0..table.unique().len())
        .flat_map(|entry| rows.unique_values(entry).iter().map(move |value| mark(Some(entry), value)));
    let mut marks: Vec<i64> = keys.chain(values).collect();
    marks.sort_unstable();
    marks.dedup();
    marks
}

impl Rows for FileChunk {
    fn takes(&self) -> &[i64] {
        &self.takes
    }

    fn keys(&self) -> &[Key] {
        self.rows.keys()
    }

    fn unique_values(&self, entry: usize) -> &[Key] {
        self.rows.unique_values(entry)
    }

    fn without(&self, taken: &Taken) -> Result<Filling, SourceError> {
        let filling = self
            .rows
            .filling(&self.shadow, taken)
            .map_err(|error| SourceError::content(&self.file, error.to_string()))?;
        let ExternalFilling { statements, restored, rejected, rejects, first_repeated } = filling;
        if let Some((row, reason)) = first_repeated.filter(|_| self.strict) {
            return Err(SourceError::Rejected { file: self.file.clone(), row, reason });
        }
        Ok(Filling { statements, restored, rejected, rejects: rejects.map(Bytes::from) })
    }
}

fn explain(file: &str, fault: Fault) -> SourceError {
    match fault {
        Fault::Read(error) => SourceError::Read(error),
        Fault::Content(reason) => SourceError::content(file, reason),
    }
}
