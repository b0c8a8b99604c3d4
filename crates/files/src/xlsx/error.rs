use std::io;

use domain::load::{ChunkError, LayoutError};

use crate::error::SourceError;

/// Why a workbook cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum SheetError {
    /// The archive's directory, which stands at its end, is not there.
    #[error("the workbook ends before its content does, so it was cut off; drop it again whole")]
    Truncated,
    /// The archive contradicts itself.
    #[error("the workbook is damaged; drop it again as it was made")]
    Damaged,
    /// A part is encrypted, or packed in a way that workbooks are not.
    #[error("the workbook is encrypted or packed in an unusual way; save it anew with Excel")]
    Unusual,
    /// More was unpacked than is allowed.
    #[error(
        "the workbook holds more than {0} bytes when unpacked, the most for one of its size; save it as .csv, or drop it in parts"
    )]
    Bomb(u64),
    /// Not the XML that Excel, or any program like it, writes.
    #[error("the workbook is not written as Excel does it ({0}); open it in Excel and save it anew")]
    Strange(&'static str),
    /// A record.
    #[error(transparent)]
    Content(#[from] ChunkError),
    /// A temporary file.
    #[error(transparent)]
    File(io::Error),
    /// The object is too large to be kept in a temporary file.
    #[error("the workbook has more than {0} bytes; save it as .csv, which may be of any size")]
    TooLarge(u64),
    /// A ZIP archive of something else.
    #[error(
        "the file is a ZIP archive, but no Excel workbook (.xlsx); unpack it, or save it as .xlsx or .csv"
    )]
    NoWorkbook,
    /// It has only charts and the like.
    #[error("the workbook has no sheet with cells")]
    NoSheet,
    /// The table's own sheet is not there.
    #[error(
        "the workbook has no sheet {wanted:?}, which is declared for the table; it has {sheets}; rename the right one"
    )]
    NoSuchSheet {
        /// Its name.
        wanted: String,
        /// The existing sheets.
        sheets: String,
    },
    /// The first rows are not the table's, and there are other sheets.
    #[error("{error}; {advice}")]
    NotOurs {
        /// The problem.
        error: LayoutError,
        /// The name of the sheet, and of the others.
        advice: String,
    },
    /// The rows are on other sheets.
    #[error("{0}")]
    Blank(String),
    /// A name that the header has, or all of what may be one, is not there.
    #[error(
        "line {0}, which may be the header, has formulas without stored results; open the workbook in Excel and save it"
    )]
    FirstRow(u64),
    /// Too many texts.
    #[error(
        "the workbook holds more than {texts} different texts, or {bytes} bytes of them; save it as .csv, or drop it in parts"
    )]
    Texts {
        /// Texts at most.
        texts: usize,
        /// Bytes at most.
        bytes: u64,
    },
    /// More styles than Excel knows.
    #[error("the workbook has more than {0} cell styles; save it as .csv")]
    Styles(usize),
    /// A text that no cell can hold.
    #[error("the workbook holds a text of more than 1 MiB, which no cell can; save it anew with Excel")]
    LongText,
    /// A part ends in the middle of something.
    #[error("the workbook is damaged: a part of it ends too early; open it in Excel and save it anew")]
    Unfinished,
    /// A row or cell is where none can be.
    #[error(
        "line {line}: there is a cell or a row in a place that Excel does not have, or one that another one has; open it \
         in Excel and save it anew; the rows before it are loaded or rejected, it and what follows are not"
    )]
    Place {
        /// The row, or the one before.
        line: u32,
    },
    /// A cell refers to a text that is not there.
    #[error(
        "line {line}: a cell refers to a text that the workbook does not have; open it in Excel and save it anew; the \
         rows before it are loaded or rejected, it and what follows are not"
    )]
    NoText {
        /// The row.
        line: u32,
    },
}

impl From<io::Error> for SheetError {
    /// Converts the error of a [`Part`](super::archive::Part), or of a file.
    fn from(error: io::Error) -> Self {
        error.downcast().unwrap_or_else(Self::File)
    }
}

impl From<SheetError> for SourceError {
    fn from(error: SheetError) -> Self {
        match error {
            SheetError::Content(error) => Self::Content(error),
            SheetError::File(error) => Self::Read(error),
            error => Self::Sheet(error.to_string()),
        }
    }
}
