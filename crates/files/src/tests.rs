//! Files of every format, whole and broken.

use std::io::{self, Read, Write};

use domain::dictionary::Table;
use domain::load::{Chunk, Format, Position};
use domain::shipped;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

pub(super) fn table(name: &str) -> &'static Table {
    shipped::dictionary().unwrap().table(name).unwrap()
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
    Opening { format, table: table("jobs"), object_bytes: object_bytes as u64, chunk_bytes, from: None }
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

/// What the error says; the records before it are those of the lines given.
fn assert_fails(format: Format, bytes: &[u8], records: &str, says: &str) {
    let (chunks, end) = read(format, bytes);
    let error = end.unwrap_err().to_string();
    assert!(error.contains(says), "{error:?} does not say {says:?}");
    assert_eq!(fields(&chunks), fields(&read(Format::Csv, records.as_bytes()).0), "{error}");
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
        Format::Gzip => gzip(content),
        Format::Zstd => zstd(content),
        _ => content.to_vec(),
    }
}

const PACKED: [Format; 2] = [Format::Gzip, Format::Zstd];

/// Rows that pack badly: some 100 bytes each.
fn rows(count: u64) -> String {
    let mut random = fastrand::Rng::with_seed(7);
    (0..count)
        .map(|id| format!("{id},{:x}{:x}{:x}\n", random.u128(..), random.u128(..), random.u128(..)))
        .collect()
}

#[test]
fn packed_content_gives_the_chunks_of_the_plain_one() {
    let content = format!("\u{FEFF}id,job\r\n{}\n9,\"a\"\"b\n\"", rows(20_000));
    let (plain, end) = read_pieces(Format::Csv, content.as_bytes(), &[usize::MAX], 100_000);
    end.unwrap();
    assert!(plain.len() > 10);
    for format in PACKED {
        let (chunks, end) = read_pieces(format, &pack(format, content.as_bytes()), &[usize::MAX], 100_000);
        end.unwrap();
        assert!(chunks == plain, "{format}");
    }
}

#[test]
fn a_plain_file_goes_on_where_a_chunk_ended() {
    let content = rows(5000);
    let (chunks, _) = read_pieces(Format::Csv, content.as_bytes(), &[usize::MAX], 50_000);
    let position = chunks[2].next_position();
    let rest = content.as_bytes()[position.byte as usize..].to_vec();
    let opening = Opening { from: Some(position), ..opening(Format::Csv, content.len(), 50_000) };
    let (following, end) = drain(open(opening, Box::new(io::Cursor::new(rest))));
    end.unwrap();
    assert!(following == chunks[3..]);
}

#[test]
fn what_looks_like_another_file_in_the_middle_is_content() {
    let opening = Opening {
        from: Some(Position { number: 3, byte: 100, line: 10 }),
        ..opening(Format::Csv, 1000, u64::MAX)
    };
    let (chunks, end) = drain(open(opening, Box::new(&b"1;2\x1F\x8B\n"[..])));
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
            assert_eq!(fields(&chunks), fields(&read(Format::Csv, parts.concat().as_bytes()).0));
        }
    }
}

#[test]
fn empty_files_have_no_rows_but_must_be_archives_if_named_so() {
    for format in [Format::Csv, Format::Gzip, Format::Zstd] {
        let (chunks, end) = read(format, &pack(format, b""));
        end.unwrap();
        assert!(chunks.is_empty());
    }
    for format in [Format::Gzip, Format::Zstd, Format::Xlsx] {
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
            assert_eq!(records, fields(&read(Format::Csv, content.as_bytes()).0)[..records.len()]);
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
        for at in [packed.len() / 2, if format == Format::Gzip { last - 4 } else { last }] {
            let mut damaged = packed.clone();
            damaged[at] ^= 0x55;
            let (chunks, end) = read(format, &damaged);
            let error = end.unwrap_err().to_string();
            assert_eq!(
                error,
                format!("the {format} file is damaged; drop it again as it was made"),
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
            &format!("something that is not {format} follows"),
        );
        if format == Format::Gzip {
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
            "the {format} file holds more than 67108864 bytes when unpacked, the most for one of its size"
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
        // Flushed before its end, the frame does not know its size, which would make the window as small.
        encoder.flush().unwrap();
        encoder.finish().unwrap()
    };
    let (chunks, end) = read(Format::Zstd, &frame(25));
    end.unwrap();
    assert_eq!(chunks.len(), 1);
    assert_fails(Format::Zstd, &frame(26), "", "takes a window of more than 33554432 bytes");
}

#[test]
fn a_file_that_is_not_what_its_name_says_fails_by_its_first_bytes() {
    let old = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and so on";
    for (format, bytes, says) in [
        (
            Format::Csv,
            gzip(b"1,a\n"),
            "the file is packed with gzip, not what its name says; name it .csv.gz",
        ),
        (Format::Csv, zstd(b"1,a\n"), "name it .csv.zst"),
        (Format::Csv, b"\x50\x2A\x4D\x18\0\0\0\0".to_vec(), "name it .csv.zst"),
        (Format::Csv, b"PK\x03\x04...".to_vec(), "name a workbook .xlsx, and unpack an archive"),
        (Format::Csv, b"PK\x05\x06...".to_vec(), "an empty ZIP archive"),
        (Format::Csv, b"BZh91AY&SY...".to_vec(), "packed with bzip2"),
        (Format::Csv, b"\xFD7zXZ\0...".to_vec(), "packed with xz"),
        (Format::Csv, old.to_vec(), "an old Excel workbook (.xls), or one that is protected by a password"),
        (Format::Gzip, b"1,a\n".to_vec(), "if it is plain CSV, name it .csv"),
        (Format::Gzip, zstd(b"1,a\n"), "name it .csv.zst"),
        (Format::Zstd, b"1,a\n".to_vec(), "if it is plain CSV, name it .csv"),
        (Format::Zstd, gzip(b"1,a\n"), "name it .csv.gz"),
        (Format::Xlsx, b"1,a\n".to_vec(), "if it is plain CSV, name it .csv"),
        (Format::Xlsx, old.to_vec(), "save it as .xlsx or .csv, without a password"),
    ] {
        assert_fails(format, &bytes, "", says);
    }
    let (chunks, end) = read(Format::Csv, b"BZhang,a\n");
    end.unwrap();
    assert_eq!(chunks.len(), 1);
}

#[test]
fn text_that_would_be_rejected_row_by_row_fails_instead() {
    for (content, says) in [
        (&b"\xFF\xFE1\0,\0a\0\n\0"[..], "the file is UTF-16 text; save it as UTF-8"),
        (b"\xFE\xFF\x001\0,\0a\0\n", "the file is UTF-16 text"),
        (b"1;a\n2;b\n", "line 1: there is no comma, but there are semicolons"),
        (b"\xEF\xBB\xBF\r\n\nid\tjob\r\n", "line 3: there is no comma, but there are tabs"),
        (b"1|a", "line 1: there is no comma, but there are vertical bars"),
    ] {
        assert_fails(Format::Csv, content, "", says);
        assert_fails(Format::Gzip, &gzip(content), "", says);
    }
    for content in ["1,a;b\n", "1\n2;b\n", "\n\n", "1,a\n2;b\n"] {
        read(Format::Csv, content.as_bytes()).1.unwrap();
    }
}

#[test]
fn a_record_that_cannot_be_read_fails_behind_those_before_it() {
    for format in [Format::Csv, Format::Gzip, Format::Zstd] {
        let bytes = pack(format, b"1,a\n2,\"b\n3,c\n");
        assert_fails(format, &bytes, "1,a\n", "line 2: a quote is opened and never closed");
    }
}

#[test]
fn a_reader_that_fails_is_never_taken_for_content_that_ends() {
    let content = rows(3000);
    for format in [Format::Csv, Format::Gzip, Format::Zstd, Format::Xlsx] {
        let bytes = if format == Format::Xlsx {
            b"PK\x03\x04".repeat(50_000)
        } else {
            pack(format, content.as_bytes())
        };
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

    /// Neither the packing nor the pieces that the object comes in change a chunk, nor what is said of an archive
    /// that is cut off.
    #[test]
    fn chunks_do_not_depend_on_the_pieces(
        sizes in proptest::collection::vec(1_usize..100_000, 1..5),
        count in 0_u64..4000,
        chunk_bytes in 1_u64..300_000,
        cut in 0.0..1.0,
    ) {
        let content = rows(count);
        let (plain, _) = read_pieces(Format::Csv, content.as_bytes(), &[usize::MAX], chunk_bytes);
        for format in [Format::Csv, Format::Gzip, Format::Zstd] {
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
