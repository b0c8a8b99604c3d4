//! Recognises the kind of a file from its first bytes, for messages about files that are not what
//! their name says.

use domain::load::{Content, Packing};

use crate::error::SourceError;

const GZIP: &[u8] = b"\x1F\x8B";
const ZSTD: &[u8] = b"\x28\xB5\x2F\xFD";
/// The magic number of a skippable frame in a zstd file, after a byte from 50 to 5F.
/// <https://www.rfc-editor.org/rfc/rfc8878#section-3.1.2>
const ZSTD_SKIPPABLE: &[u8] = b"\x2A\x4D\x18";
/// A file within a ZIP archive, as which every workbook begins.
const ZIP: &[u8] = b"PK\x03\x04";
/// A ZIP archive without a file in it.
const EMPTY_ZIP: &[u8] = b"PK\x05\x06";
/// The magic number of the container of an .xls, and of an .xlsx with a password.
/// <https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb>
const COMPOUND_FILE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// The kind of a file in words, and advice on what to do with it.
type Kind = (&'static str, &'static str);

const REPACK: &str = "unpack it, or pack it with gzip or zstd";
const UNPACK: &str = "unpack it and drop the files in it, one by one";
const EXPORT: &str = "export the table as CSV and drop that";

/// Kinds by their first bytes that are never the text of a table.
const BINARY: [(&[u8], Kind); 12] = [
    (GZIP, ("packed with gzip", "name it .csv.gz, or with .gz behind the ending that it had")),
    (ZSTD, ("packed with zstd", "name it .csv.zst, or with .zst behind the ending that it had")),
    (ZIP, ("an Excel workbook or another ZIP archive", "name a workbook .xlsx, and unpack an archive")),
    (EMPTY_ZIP, ("an empty ZIP archive", "drop what should be in it")),
    (
        COMPOUND_FILE,
        (
            "an old Excel workbook (.xls), or one that is protected by a password",
            "save it as .xlsx or .csv, without a password",
        ),
    ),
    (b"\xFD7zXZ\x00", ("packed with xz", REPACK)),
    (b"PAR1", ("a Parquet file", EXPORT)),
    (
        b"Obj\x01",
        ("an Avro file", "restore external Avro with the restore function, or export the table as CSV"),
    ),
    (b"ORC", ("an ORC file", EXPORT)),
    (b"ARROW1", ("an Arrow file", EXPORT)),
    (b"\x89HDF", ("an HDF5 file", EXPORT)),
    (b"%PDF", ("a PDF document", EXPORT)),
];

/// Refuses content that is packed otherwise than the file's name says.
pub(super) fn check_packing(packing: Packing, start: &[u8]) -> Result<(), SourceError> {
    let is_gzip = start.starts_with(GZIP);
    let is_zstd = start.starts_with(ZSTD) || start.get(1..4) == Some(ZSTD_SKIPPABLE);
    match packing {
        Packing::Gzip if !is_gzip => Err(other(start)),
        Packing::Zstd if !is_zstd => Err(other(start)),
        _ => Ok(()),
    }
}

/// Refuses content that cannot be what the file's name says, by its first bytes, unpacked.
pub(super) fn check_content(content: Content, packing: Packing, start: &[u8]) -> Result<(), SourceError> {
    if content == Content::Xlsx {
        return if start.starts_with(ZIP) { Ok(()) } else { Err(other(start)) };
    }
    match binary(start) {
        Some(_) if packing != Packing::None && (start.starts_with(GZIP) || start.starts_with(ZSTD)) => {
            Err(refused(("packed twice", "pack it once")))
        }
        Some(kind) => Err(refused(kind)),
        None => Ok(()),
    }
}

/// Returns the error for content that is not what the file's name says.
fn other(start: &[u8]) -> SourceError {
    refused(of(start).unwrap_or(match start {
        [] => ("empty", "drop it again as it was made"),
        _ => ("of no kind that is known by its first bytes", "if it is plain CSV, name it .csv"),
    }))
}

/// Refuses text that is no table, if its kind is recognised.
pub(super) fn check_text(start: &[u8]) -> Result<(), SourceError> {
    of(start).map_or(Ok(()), |kind| Err(refused(kind)))
}

fn refused((found, advice): Kind) -> SourceError {
    SourceError::OtherKind { found, advice }
}

/// Returns the kind of file that begins so, if it is known.
fn of(start: &[u8]) -> Option<Kind> {
    binary(start).or_else(|| text(start)).or_else(|| named_by_infer(start)).or_else(|| {
        let is_text =
            std::str::from_utf8(&start[..start.len().min(512)]).is_ok_and(|text| !text.contains('\0'));
        (!is_text && start.iter().take(512).any(|byte| *byte < 9)).then_some(("binary, and no text", EXPORT))
    })
}

fn binary(start: &[u8]) -> Option<Kind> {
    if start.get(1..4) == Some(ZSTD_SKIPPABLE) && start[0] & 0xF0 == 0x50 {
        return Some(("packed with zstd", "name it .csv.zst"));
    }
    if start.starts_with(b"BZh") && start.get(4..10) == Some(b"1AY&SY") {
        return Some(("packed with bzip2", REPACK));
    }
    // A text may begin with the letters of these, but holds no such bytes behind them.
    let is_text_too = |magic: &[u8]| matches!(magic, b"ORC" | b"PAR1");
    let found = BINARY.iter().find(|(magic, _)| start.starts_with(magic));
    found.filter(|(magic, _)| !is_text_too(magic) || is_binary(start)).map(|(_, kind)| *kind)
}

/// Returns true if the first bytes contain one that no text has, or one that is not ASCII.
fn is_binary(start: &[u8]) -> bool {
    start.iter().take(512).any(|byte| *byte < 9 || *byte > 0x7F)
}

/// Returns the kind of a text that is no table.
fn text(start: &[u8]) -> Option<Kind> {
    let text = start.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(start).trim_ascii_start();
    let behind = |opening: &[u8]| text.strip_prefix(opening).map(<[u8]>::trim_ascii_start);
    let begins = |words: &[&str]| {
        words.iter().any(|word| {
            let start = text.get(..word.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
        })
    };
    if behind(b"{").is_some_and(|rest| matches!(rest, [b'"' | b'}', ..])) {
        let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        return Some(match first.trim_ascii_end() {
            [.., b'}'] => ("JSON, one object a line", "name it .jsonl"),
            _ => ("JSON", "write one object a line and name it .jsonl"),
        });
    }
    if behind(b"[").is_some_and(|rest| matches!(rest, [b'{' | b'[' | b'"' | b']' | b'-' | b'0'..=b'9', ..])) {
        return Some(("a JSON array", "write one object a line and name it .jsonl"));
    }
    if begins(&["<!doctype html", "<html", "<table", "<head", "<body", "<meta", "<div", "<style", "<script"])
    {
        return Some((
            "an HTML page",
            "open it in Excel, if it holds the table, and save it as .xlsx or \"CSV UTF-8\"",
        ));
    }
    if matches!(text, [b'<', b'?' | b'!' | b'a'..=b'z' | b'A'..=b'Z', ..]) && text.contains(&b'>') {
        return Some(("XML", EXPORT));
    }
    let sql =
        ["insert into ", "replace into ", "create table ", "drop table ", "pragma ", "/*!", "set names"];
    let before = [
        "--",
        "/*",
        "begin;",
        "begin transaction",
        "start transaction",
        "use ",
        "copy ",
        "lock tables",
        "set ",
    ];
    if begins(&sql) || begins(&before) && has_sql(text) {
        return Some(("SQL", EXPORT));
    }
    if begins(&["version https://git-lfs"]) {
        return Some((
            "a pointer of Git LFS in place of the file",
            "fetch the file with git lfs pull and drop that",
        ));
    }
    if begins(&["{\\rtf"]) {
        return Some(("a text document (RTF)", EXPORT));
    }
    if begins(&["---\n", "---\r\n", "%yaml"]) {
        return Some(("YAML", EXPORT));
    }
    None
}

/// Returns true if a text has a statement that inserts rows or creates a table.
fn has_sql(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&text[..text.len().min(64 * 1024)]).to_ascii_lowercase();
    ["insert into ", "create table ", " from stdin"].iter().any(|words| text.contains(words))
}

/// Returns the kind that the `infer` crate recognises.
fn named_by_infer(start: &[u8]) -> Option<Kind> {
    use infer::MatcherType;
    let kind = infer::get(start).filter(|_| is_binary(start))?;
    Some(match (kind.matcher_type(), kind.extension()) {
        (_, "tar") => ("a tar archive", UNPACK),
        (MatcherType::Archive, "rar" | "7z" | "cab" | "ar" | "deb" | "rpm" | "cpio") => {
            ("an archive", UNPACK)
        }
        (MatcherType::Archive, "sqlite") => ("an SQLite database", EXPORT),
        (MatcherType::Archive, "lz" | "lz4" | "Z" | "bz3") => {
            ("packed in a way that is not known here", REPACK)
        }
        (MatcherType::Image, _) => ("a picture", EXPORT),
        (MatcherType::Audio | MatcherType::Video, _) => ("a recording", EXPORT),
        (MatcherType::App, _) => ("a program", EXPORT),
        (MatcherType::Text, "sh") => ("a script", EXPORT),
        (MatcherType::Book | MatcherType::Doc, _) => ("a document", EXPORT),
        _ => ("of another kind than a table", EXPORT),
    })
}
