//! ZIP archives, as far as workbooks need them.
//!
//! Nothing of an archive is held in memory but the place of the parts that are asked for, so one with millions of
//! entries costs time and no memory. <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use flate2::{Crc, bufread::DeflateDecoder};

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ZipError {
    /// Its directory, which stands at the end, is not there.
    #[error("the workbook ends before its content does, so it was cut off; drop it again whole")]
    Truncated,
    /// It contradicts itself.
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
    /// The file that the archive is kept in.
    #[error(transparent)]
    File(#[from] io::Error),
}

/// An archive in a file.
pub(super) struct Archive {
    file: Arc<File>,
    directory: Directory,
    /// Bytes that a part may unpack to.
    limit: u64,
}

#[derive(Clone, Copy)]
struct Directory {
    offset: u64,
    length: u64,
    entries: u16,
}

/// Where a part stands.
#[derive(Debug, Clone, Copy)]
struct Entry {
    is_packed: bool,
    crc: u32,
    packed: u64,
    unpacked: u64,
    offset: u64,
}

const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
/// A comment may follow the end of the directory.
const MAX_COMMENT: usize = 65_535;
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_LENGTH: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_LENGTH: usize = 30;
const ENCRYPTED: u16 = 1;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, ZipError> {
    number(bytes, at).map(u16::from_le_bytes).ok_or(ZipError::Damaged)
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, ZipError> {
    number(bytes, at).map(u32::from_le_bytes).ok_or(ZipError::Damaged)
}

/// Reads `into` whole; an archive that ends in it is damaged.
fn fill(reader: &mut impl Read, into: &mut [u8]) -> Result<(), ZipError> {
    reader.read_exact(into).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => ZipError::Damaged,
        _ => ZipError::File(error),
    })
}

/// Bytes of a file, without a place in it that others could move.
#[derive(Debug)]
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

impl Archive {
    /// An archive of which no part may unpack to more than `limit` bytes.
    pub(super) fn open(file: File, limit: u64) -> Result<Self, ZipError> {
        let size = file.metadata()?.len();
        let file = Arc::new(file);
        let tail_start = size.saturating_sub((END_LENGTH + MAX_COMMENT) as u64);
        let mut tail = Vec::new();
        Section { file: Arc::clone(&file), at: tail_start, end: size }.read_to_end(&mut tail)?;
        let at = memchr::memmem::rfind(&tail, END).ok_or(ZipError::Truncated)?;
        let end = tail.get(at..at + END_LENGTH).ok_or(ZipError::Truncated)?;
        let directory = Directory {
            entries: u16_at(end, 10)?,
            length: u32_at(end, 12)?.into(),
            offset: u32_at(end, 16)?.into(),
        };
        if directory.offset + directory.length > size {
            return Err(ZipError::Damaged);
        }
        Ok(Self { file, directory, limit })
    }

    /// A part, by its name without a slash before it; upper and lower case count the same. `None` when it is not there.
    pub(super) fn part(&self, name: &str) -> Result<Option<Part>, ZipError> {
        let Some(entry) = self.find(name)? else {
            return Ok(None);
        };
        if entry.unpacked > self.limit {
            return Err(ZipError::Bomb(self.limit));
        }
        let mut local = [0; LOCAL_LENGTH];
        fill(&mut self.section(entry.offset, LOCAL_LENGTH as u64), &mut local)?;
        if !local.starts_with(LOCAL) {
            return Err(ZipError::Damaged);
        }
        // The local header's own name and extra field may be longer than the directory's.
        let skipped = LOCAL_LENGTH as u64 + u64::from(u16_at(&local, 26)?) + u64::from(u16_at(&local, 28)?);
        let packed = BufReader::new(self.section(entry.offset.saturating_add(skipped), entry.packed));
        let data =
            if entry.is_packed { Data::Deflated(DeflateDecoder::new(packed)) } else { Data::Stored(packed) };
        Ok(Some(Part { data, crc: Crc::new(), entry, left: self.limit, limit: self.limit }))
    }

    fn section(&self, at: u64, length: u64) -> Section {
        Section { file: Arc::clone(&self.file), at, end: at.saturating_add(length) }
    }

    fn find(&self, name: &str) -> Result<Option<Entry>, ZipError> {
        let mut directory = BufReader::new(self.section(self.directory.offset, self.directory.length));
        let mut head = [0; ENTRY_LENGTH];
        let mut rest = Vec::new();
        for _ in 0..self.directory.entries {
            fill(&mut directory, &mut head)?;
            if !head.starts_with(ENTRY) {
                return Err(ZipError::Damaged);
            }
            let name_length = usize::from(u16_at(&head, 28)?);
            let extra_length = usize::from(u16_at(&head, 30)?);
            // Three fields of 16 bits: a few hundred kilobytes at most.
            rest.resize(name_length + extra_length + usize::from(u16_at(&head, 32)?), 0);
            fill(&mut directory, &mut rest)?;
            if rest[..name_length].eq_ignore_ascii_case(name.as_bytes()) {
                return entry(&head, &rest[name_length..name_length + extra_length]).map(Some);
            }
        }
        Ok(None)
    }
}

fn entry(head: &[u8], extra: &[u8]) -> Result<Entry, ZipError> {
    let method = u16_at(head, 10)?;
    if u16_at(head, 8)? & ENCRYPTED != 0 || !matches!(method, STORED | DEFLATED) {
        return Err(ZipError::Unusual);
    }
    let mut large = zip64(extra);
    // A field of all ones stands for one of 64 bits in the ZIP64 extra field, in this order.
    let mut wide = |at: usize| -> Result<u64, ZipError> {
        let narrow = u32_at(head, at)?;
        if narrow < u32::MAX {
            return Ok(narrow.into());
        }
        let (value, rest) = large.split_first_chunk().ok_or(ZipError::Damaged)?;
        large = rest;
        Ok(u64::from_le_bytes(*value))
    };
    Ok(Entry {
        is_packed: method == DEFLATED,
        crc: u32_at(head, 16)?,
        unpacked: wide(24)?,
        packed: wide(20)?,
        offset: wide(42)?,
    })
}

/// The ZIP64 extra field; empty when there is none.
fn zip64(mut extra: &[u8]) -> &[u8] {
    while let (Ok(kind), Ok(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let Some(field) = extra.get(4..4 + usize::from(length)) else {
            break;
        };
        if kind == 1 {
            return field;
        }
        extra = &extra[4 + field.len()..];
    }
    &[]
}

/// The content of a part, unpacked and checked against its length and checksum.
pub(super) struct Part {
    data: Data,
    entry: Entry,
    crc: Crc,
    left: u64,
    limit: u64,
}

enum Data {
    Stored(BufReader<Section>),
    Deflated(DeflateDecoder<BufReader<Section>>),
}

impl Part {
    /// Reads on; nothing at the end of the part.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Result<usize, ZipError> {
        let read = match &mut self.data {
            Data::Stored(data) => data.read(into)?,
            Data::Deflated(data) => data.read(into).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                    ZipError::Damaged
                }
                _ => ZipError::File(error),
            })?,
        };
        self.crc.update(&into[..read]);
        if read == 0 && !into.is_empty() {
            let is_whole = u64::from(self.crc.amount()) == self.entry.unpacked & u64::from(u32::MAX)
                && self.crc.sum() == self.entry.crc;
            return if is_whole { Ok(0) } else { Err(ZipError::Damaged) };
        }
        self.left = self.left.checked_sub(read as u64).ok_or(ZipError::Bomb(self.limit))?;
        Ok(read)
    }
}
