//! Files of every format, whole and broken.

use std::io::{self, Read, Write};

use domain::dictionary::Table;
use domain::load::{Chunk, Content as Written, Format, Packing, Position};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;
use crate::open::{EXPANSION, EXPANSION_FLOOR, unpacked_limit};

pub(super) fn table(name: &str) -> &'static Table {
    testkit::dictionary().table(name).unwrap()
}

/// Gives bytes in pieces of these sizes, over and over; then perhaps fails, else ends.
struct Pieces {
    bytes: io::Cursor<Vec<u8>>,
    sizes: Vec<usize>,
    turn: usize,
    fails: bool,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()].min(into.len());
        self.turn += 1;
        match self.bytes.read(&mut into[..size])? {
            0 if self.fails && size > 0 => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the line is dead"))
            }
            read => Ok(read),
        }
    }
}

/// All chunks that come, and how it ends.
pub(super) fn drain(source: Result<Box<dyn Source>, SourceError>) -> (Vec<Chunk>, Result<(), SourceError>) {
    let mut source = match source {
        Ok(source) => source,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let mut chunks = Vec::new();
    loop {
        match source.next_chunk() {
            Ok(Some(chunk)) => chunks.push(chunk),
            Ok(None) => return (chunks, Ok(())),
            Err(error) => return (chunks, Err(error)),
        }
    }
}

fn opening(format: Format, object_bytes: usize, chunk_bytes: u64) -> Opening<'static> {
    Opening { format, table: table("tags"), object_bytes: object_bytes as u64, chunk_bytes }
}

fn read(format: Format, bytes: &[u8]) -> (Vec<Chunk>, Result<(), SourceError>) {
    read_pieces(format, bytes, &[usize::MAX], u64::MAX)
}

fn read_pieces(
    format: Format,
    bytes: &[u8],
    sizes: &[usize],
    chunk_bytes: u64,
) -> (Vec<Chunk>, Result<(), SourceError>) {
    let reader =
        Pieces { bytes: io::Cursor::new(bytes.to_vec()), sizes: sizes.to_vec(), turn: 0, fails: false };
    drain(open(opening(format, bytes.len(), chunk_bytes), Box::new(reader)))
}

pub(super) fn fields(chunks: &[Chunk]) -> Vec<(u64, Vec<String>)> {
    let of = |chunk: &Chunk| {
        let records = chunk.records().map(|record| {
            (record.line, record.fields().map(|field| String::from_utf8_lossy(field).into_owned()).collect())
        });
        records.collect::<Vec<_>>()
    };
    chunks.iter().flat_map(of).collect()
}

/// Checks the message of the error; the records before it are those of the lines given.
fn assert_fails(format: Format, bytes: &[u8], records: &str, says: &str) {
    let (chunks, end) = read(format, bytes);
    let error = end.unwrap_err().to_string();
    assert!(error.contains(says), "{error:?} does not say {says:?}");
    assert_eq!(fields(&chunks), fields(&read(CSV, records.as_bytes()).0), "{error}");
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn pack(format: Format, content: &[u8]) -> Vec<u8> {
    match format {
        GZIP => gzip(content),
        ZSTD => zstd(content),
        _ => content.to_vec(),
    }
}

const CSV: Format = Format::CSV;
const GZIP: Format = Format { packing: Packing::Gzip, ..CSV };
const ZSTD: Format = Format { packing: Packing::Zstd, ..CSV };
const XLSX: Format = Format { content: Written::Xlsx, ..CSV };
const PACKED: [Format; 2] = [GZIP, ZSTD];

/// Rows that pack badly: some 100 bytes each.
fn rows(count: u64) -> String {
    let mut random = fastrand::Rng::with_seed(7);
    (0..count)
        .map(|id| format!("{id},{:x}{:x}{:x}\n", random.u128(..), random.u128(..), random.u128(..)))
        .collect()
}

#[test]
fn packed_content_gives_the_chunks_of_the_plain_one() {
    let content = format!("\u{FEFF}id,tag\r\n{}\n9,\"a\"\"b\n\"", rows(20_000));
    let (plain, end) = read_pieces(CSV, content.as_bytes(), &[usize::MAX], 100_000);
    end.unwrap();
    assert!(plain.len() > 10);
    for format in PACKED {
        let (chunks, end) = read_pieces(format, &pack(format, content.as_bytes()), &[usize::MAX], 100_000);
        end.unwrap();
        assert!(chunks == plain, "{format}");
    }
}

/// The layout of a text of the table's, and what comes when it is read from a position on.
fn resumed(content: &[u8], from: Position, rest: &[u8]) -> (Vec<Chunk>, Result<(), SourceError>) {
    let source =
        open(opening(CSV, content.len(), 50_000), Box::new(io::Cursor::new(content.to_vec()))).unwrap();
    let layout = source.layout().unwrap().clone();
    drain(Ok(resume(layout, 50_000, from, Box::new(io::Cursor::new(rest.to_vec())))))
}

#[test]
fn a_plain_file_is_resumed_where_a_chunk_ended() {
    let content = rows(5000).replace(',', ";");
    let (chunks, _) = read_pieces(CSV, content.as_bytes(), &[usize::MAX], 50_000);
    let position =
        Position { number: chunks[2].number + 1, byte: chunks[2].end_byte, line: chunks[2].end_line };
    let rest = &content.as_bytes()[position.byte as usize..];
    let (following, end) = resumed(content.as_bytes(), position, rest);
    end.unwrap();
    assert!(following == chunks[3..]);
}

#[test]
fn what_cannot_be_read_from_its_middle_says_so() {
    let utf16: Vec<u8> = "\u{FEFF}1,a\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (format, bytes) in [(GZIP, gzip(b"1,a\n")), (ZSTD, zstd(b"1,a\n")), (CSV, utf16)] {
        let source = open(opening(format, bytes.len(), 1), Box::new(io::Cursor::new(bytes))).unwrap();
        assert_eq!(source.layout(), None, "{format}");
    }
}

#[test]
fn what_looks_like_another_file_in_the_middle_is_content() {
    let (chunks, end) = resumed(b"1,a\n", Position { number: 3, byte: 100, line: 10 }, b"\x1F\x8B\n");
    end.unwrap();
    assert_eq!(chunks[0].first_line(), 10);
}

#[test]
fn several_archives_one_behind_the_other_load_whole() {
    let (one, two) = (rows(3000), "3000,a\n3001,b\n");
    for format in PACKED {
        for parts in [vec![&*one, two], vec![two, &*one], vec!["", two, "", ""], vec!["30", "00,a\n"]] {
            let packed: Vec<u8> = parts.iter().flat_map(|part| pack(format, part.as_bytes())).collect();
            let (chunks, end) = read(format, &packed);
            end.unwrap();
            assert_eq!(fields(&chunks), fields(&read(CSV, parts.concat().as_bytes()).0));
        }
    }
}

#[test]
fn empty_files_have_no_rows_but_must_be_archives_if_named_so() {
    for format in [CSV, GZIP, ZSTD] {
        let (chunks, end) = read(format, &pack(format, b""));
        end.unwrap();
        assert!(chunks.is_empty());
    }
    for format in [GZIP, ZSTD, XLSX] {
        assert_fails(format, b"", "", "the file is empty, not what its name says");
    }
}

#[test]
fn an_archive_cut_off_anywhere_fails_and_gives_out_what_was_before() {
    let content = rows(30);
    for format in PACKED {
        let packed = pack(format, content.as_bytes());
        for length in 4..packed.len() {
            let (chunks, end) = read(format, &packed[..length]);
            let error = end.unwrap_err();
            assert!(matches!(error, SourceError::Truncated(_)), "{format} at {length}: {error}");
            let records = fields(&chunks);
            assert_eq!(records, fields(&read(CSV, content.as_bytes()).0)[..records.len()]);
        }
        // Only the checksum is missing: all rows are there.
        assert_fails(format, &packed[..packed.len() - 1], &content, "was cut off; drop it again whole");
        // The second of two is cut off in its head, where the first one has ended.
        let two = [&*packed, &packed[..3]].concat();
        assert_fails(format, &two, &content, "was cut off");
    }
}

#[test]
fn a_damaged_archive_fails() {
    let content = rows(3000);
    for format in PACKED {
        let packed = pack(format, content.as_bytes());
        let last = packed.len() - 1;
        // The checksum is the last of zstd, and before the length in gzip.
        for at in [packed.len() / 2, if format == GZIP { last - 4 } else { last }] {
            let mut damaged = packed.clone();
            damaged[at] ^= 0x55;
            let (chunks, end) = read(format, &damaged);
            let error = end.unwrap_err().to_string();
            assert_eq!(
                error,
                format!("the {} file is damaged; drop it again as it was made", format.packing),
                "at {at}"
            );
            // Damage that only the checksum shows is found when all rows have been read.
            assert!(at < last - 4 || fields(&chunks).len() == 3000);
        }
    }
}

#[test]
fn what_follows_an_archive_must_be_another_or_zeros() {
    for format in PACKED {
        let packed = pack(format, b"1,a\n");
        let followed = |by: &[u8]| [&*packed, by].concat();
        assert_fails(
            format,
            &followed(b"2,b\n"),
            "1,a\n",
            &format!("something that is not {} follows", format.packing),
        );
        if format == GZIP {
            let padded = [&*packed, &vec![0; 100_000], &*packed, &[0; 10]].concat();
            let (chunks, end) = read(format, &padded);
            end.unwrap();
            assert_eq!(fields(&chunks).len(), 2);
        }
    }
}

#[test]
fn content_may_unpack_to_its_limit_and_not_to_a_byte_more() {
    let limit = usize::try_from(EXPANSION_FLOOR).unwrap();
    let line = format!("1,{}\n", "a".repeat(1021));
    assert_eq!(line.len(), 1024);
    let mut content = line.repeat(limit / line.len()).into_bytes();
    let whole: Vec<Vec<u8>> = PACKED.into_iter().map(|format| pack(format, &content)).collect();
    content.push(b'2');
    for (format, fits) in PACKED.into_iter().zip(whole) {
        let count = |packed: &[u8]| {
            let (chunks, end) = read_pieces(format, packed, &[usize::MAX], 1 << 20);
            (chunks.iter().map(|chunk| chunk.records().len()).sum::<usize>(), end)
        };
        assert!(fits.len() < limit / EXPANSION as usize);
        let (rows, end) = count(&fits);
        end.unwrap();
        assert_eq!(rows, limit / line.len());
        let (rows, end) = count(&pack(format, &content));
        let expected = format!(
            "the {} file holds more than 67108864 bytes when unpacked, the most for one of its size",
            format.packing
        );
        assert!(end.unwrap_err().to_string().starts_with(&expected));
        assert_eq!(rows, limit / line.len());
    }
    assert_eq!(unpacked_limit(1_000_000), 100_000_000);
    assert_eq!(unpacked_limit(u64::MAX), u64::MAX);
}

#[test]
fn a_zstd_window_may_be_as_large_as_allowed_and_no_larger() {
    // The frame's head alone: magic number, descriptor without anything, window of 2^(10 + n).
    let frame = |log: u8| {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(log.into()).unwrap();
        encoder.write_all(b"1,a\n").unwrap();
        // Flushed before its end, the frame does not know its size, which would make the window as
        // small.
        encoder.flush().unwrap();
        encoder.finish().unwrap()
    };
    let (chunks, end) = read(ZSTD, &frame(25));
    end.unwrap();
    assert_eq!(chunks.len(), 1);
    assert_fails(ZSTD, &frame(26), "", "takes a window of more than 33554432 bytes");
}

#[test]
fn a_file_that_is_not_what_its_name_says_fails_by_its_first_bytes() {
    let old = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and so on";
    let text = |text: &str| text.as_bytes().to_vec();
    for (format, bytes, says) in [
        (CSV, gzip(b"1,a\n"), "the file is packed with gzip, not what its name says; name it .csv.gz"),
        (GZIP, gzip(&gzip(b"1,a\n")), "the file is packed twice, not what its name says; pack it once"),
        (GZIP, gzip(&zstd(b"1,a\n")), "packed twice"),
        (ZSTD, zstd(&gzip(b"1,a\n")), "packed twice"),
        (GZIP, gzip(b"PK\x03\x04..."), "an Excel workbook or another ZIP archive"),
        (GZIP, gzip(b"%PDF-1.4\n..."), "a PDF document"),
        (CSV, b"PAR1\x15\x04\x15\x10".to_vec(), "a Parquet file"),
        (CSV, b"Obj\x01\x04\x14avro.codec".to_vec(), "an Avro file"),
        (CSV, b"SQLite format 3\0\x10\0".to_vec(), "an SQLite database"),
        (CSV, b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR".to_vec(), "a picture"),
        (CSV, text("<html><body><table><tr><td>1</td></tr></table></body></html>\n"), "an HTML page"),
        (CSV, text("\u{FEFF}\n <!DOCTYPE html>\n<html lang=\"en\">\n"), "an HTML page"),
        (CSV, text("<?xml version=\"1.0\"?>\n<rows><row id=\"1\"/></rows>\n"), "XML"),
        (
            CSV,
            text("{\"id\": 1, \"tag_name\": \"a\"}\n{\"id\": 2}\n"),
            "JSON, one object a line, not what its name says; name it .jsonl",
        ),
        (CSV, text("[\n {\"id\": 1}\n]\n"), "a JSON array"),
        (Format { content: Written::JsonLines, ..CSV }, text("[{\"id\": 1}]\n"), "a JSON array"),
        (CSV, text("INSERT INTO tags VALUES (1, 'a');\n"), "SQL"),
        (CSV, text("-- PostgreSQL database dump\nCOPY tags (id, tag_name) FROM stdin;\n1\ta\n"), "SQL"),
        (CSV, text("--\n-- PostgreSQL database dump\n--\nCREATE TABLE tags ();\n"), "SQL"),
        (CSV, text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "a pointer of Git LFS"),
        (CSV, b"PGDMP\x01\x0E\0\x04\x08\x08\x01\x01".to_vec(), "binary, and no text"),
        (
            CSV,
            "1,中文的名字\n2,很长\n3,b\n".encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "UTF-16 text without a byte",
        ),
        (CSV, text("{\\rtf1\\ansi id, name}"), "a text document (RTF)"),
        (CSV, text("---\n- id: 1\n  name: a\n"), "YAML"),
        (CSV, b"\xFF\xFE\0\0a\0\0\0,\0\0\0".to_vec(), "the file is UTF-32 text; save it as UTF-8"),
        (CSV, "1,a\n".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect(), "UTF-32 text"),
        (
            CSV,
            "1,a\n".repeat(3).encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "UTF-16 text without a byte order",
        ),
        (
            CSV,
            "1,a\n".repeat(3).encode_utf16().flat_map(u16::to_be_bytes).collect(),
            "UTF-16 text without a byte order",
        ),
        (CSV, zstd(b"1,a\n"), "name it .csv.zst"),
        (CSV, b"\x50\x2A\x4D\x18\0\0\0\0".to_vec(), "name it .csv.zst"),
        (CSV, b"PK\x03\x04...".to_vec(), "name a workbook .xlsx, and unpack an archive"),
        (CSV, b"PK\x05\x06...".to_vec(), "an empty ZIP archive"),
        (CSV, b"BZh91AY&SY...".to_vec(), "packed with bzip2"),
        (CSV, b"\xFD7zXZ\0...".to_vec(), "packed with xz"),
        (CSV, old.to_vec(), "an old Excel workbook (.xls), or one that is protected by a password"),
        (GZIP, b"1,a\n".to_vec(), "if it is plain CSV, name it .csv"),
        (GZIP, zstd(b"1,a\n"), "name it .csv.zst"),
        (ZSTD, b"1,a\n".to_vec(), "if it is plain CSV, name it .csv"),
        (ZSTD, gzip(b"1,a\n"), "name it .csv.gz"),
        (XLSX, b"1,a\n".to_vec(), "if it is plain CSV, name it .csv"),
        (XLSX, old.to_vec(), "save it as .xlsx or .csv, without a password"),
    ] {
        assert_fails(format, &bytes, "", says);
    }
}

#[test]
fn a_table_may_hold_what_looks_like_another_kind() {
    for content in
        ["id,tag_name\n1,<html>\n", "tag_name,id\nBZh,1\n", "1,{\"a\": 1}\n", "1,Wel\0der\n", "7,%PDF\n"]
    {
        let (chunks, end) = read(CSV, content.as_bytes());
        end.unwrap();
        assert_eq!(fields(&chunks).len(), content.lines().count(), "{content}");
    }
    let tail = format!("id,tag_name\n1,Welder\n{}", "\0".repeat(4096));
    assert_eq!(fields(&read(CSV, tail.as_bytes()).0).len(), 3);
}

#[test]
fn text_of_any_delimiter_and_marked_encoding_is_read() {
    let expected =
        [(1, vec!["id".to_owned(), "tag".to_owned()]), (2, vec!["1".to_owned(), "Köchin, 20 €".to_owned()])];
    for delimiter in ["\t", ";", "|"] {
        let text = format!("id{delimiter}tag\r\n1{delimiter}Köchin, 20 €\r\n");
        let marked = format!("\u{FEFF}{text}");
        for bytes in [
            text.clone().into_bytes(),
            marked.clone().into_bytes(),
            marked.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            marked.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        ] {
            for (format, bytes) in [(CSV, bytes.clone()), (GZIP, gzip(&bytes))] {
                let (chunks, end) = read_pieces(format, &bytes, &[3], u64::MAX);
                end.unwrap();
                assert_eq!(fields(&chunks), expected);
            }
        }
    }
    // Half of a character is none.
    let cut: Vec<u8> = "\u{FEFF}1,a".encode_utf16().flat_map(u16::to_le_bytes).chain([7]).collect();
    let (chunks, _) = read(CSV, &cut);
    assert_eq!(chunks[0].records().next().unwrap().field(1), b"a\xFF");
}

#[test]
fn text_is_decoded_as_declared() {
    let dictionary = |encoding: &str| {
        let text = format!(
            "[[table]]\nname = \"tags\"\ncolumns = [{{ name = \"id\", type = \"integer\", key = true }}, \
             {{ name = \"tag\", type = \"string(20)\" }}]\n[table.files]\nencoding = \"{encoding}\""
        );
        domain::dictionary::Dictionary::parse("test", &text).unwrap()
    };
    for (encoding, bytes, expected) in [
        ("windows-1252", &b"1,Zo\xEB \x80"[..], "Zoë €"),
        ("utf-16le", b"1\0,\0\xEB\0", "ë"),
        ("shift_jis", b"1,\x83e\x83X\x83g", "テスト"),
        // The mark counts for more than what is declared.
        ("windows-1252", "\u{FEFF}1,Zoë".as_bytes(), "Zoë"),
    ] {
        let dictionary = dictionary(encoding);
        let opening = Opening { table: &dictionary.tables()[0], ..opening(CSV, bytes.len(), u64::MAX) };
        let (chunks, end) = drain(open(opening, Box::new(io::Cursor::new(bytes.to_vec()))));
        end.unwrap();
        assert_eq!(fields(&chunks)[0].1[1], expected, "{encoding}");
    }
    // It would be read as "ZoÃ«".
    let (dictionary, bytes) = (dictionary("windows-1252"), "1,Zoë".as_bytes());
    let opening = Opening { table: &dictionary.tables()[0], ..opening(CSV, bytes.len(), u64::MAX) };
    let (_, end) = drain(open(opening, Box::new(io::Cursor::new(bytes))));
    let refusal = end.unwrap_err().to_string();
    assert!(refusal.starts_with("the file is UTF-8, and windows-1252 is declared for it"), "{refusal}");
}

#[test]
fn a_record_that_cannot_be_read_fails_behind_those_before_it() {
    for format in [CSV, GZIP, ZSTD] {
        let bytes = pack(format, &[&b"1,a\n2,"[..], &b"b".repeat(2 << 20)].concat());
        assert_fails(format, &bytes, "1,a\n", "line 2: the record is longer than 1048576 bytes");
    }
}

#[test]
fn a_reader_that_fails_is_never_taken_for_content_that_ends() {
    let content = rows(3000);
    for format in [CSV, GZIP, ZSTD, XLSX] {
        let bytes =
            if format == XLSX { b"PK\x03\x04".repeat(50_000) } else { pack(format, content.as_bytes()) };
        for length in [0, 1, 100, 70_000, bytes.len() - 1, bytes.len()] {
            let bytes = io::Cursor::new(bytes[..length].to_vec());
            let reader = Pieces { bytes, sizes: vec![1000], turn: 0, fails: true };
            let (chunks, end) = drain(open(opening(format, length, u64::MAX), Box::new(reader)));
            match end {
                Err(SourceError::Read(error)) => assert_eq!(error.to_string(), "the line is dead"),
                end => panic!("{format} at {length}: {end:?}"),
            }
            // The only chunk is not full, so it must not come.
            assert!(chunks.is_empty());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Neither the packing nor the pieces that the object comes in change a chunk, nor the message
    /// of an archive that is cut off.
    #[test]
    fn chunks_do_not_depend_on_the_pieces(
        sizes in proptest::collection::vec(1_usize..100_000, 1..5),
        count in 0_u64..4000,
        chunk_bytes in 1_u64..300_000,
        cut in 0.0..1.0,
    ) {
        let content = rows(count);
        let (plain, _) = read_pieces(CSV, content.as_bytes(), &[usize::MAX], chunk_bytes);
        for format in [CSV, GZIP, ZSTD] {
            let packed = pack(format, content.as_bytes());
            let (chunks, end) = read_pieces(format, &packed, &sizes, chunk_bytes);
            prop_assert!(end.is_ok());
            prop_assert!(chunks == plain);
            let broken = &packed[..(packed.len() as f64 * cut) as usize];
            let (whole, whole_end) = read_pieces(format, broken, &[usize::MAX], chunk_bytes);
            let (chunks, end) = read_pieces(format, broken, &sizes, chunk_bytes);
            prop_assert!(chunks == whole);
            prop_assert_eq!(format!("{end:?}"), format!("{whole_end:?}"));
        }
    }
}
