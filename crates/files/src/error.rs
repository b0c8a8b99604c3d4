use std::io;

use domain::load::{ChunkError, LayoutError, OtherHeader, Packing};

/// Why the content of a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A record.
    #[error(transparent)]
    Content(#[from] ChunkError),
    /// The content begins like that of another kind of file than the name says.
    #[error("the file is {found}, not what its name says; {advice}")]
    OtherKind {
        /// Its kind.
        found: &'static str,
        /// Advice on what to do.
        advice: &'static str,
    },
    /// The first records show no table that can be read.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The text is in an encoding that cannot be read.
    #[error(
        "the file is {0}; save it as UTF-8, which Excel calls \"CSV UTF-8\", or as UTF-16 with its byte order mark"
    )]
    Encoding(&'static str),
    /// The text is UTF-8, and another encoding is declared, in which it would be garbled.
    #[error(
        "the file is UTF-8, and {0} is declared for it; save it in that encoding, or take the encoding out of the \
         dictionary or the settings"
    )]
    NotDeclared(&'static str),
    /// The archive ends before its content does.
    #[error("the {0} file ends before its content does, so it was cut off; drop it again whole")]
    Truncated(Packing),
    /// The archive contradicts itself.
    #[error("the {0} file is damaged; drop it again as it was made")]
    Damaged(Packing),
    /// Something else follows the archive.
    #[error("something that is not {0} follows the end of the {0} file; drop it again as it was made")]
    Trailing(Packing),
    /// Unpacked, the content is larger than is believable.
    #[error(
        "the {packing} file holds more than {limit} bytes when unpacked, the most for one of its size; drop it unpacked, or in parts"
    )]
    Bomb {
        /// Its packing.
        packing: Packing,
        /// Bytes.
        limit: u64,
    },
    /// Unpacking would take more memory than there is.
    #[error(
        "unpacking the zstd file takes a window of more than {0} bytes; pack it without --ultra and --long"
    )]
    Window(u64),
    /// A workbook.
    #[error("{0}")]
    Sheet(String),
    /// Only a beginning of the file was to be read, and it ends here.
    #[error("the rest of the file is not here")]
    Beginning,
    /// Reading failed, which says nothing of the content and may pass.
    #[error("reading the file failed: {0}")]
    Read(#[source] io::Error),
}

/// Why a load would fail.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// The content.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A header in the middle.
    #[error(transparent)]
    OtherHeader(#[from] OtherHeader),
}
