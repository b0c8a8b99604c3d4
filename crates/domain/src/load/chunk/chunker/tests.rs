//! Records, chunks and lines, held against csv-core and a reader of RFC 4180 that is slow and
//! simple.

use csv_core::{ReadRecordResult, Reader};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::load::chunk::{CHUNK_BYTES, Record};

fn chunker(chunk_bytes: u64) -> Chunker {
    Chunker::new(Dialect::CSV, Start::default(), chunk_bytes)
}

/// Feeds content in pieces of the given sizes, over and over; gives the chunks that come, in order.
fn feed(chunker: &mut Chunker, content: &[u8], sizes: &[usize]) -> (Vec<Chunk>, Result<(), ChunkError>) {
    let (mut found, mut rest, mut sizes) = (Vec::new(), content, sizes.iter().cycle());
    while !rest.is_empty() {
        let size = (*sizes.next().unwrap()).clamp(1, rest.len());
        let (mut piece, later) = rest.split_at(size);
        loop {
            match chunker.feed(piece) {
                Ok((Some(chunk), left)) => {
                    found.push(chunk);
                    piece = left;
                }
                Ok((None, left)) => {
                    assert!(left.is_empty());
                    break;
                }
                Err(error) => {
                    found.extend(chunker.salvage());
                    return (found, Err(error));
                }
            }
        }
        rest = later;
    }
    loop {
        match chunker.finish() {
            Ok(Some(chunk)) => found.push(chunk),
            Ok(None) => return (found, Ok(())),
            Err(error) => {
                found.extend(chunker.salvage());
                return (found, Err(error));
            }
        }
    }
}

/// All chunks of content, or what is wrong with it.
fn chunks(content: &[u8], sizes: &[usize]) -> Result<Vec<Chunk>, ChunkError> {
    let (chunks, end) = feed(&mut chunker(CHUNK_BYTES), content, sizes);
    end.map(|()| chunks)
}

type Records = Vec<(u64, Vec<Vec<u8>>)>;

/// Line and fields of every record.
fn records(chunks: &[Chunk]) -> Records {
    let of = |record: Record<'_>| (record.line, record.fields().map(<[u8]>::to_vec).collect());
    chunks.iter().flat_map(|chunk| chunk.records().map(of).collect::<Vec<_>>()).collect()
}

/// The same, and what is broken: every record that is whole is read by csv-core, every broken one
/// is its first line.
fn expected(content: &[u8], start: usize) -> (Records, Vec<u64>) {
    let (mut found, mut broken) = (Vec::new(), Vec::new());
    let mut at = start;
    loop {
        at += content[at..].iter().take_while(|byte| is_line_end(**byte)).count();
        if at == content.len() {
            return (found, broken);
        }
        let line = 1 + line_ends(&content[..at]);
        match strict_length(&content[at..]) {
            Some(length) => {
                let whole = [&content[at..at + length], b"\n"].concat();
                let (mut fields, mut ends) = (vec![0; whole.len()], vec![0; whole.len() + 1]);
                let (result, _, _, count) = Reader::new().read_record(&whole, &mut fields, &mut ends);
                assert_eq!(result, ReadRecordResult::Record);
                let starts = std::iter::once(0).chain(ends[..count - 1].iter().copied());
                let record = starts.zip(&ends).map(|(start, end)| fields[start..*end].to_vec()).collect();
                found.push((line, record));
                at += length;
            }
            None => {
                let length = content[at..].iter().take_while(|byte| !is_line_end(**byte)).count();
                found.push((line, vec![content[at..at + length].to_vec()]));
                broken.push(line);
                at += length;
            }
        }
    }
}

/// The bytes of the record that content begins with, if it is one as RFC 4180 has it.
fn strict_length(content: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        if content.get(at) == Some(&b'"') {
            at += 1;
            loop {
                at += content[at..].iter().position(|byte| *byte == b'"')? + 1;
                match content.get(at) {
                    Some(b'"') => at += 1,
                    Some(b',') => break,
                    byte => return byte.is_none_or(|byte| is_line_end(*byte)).then_some(at),
                }
            }
        } else {
            at += content[at..].iter().take_while(|byte| **byte != b',' && !is_line_end(**byte)).count();
            if content.get(at) != Some(&b',') {
                return Some(at);
            }
        }
        at += 1;
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// LF, CR and CRLF are one line end each.
fn line_ends(content: &[u8]) -> u64 {
    let ends = content.iter().filter(|byte| is_line_end(**byte)).count();
    (ends - content.windows(2).filter(|pair| *pair == b"\r\n").count()) as u64
}

/// Checks that the chunks follow each other without a gap, and that their digests are those of the
/// content's bytes.
fn assert_covers(chunks: &[Chunk], content: &[u8]) {
    let mut end = Position::START;
    for chunk in chunks {
        assert_eq!((chunk.number, chunk.start_byte), (end.number, end.byte));
        end = Position { number: chunk.number + 1, byte: chunk.end_byte, line: chunk.end_line };
        let bytes = &content[chunk.start_byte as usize..chunk.end_byte as usize];
        assert_eq!(chunk.digest[..], Sha256::digest(bytes)[..]);
        assert_eq!(chunk.end_line, 1 + line_ends(&content[..chunk.end_byte as usize]));
    }
    assert_eq!(end.byte as usize, content.len());
}

#[test]
fn reads_records_as_rfc_4180_says() {
    let content = b"1,a\r\n\r\n2,\"b, \"\"c\"\"\nd\"\n\n\n3,5\" pipe\n\"\",\n4";
    let expected: Records = [
        (1, vec!["1", "a"]),
        (3, vec!["2", "b, \"c\"\nd"]),
        (7, vec!["3", "5\" pipe"]),
        (8, vec!["", ""]),
        (9, vec!["4"]),
    ]
    .into_iter()
    .map(|(line, fields)| (line, fields.into_iter().map(|field| field.as_bytes().to_vec()).collect()))
    .collect();
    for size in 1..=content.len() {
        let chunks = chunks(content, &[size]).unwrap();
        assert_eq!(records(&chunks), expected, "in pieces of {size}");
        assert_covers(&chunks, content);
    }
}

#[test]
fn empty_content_has_no_chunk() {
    for content in ["", "\n", "\r\n\n"] {
        assert_eq!(chunks(content.as_bytes(), &[1]), Ok(vec![]), "{content:?}");
    }
}

/// Records of a dialect, as text.
fn read_dialect(dialect: Dialect, start: Start, content: &[u8]) -> Vec<(u64, Vec<String>)> {
    let text = |field: Vec<u8>| String::from_utf8_lossy(&field).into_owned();
    let mut all = Vec::new();
    for size in [1, 2, 3, content.len()] {
        let (found, end) = feed(&mut Chunker::new(dialect, start, CHUNK_BYTES), content, &[size]);
        end.unwrap();
        assert_covers(&found, content);
        let read = records(&found).into_iter();
        all.push(read.map(|(line, fields)| (line, fields.into_iter().map(text).collect())).collect());
    }
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
    all.swap_remove(0)
}

fn record(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
    (line, fields.iter().map(|field| (*field).to_owned()).collect())
}

#[test]
fn begins_at_the_given_start() {
    let text = "\u{FEFF}sep=;\r\n\"\u{FEFF}id\";\"name\"\n1;a,b\n";
    let is_quoted = true;
    let start = Start { bytes: text.find("id").unwrap(), is_quoted };
    let dialect = Dialect { delimiter: b';', ..Dialect::CSV };
    let expected = [record(2, &["id", "name"]), record(3, &["1", "a,b"])];
    assert_eq!(read_dialect(dialect, start, text.as_bytes()), expected);
}

#[test]
fn a_line_is_one_field_in_the_dialect_of_lines() {
    let content = b"{\"a\": \"b,\"}\r\n\n\"\n";
    let expected = [record(1, &["{\"a\": \"b,\"}"]), record(3, &["\""])];
    assert_eq!(read_dialect(Dialect::LINES, Start::default(), content), expected);
}

#[test]
fn backslashes_escape_as_mysql_writes_them() {
    let dialect = Dialect { delimiter: b'\t', has_quotes: true, has_escapes: true };
    let content =
        b"1\ta\\\tb\\\nc\t\\N\n2\t\"say \\\"hi\\\", C:\\\\\"\t\\0\\Z\\b\\r\n3\ta\"\"b\\\\\t\"\\n\"\"\"\n";
    let expected = [
        record(1, &["1", "a\tb\nc", ""]),
        record(3, &["2", "say \"hi\", C:\\", "\0\x1A\x08\r"]),
        record(4, &["3", "a\"\"b\\", "\n\""]),
    ];
    assert_eq!(read_dialect(dialect, Start::default(), content), expected);
}

/// Lines and reasons of broken records, and the lines of the others.
fn broken(content: &str) -> (Vec<(u64, Broken)>, Vec<u64>) {
    let chunks = chunks(content.as_bytes(), &[3]).unwrap();
    let all = chunks.iter().flat_map(Chunk::records);
    let (broken, whole): (Vec<Record<'_>>, Vec<Record<'_>>) = all.partition(|record| record.broken.is_some());
    let broken = broken.iter().filter_map(|record| Some((record.line, record.broken?))).collect();
    (broken, whole.iter().map(|record| record.line).collect())
}

#[test]
fn a_broken_record_costs_its_first_line_alone() {
    let (text, open) = (Broken::TextAfterQuote, Broken::QuoteNeverClosed);
    for (content, expected, whole) in [
        ("1,\"a\n2,\"b\"\n3,c\n", vec![(1, text)], vec![2, 3]),
        ("1,\"a\r\n2,\"b\"\r\n3,c\r\n", vec![(1, text)], vec![2, 3]),
        ("1,\"a\r2,\"b\"\r3,c\r", vec![(1, text)], vec![2, 3]),
        ("1,\"a \"b\" c\"\n2,d\n", vec![(1, text)], vec![2]),
        ("1,\"a\" \n2,b", vec![(1, text)], vec![2]),
        ("1,a\n2,\"b\n3,c\n", vec![(2, open)], vec![1, 3]),
        ("1,a\n2,\"b", vec![(2, open)], vec![1]),
        ("1,\"a\n2,\"b\n3,\"c\n4,d", vec![(1, text), (2, text), (3, open)], vec![4]),
        ("1,\"a\n2,\"\"\"b\n3,c\n", vec![(1, text), (2, open)], vec![3]),
        ("1,\"a\n\n\n2,\"b\nc\"\n", vec![(1, text)], vec![4]),
    ] {
        assert_eq!(broken(content), (expected, whole), "{content:?}");
    }
}

#[test]
fn a_quote_that_is_open_for_too_long_costs_its_first_line_alone() {
    let content = format!("1,\"a\n{}9,\"x\ny\"\n10,\"b\n", "2,b\n".repeat(500_000));
    let sizes = [1000, 77_777, content.len()];
    let mut all = sizes.map(|size| {
        let (found, end) = feed(&mut chunker(CHUNK_BYTES), content.as_bytes(), &[size]);
        end.unwrap();
        assert_covers(&found, content.as_bytes());
        found
    });
    assert!(all[0] == all[1] && all[1] == all[2]);
    let found = std::mem::take(&mut all[0]);
    let broken: Vec<u64> = found
        .iter()
        .flat_map(Chunk::records)
        .filter(|record| record.broken.is_some())
        .map(|record| record.line)
        .collect();
    assert_eq!(broken, [1, 500_004]);
    assert_eq!(found.iter().map(|chunk| chunk.records().len()).sum::<usize>(), 500_003);
}

/// From every line on this is in quotes for as long as anyone reads: a reader that tries each again
/// takes hours.
#[test]
fn every_line_is_read_twice_at_most() {
    for end in ["", "\"x"] {
        let content = format!("{}{end}", "x\",\",\n".repeat(600_000));
        let mut chunker = chunker(CHUNK_BYTES);
        let (found, result) = feed(&mut chunker, content.as_bytes(), &[100_000]);
        result.unwrap();
        assert_covers(&found, content.as_bytes());
        let records: usize = found.iter().map(|chunk| chunk.records().len()).sum();
        assert!(records >= 600_000, "{records}");
    }
}

#[test]
fn quotes_that_are_open_for_too_long_all_the_time_end_the_reading() {
    let content = "x\",\",\n".repeat(3_000_000);
    let ends = [100_000, content.len()].map(|size| {
        let mut chunker = chunker(CHUNK_BYTES);
        let (found, end) = feed(&mut chunker, content.as_bytes(), &[size]);
        let largest = found.iter().map(|chunk| chunk.end_byte - chunk.start_byte).max();
        assert!(
            largest.is_some_and(|bytes| bytes < CHUNK_BYTES + MOST_OVER + MAX_RECORD_BYTES),
            "{largest:?}"
        );
        assert!(matches!(end, Err(ChunkError::RecordTooLong { .. })));
        (found, end)
    });
    assert!(ends[0] == ends[1]);
}

#[test]
fn a_first_line_that_is_too_long_ends_the_reading_however_it_arrives() {
    let line = "x".repeat(MAX_RECORD_BYTES as usize);
    let content = format!("1,a\n2,\"{line}\n3,b\n4,\"c\"\n");
    for size in [1000, 70_000, content.len() - 3, content.len()] {
        let (found, end) = feed(&mut chunker(CHUNK_BYTES), content.as_bytes(), &[size]);
        assert_eq!(end, Err(ChunkError::RecordTooLong { line: 2 }), "by {size}");
        assert_covers(&found, b"1,a\n");
    }
}

#[test]
fn stops_at_a_record_one_byte_over_the_limit_however_it_arrives() {
    let limit = usize::try_from(MAX_RECORD_BYTES).unwrap();
    for (quote, rest) in [("", ""), ("\"", ""), ("", &*"3,c\n".repeat(50)), ("\"", "3,c\n")] {
        for (length, fits) in [(limit - 1, true), (limit, false)] {
            let field = "x".repeat(length - 2 * quote.len());
            let content = format!("1,a\n{quote}{field}{quote}\n{rest}").into_bytes();
            for size in [1000, content.len() - 1, content.len()] {
                let (found, end) = feed(&mut chunker(u64::MAX), &content, &[size]);
                let expected = if fits { Ok(()) } else { Err(ChunkError::RecordTooLong { line: 2 }) };
                assert_eq!(end, expected, "{length} by {size}");
                assert_covers(&found, if fits { &content } else { b"1,a\n" });
            }
        }
    }
}

#[test]
fn a_chunk_ends_with_the_record_that_fills_it() {
    let found = |chunk_bytes, content: &[u8]| {
        let (chunks, _) = feed(&mut chunker(chunk_bytes), content, &[3]);
        assert_covers(&chunks, content);
        chunks.iter().map(|chunk| chunk.records().len()).collect::<Vec<_>>()
    };
    assert_eq!(found(8, b"1,a\n2,b\n3,c\n4,d\n5,e\n"), [2, 2, 1]);
    assert_eq!(found(9, b"1,a\n2,b\n3,c\n4,d\n5,e\n"), [3, 2]);
    assert_eq!(found(0, b"\n\n1,a\n\n\n2,b\n\n"), [1, 1]);
    // 10,000 for each quarter of a megabyte.
    let many = "1\n".repeat(10_001);
    assert_eq!(found(256 * 1024, many.as_bytes()), [10_000, 1]);
}

#[test]
fn holds_little_of_a_long_run_of_empty_lines() {
    let blank = vec![b'\n'; 100 * BLANKS_HELD];
    let content = [&blank[..], b"1,\"a\"\n", &blank, b"2,b", &blank].concat();
    let mut chunker = chunker(u64::MAX);
    for piece in content.chunks(1000) {
        assert_eq!(chunker.feed(piece), Ok((None, &b""[..])));
        assert!(chunker.draft.held() <= 2 * BLANKS_HELD, "{} bytes are held", chunker.draft.held());
    }
    let chunks: Vec<Chunk> = chunker.finish().unwrap().into_iter().collect();
    assert_covers(&chunks, &content);
    let lines = blank.len() as u64;
    let fields = |fields: [&str; 2]| fields.map(|field| field.as_bytes().to_vec()).to_vec();
    assert_eq!(records(&chunks), [(lines + 1, fields(["1", "a"])), (2 * lines + 2, fields(["2", "b"]))]);
}

/// Content of the characters that matter, quotes and all.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just("a".to_owned()),
        3 => Just(",".to_owned()),
        3 => Just("\"".to_owned()),
        2 => Just("\n".to_owned()),
        1 => Just("\r".to_owned()),
        1 => Just("\r\n".to_owned()),
        1 => Just("\"\"".to_owned()),
        1 => Just("é".to_owned()),
        1 => "[a-z]{1,40}",
        2 => "([a-z!]{0,9},){1,4}[a-z\"]{1,9}\r?\n",
    ];
    proptest::collection::vec(piece, 0..120).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The same with backslashes, with and without quotes: how the content arrives makes no
    /// difference, and whoever resumes behind a chunk finds the same that follow.
    #[test]
    fn escaped_records_do_not_depend_on_the_pieces(
        content in content(),
        escapes in proptest::collection::vec((0.0..1.0, prop_oneof![Just("\\"), Just("\\\n"), Just("\\\""), Just("\\N")]), 0..20),
        sizes in proptest::collection::vec(prop_oneof![1_usize..20, 1_usize..300], 1..6),
        chunk_bytes in prop_oneof![0_u64..60, 0_u64..600],
        has_quotes: bool,
    ) {
        let mut content = content;
        for (place, escape) in escapes {
            let at = (content.len() as f64 * place) as usize;
            content.splice(at..at, escape.bytes());
        }
        let dialect = Dialect { delimiter: b',', has_quotes, has_escapes: true };
        let cut = |sizes: &[usize]| feed(&mut Chunker::new(dialect, Start::default(), chunk_bytes), &content, sizes);
        let (found, end) = cut(&sizes);
        prop_assert_eq!(end, Ok(()));
        if !found.is_empty() {
            assert_covers(&found, &content);
        }
        prop_assert_eq!(&found, &cut(&[usize::MAX]).0);
        for (index, chunk) in found.iter().enumerate() {
            let position = Position { number: chunk.number + 1, byte: chunk.end_byte, line: chunk.end_line };
            let mut chunker = Chunker::resume(dialect, chunk_bytes, position);
            let (following, _) = feed(&mut chunker, &content[position.byte as usize..], &sizes);
            prop_assert_eq!(&following[..], &found[index + 1..]);
        }
    }

    /// Whatever the content, its pieces and the size of chunks: the records are those that csv-core
    /// reads and RFC 4180 allows, the chunks cover the content once, and a chunker that resumes
    /// behind any of them finds the same that follow.
    #[test]
    fn reads_what_csv_core_reads_and_the_rfc_allows(
        content in content(),
        sizes in proptest::collection::vec(prop_oneof![1_usize..20, 1_usize..300], 1..6),
        chunk_bytes in prop_oneof![0_u64..60, 0_u64..600],
        skipped in 0_usize..4,
    ) {
        let start = Start { bytes: skipped.min(content.len()), is_quoted: false };
        let cut = |sizes: &[usize]| feed(&mut Chunker::new(Dialect::CSV, start, chunk_bytes), &content, sizes);
        let (found, end) = cut(&sizes);
        let (expected, broken) = expected(&content, start.bytes);
        prop_assert_eq!(end, Ok(()));
        prop_assert_eq!(records(&found), expected);
        let all = found.iter().flat_map(Chunk::records);
        let lines: Vec<u64> = all.filter(|record| record.broken.is_some()).map(|record| record.line).collect();
        prop_assert_eq!(lines, broken);
        if !found.is_empty() {
            assert_covers(&found, &content);
        }
        let (whole, _) = cut(&[usize::MAX]);
        prop_assert_eq!(&found, &whole);
        for (index, chunk) in found.iter().enumerate() {
            let position = Position { number: chunk.number + 1, byte: chunk.end_byte, line: chunk.end_line };
            let mut chunker = Chunker::resume(Dialect::CSV, chunk_bytes, position);
            let (following, _) = feed(&mut chunker, &content[position.byte as usize..], &sizes);
            prop_assert_eq!(&following[..], &found[index + 1..]);
        }
    }
}
