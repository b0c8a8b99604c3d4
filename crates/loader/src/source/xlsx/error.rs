use std::io;

use domain::load::ChunkError;

use super::xml::XmlError;
use super::zip::ZipError;
use crate::source::SourceError;

/// Why a workbook cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum SheetError {
    /// The XML of a part, or the archive.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// A record.
    #[error(transparent)]
    Content(#[from] ChunkError),
    /// A temporary file.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The object is too large to be kept in a temporary file.
    #[error("the workbook has more than {0} bytes; save it as .csv, which may be of any size")]
    TooLarge(u64),
    /// A ZIP archive of something else.
    #[error(
        "the file is a ZIP archive, but no Excel workbook (.xlsx); unpack it, or save it as .xlsx or .csv"
    )]
    NoWorkbook,
    /// Nothing but charts and the like.
    #[error("the workbook has no sheet with cells")]
    NoSheet,
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
        "line {line}: there is a cell or a row in a place that Excel does not have; open it in Excel and save it anew; the \
         rows before it are loaded or rejected, it and what follows are not"
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

impl From<ZipError> for SheetError {
    fn from(error: ZipError) -> Self {
        Self::Xml(error.into())
    }
}

impl From<SheetError> for SourceError {
    fn from(error: SheetError) -> Self {
        match error {
            SheetError::Content(error) => Self::Content(error),
            SheetError::File(error) | SheetError::Xml(XmlError::Zip(ZipError::File(error))) => {
                Self::Read(error)
            }
            error => Self::Sheet(error.to_string()),
        }
    }
}
