//! The parts of a workbook, which is a ZIP archive.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use flate2::{Crc, bufread::DeflateDecoder};
use memchr::memmem;
use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::error::SheetError;

/// Bytes of an archive's directory, and of what is read to find it, at most: the directory is held
/// in memory. A workbook has some hundred bytes for each of its sheets and pictures.
const MAX_DIRECTORY: usize = 8 * 1024 * 1024;

/// The end of a directory: its length, and that of the comment that may follow.
const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const MAX_COMMENT: usize = 65_535;

/// An archive in a file.
pub(super) struct Archive {
    archive: ZipArchive<Directory>,
    file: Arc<File>,
    /// Bytes that a part may unpack to.
    limit: u64,
}

impl Archive {
    /// Creates an archive of which no part may unpack to more than `limit` bytes.
    pub(super) fn open(file: File, limit: u64) -> Result<Self, SheetError> {
        let file = Arc::new(file);
        if is_large(&file)? {
            return Err(SheetError::Unusual);
        }
        // An archive after other content is no workbook, and searching for its start would take
        // time and memory.
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let directory = Directory { file: Arc::clone(&file), left: MAX_DIRECTORY };
        let archive = ZipArchive::with_config(config, directory).map_err(|error| match error {
            ZipError::InvalidArchive(_) => SheetError::Truncated,
            error => error.into(),
        })?;
        Ok(Self { archive, file, limit })
    }

    /// A part whose checksum has been seen to be right, so that whatever is read of it is what was
    /// written.
    pub(super) fn checked_part(&mut self, name: &str) -> Result<Option<Part>, SheetError> {
        if let Some(mut part) = self.part(name)? {
            io::copy(&mut part, &mut io::sink())?;
        }
        self.part(name)
    }

    /// A part, by its name without a slash before it; upper and lower case count the same. `None`
    /// when it is not there.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<Part>, SheetError> {
        let is_wanted = |index: &usize| {
            let entry = self.archive.by_index_data(*index);
            entry.is_ok_and(|entry| entry.name_raw().eq_ignore_ascii_case(name.as_bytes()))
        };
        let Some(index) = (0..self.archive.len()).find(is_wanted) else {
            return Ok(None);
        };
        // It borrows the archive for as long as it is read, and so can only say where its data are.
        let entry = self.archive.by_index(index)?;
        if entry.size() > self.limit {
            return Err(SheetError::Bomb(self.limit));
        }
        let at = entry.data_start().ok_or(SheetError::Damaged)?;
        let end = at.saturating_add(entry.compressed_size());
        let section = BufReader::new(Section { file: Arc::clone(&self.file), at, end });
        let data: Box<dyn Read + Send> = match entry.compression() {
            CompressionMethod::Stored => Box::new(section),
            CompressionMethod::Deflated => Box::new(DeflateDecoder::new(section)),
            _ => return Err(SheetError::Unusual),
        };
        let whole = (entry.crc32(), entry.size());
        Ok(Some(Part { data, crc: Crc::new(), read: 0, whole, limit: self.limit }))
    }
}

/// Returns true if a directory says that ZIP64's is to be read in its place, which only archives
/// have that are too large for a workbook: `zip` makes room in memory for as many entries as that
/// one claims to have.
fn is_large(mut file: &File) -> io::Result<bool> {
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(file.metadata()?.len().saturating_sub((END_LENGTH + MAX_COMMENT) as u64)))?;
    file.read_to_end(&mut tail)?;
    // Its number of entries, length or offset.
    let is_large = |at| {
        tail.get(at + 10..at + 20).is_some_and(|end| {
            end.starts_with(&[0xff; 2]) || end[2..].starts_with(&[0xff; 4]) || end.ends_with(&[0xff; 4])
        })
    };
    Ok(memmem::find_iter(&tail, END).any(is_large))
}

/// The file, as far as the directory is read from it.
struct Directory {
    file: Arc<File>,
    left: usize,
}

impl Read for Directory {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.left = self.left.checked_sub(into.len()).ok_or(ErrorKind::QuotaExceeded)?;
        self.file.read(into)
    }
}

impl Seek for Directory {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Bytes of a file, without a place in it that others could move.
struct Section {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Section {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(into.len());
        let read = self.file.read_at(&mut into[..length], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// The content of a part, unpacked and checked against its length and checksum.
pub(super) struct Part {
    data: Box<dyn Read + Send>,
    crc: Crc,
    read: u64,
    /// Checksum and length of the whole.
    whole: (u32, u64),
    limit: u64,
}

impl Read for Part {
    /// Fails with a [`SheetError`] in the error for what is wrong with the archive.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.data.read(into).map_err(|error| if is_damage(&error) { damaged() } else { error })?;
        self.crc.update(&into[..read]);
        self.read += read as u64;
        if self.read > self.limit {
            return Err(io::Error::other(SheetError::Bomb(self.limit)));
        }
        if read == 0 && !into.is_empty() && (self.crc.sum(), self.read) != self.whole {
            return Err(damaged());
        }
        Ok(read)
    }
}

fn damaged() -> io::Error {
    io::Error::other(SheetError::Damaged)
}

/// Returns true if it is for the content of a file that it could not be read: it ends too early, or
/// names a place that no file has, or cannot be unpacked.
fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData)
}

impl From<ZipError> for SheetError {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::Io(error) if error.kind() == ErrorKind::QuotaExceeded => Self::Unusual,
            ZipError::Io(error) if !is_damage(&error) => Self::File(error),
            ZipError::Io(_) | ZipError::InvalidArchive(_) => Self::Damaged,
            _ => Self::Unusual,
        }
    }
}
