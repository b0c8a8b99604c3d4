//! What the first bytes of a file tell: whether it is what its name says.

use domain::dictionary::Table;
use domain::load::Format;

use super::SourceError;

const GZIP: &[u8] = b"\x1F\x8B";
const ZSTD: &[u8] = b"\x28\xB5\x2F\xFD";
/// What is skipped in a zstd file begins with these behind a byte from 50 to 5F.
/// <https://www.rfc-editor.org/rfc/rfc8878#section-3.1.2>
const ZSTD_SKIPPABLE: &[u8] = b"\x2A\x4D\x18";
/// A file within a ZIP archive, as which every .xlsx begins.
const ZIP: &[u8] = b"PK\x03\x04";
/// A ZIP archive without a file in it.
const EMPTY_ZIP: &[u8] = b"PK\x05\x06";
/// What holds an .xls, and an .xlsx with a password.
/// <https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb>
const COMPOUND_FILE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
const BZIP2: &[u8] = b"1AY&SY";
const XZ: &[u8] = b"\xFD7zXZ\x00";
const UTF16: [&[u8]; 2] = [b"\xFF\xFE", b"\xFE\xFF"];

/// Refuses a file of `format` whose content begins like that of another kind.
pub(super) fn check_kind(format: Format, start: &[u8]) -> Result<(), SourceError> {
    let repack = "unpack it, or pack it with gzip or zstd";
    let (kind, found, advice) = if start.starts_with(GZIP) {
        (Some(Format::Gzip), "packed with gzip", "name it .csv.gz")
    } else if start.starts_with(ZSTD) || start.get(1..4) == Some(ZSTD_SKIPPABLE) {
        (Some(Format::Zstd), "packed with zstd", "name it .csv.zst")
    } else if start.starts_with(ZIP) {
        let advice = "name a workbook .xlsx, and unpack an archive";
        (Some(Format::Xlsx), "an Excel workbook or another ZIP archive", advice)
    } else if start.starts_with(EMPTY_ZIP) {
        (None, "an empty ZIP archive", "drop what should be in it")
    } else if start.starts_with(COMPOUND_FILE) {
        let found = "an old Excel workbook (.xls), or one that is protected by a password";
        (None, found, "save it as .xlsx or .csv, without a password")
    } else if start.starts_with(b"BZh") && start.get(4..10) == Some(BZIP2) {
        (None, "packed with bzip2", repack)
    } else if start.starts_with(XZ) {
        (None, "packed with xz", repack)
    } else if start.is_empty() {
        (Some(Format::Csv), "empty", "drop it again as it was made")
    } else {
        (Some(Format::Csv), "of no kind that is known by its first bytes", "if it is plain CSV, name it .csv")
    };
    if kind == Some(format) { Ok(()) } else { Err(SourceError::OtherKind { found, advice }) }
}

/// Refuses text that begins as no CSV file of the table's does, but as some program's idea of one: every row of it
/// would be rejected.
pub(super) fn check_text(table: &Table, start: &[u8]) -> Result<(), SourceError> {
    if UTF16.iter().any(|mark| start.starts_with(mark)) {
        return Err(SourceError::Utf16);
    }
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let blank = text.iter().take_while(|byte| is_end(byte)).count();
    let first = text[blank..].split(is_end).next().unwrap_or_default();
    if table.columns().len() < 2 || first.contains(&b',') {
        return Ok(());
    }
    let separators = [(b';', "semicolons"), (b'\t', "tabs"), (b'|', "vertical bars")];
    match separators.into_iter().find(|(byte, _)| first.contains(byte)) {
        Some((_, separator)) => {
            let line = 1 + text[..blank].iter().filter(|byte| **byte == b'\n').count() as u64;
            Err(SourceError::Separator { line, separator })
        }
        None => Ok(()),
    }
}
