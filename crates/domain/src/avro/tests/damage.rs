//! Files that are cut off, altered, or made to hurt.

use std::io::{self, Read};

use super::*;
use crate::avro::encode;

/// A file of some blocks of different values, and its table.
fn good(codec: Codec) -> (Table, Vec<bool>, Vec<Vec<Value<'static>>>, Vec<u8>) {
    let table = table(
        r#"{ name = "i", type = "integer" }, { name = "d", type = "decimal(30,2)" }, { name = "s", type = "string(40)" },
           { name = "b", type = "boolean" }, { name = "y", type = "date" }, { name = "t", type = "timestamp" }"#,
    );
    let nullable = vec![false, true, true, true, true, true, true];
    let row = |id: i64| {
        let date = CivilDate::from_days(id * 1000).unwrap();
        let time = CivilTime::new((id % 24) as u8, 5, 7).unwrap();
        let all = vec![
            Value::Integer(id),
            Value::Integer(id * 7),
            Value::Decimal(Decimal { unscaled: i128::from(id).pow(11), scale: 2 }),
            Value::Text(format!("é{}", id * 31).into()),
            Value::Boolean(id % 2 == 0),
            Value::Date(date),
            Value::Timestamp(Timestamp::of_second(date, time)),
        ];
        all.into_iter()
            .enumerate()
            .map(
                |(index, value)| {
                    if (id + index as i64) % 11 == 10 && index > 0 { Value::Null } else { value }
                },
            )
            .collect()
    };
    let rows: Vec<Vec<_>> = (1..40).map(row).collect();
    let bytes = file(&table, &nullable, &rows, codec);
    (table, nullable, rows, bytes)
}

fn values(rows: Rows) -> Vec<Vec<Value<'static>>> {
    rows.into_iter().map(|(read, _)| read).collect()
}

#[test]
fn a_file_that_is_cut_off_is_refused_wherever() {
    for codec in CODECS {
        let (table, nullable, rows, bytes) = good(codec);
        let header = file(&table, &nullable, &[], codec).len();
        for end in 0..bytes.len() {
            match read(&bytes[..end], &table, &nullable) {
                // The format has no mark of its end: behind the header, this is the file of an
                // empty table.
                Ok(rows) => assert!(end == header && rows.is_empty(), "{codec} cut off at {end}"),
                Err(Failure::Avro(AvroError::NotAvro)) => assert!(end < 4),
                Err(Failure::Avro(AvroError::Truncated(_))) => assert!(end >= 4),
                Err(other) => panic!("{codec} cut off at {end}: {other:?}"),
            }
        }
        assert_eq!(values(read(&bytes, &table, &nullable).unwrap()), rows);
    }
}

/// Where the format lets damage be noticed, it is: everywhere but in what the header says beside
/// the schema, and in the bytes of rows without a checksum (the manifest's SHA-256 sees to both).
#[test]
fn a_file_with_an_altered_byte_never_gives_more_or_fewer_rows() {
    for codec in CODECS {
        let (table, nullable, rows, bytes) = good(codec);
        let header = file(&table, &nullable, &[], codec).len();
        for at in 0..bytes.len() {
            for change in [0x01, 0x02, 0x40, 0x80, 0xff, 0x20] {
                let mut bad = bytes.clone();
                bad[at] ^= change;
                let Ok(found) = read(&bad, &table, &nullable) else { continue };
                let found = values(found);
                assert_eq!(found.len(), rows.len(), "{codec} byte {at}");
                if at < header || codec == Codec::Zstandard {
                    assert_eq!(found, rows, "{codec} byte {at}");
                }
                let data = header + 3..bytes.len() - 16;
                assert!(at < header - 16 || data.contains(&at), "{codec} byte {at} was not missed");
            }
        }
    }
}

#[test]
fn random_bytes_behind_a_good_header_never_panic() {
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    for codec in CODECS {
        let (table, nullable, _, bytes) = good(codec);
        let header = file(&table, &nullable, &[], codec).len();
        for _ in 0..2000 {
            let mut bad = bytes.clone();
            for _ in 0..1 + next() % 8 {
                let at = header + (next() as usize) % (bytes.len() - header);
                bad[at] = next() as u8;
            }
            // Well or ill: it ends, and holds no more than a block.
            let _ = read(&bad, &table, &nullable);
        }
        for _ in 0..2000 {
            let garbage: Vec<u8> = (0..next() % 300).map(|_| next() as u8).collect();
            let _ = read(&[&bytes[..header], &garbage[..]].concat(), &table, &nullable);
            let _ = read(&[&MAGIC_AND_META[..], &garbage[..]].concat(), &table, &nullable);
        }
    }
}

const MAGIC_AND_META: [u8; 5] = *b"Obj\x01\x04";

/// A file of one block that says it has `rows` rows and `length` bytes, and has these.
fn with_block(codec: Codec, rows: i64, length: i64, packed: &[u8]) -> (Table, Vec<u8>) {
    let table = table(r#"{ name = "s", type = "string(40)" }"#);
    let mut bytes = file(&table, &[], &[], codec);
    encode::long(rows, &mut bytes);
    encode::long(length, &mut bytes);
    bytes.extend_from_slice(packed);
    bytes.extend_from_slice(&SYNC);
    (table, bytes)
}

fn message((table, bytes): (Table, Vec<u8>)) -> String {
    match read(&bytes, &table, &[]) {
        Err(Failure::Avro(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn counts_and_lengths_that_cannot_be_are_refused() {
    let row = [2, 2, b'x'];
    assert!(
        read(&with_block(Codec::Null, 1, 3, &row).1, &with_block(Codec::Null, 1, 3, &row).0, &[]).is_ok()
    );
    for (rows, length, expected) in [
        (-1, 3, "its block 1 cannot be read: its count of rows cannot be"),
        (1, -3, "its block 1 cannot be read: its length cannot be, or is more than 16 MiB"),
        (1, i64::MAX, "its block 1 cannot be read: its length cannot be, or is more than 16 MiB"),
        (1, 16 * 1024 * 1024 + 1, "its block 1 cannot be read: its length cannot be, or is more than 16 MiB"),
        (1, 16 * 1024 * 1024, "it ends in the middle of a block"),
        (i64::MAX, 3, "its block 1 cannot be read: it has more rows than its bytes can hold"),
        (2, 3, "its block 1 cannot be read: it has more rows than its bytes can hold"),
        (0, 3, "its block 1 cannot be read: it has bytes behind its last row"),
        (1, 2, "its block 1 cannot be read: the file's marker does not follow it"),
    ] {
        assert_eq!(message(with_block(Codec::Null, rows, length, &row)), expected, "{rows} {length}");
    }
    for (row, expected) in [
        (&[2, 1, b'x'][..], "row 1, column s: its length cannot be"),
        (&[2, 4, b'x'], "row 1, column s: its bytes end too soon"),
        (
            &[2, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            "row 1, column s: its bytes end too soon",
        ),
        (&[2, 2, 0xff], "row 1, column s: its text is not UTF-8"),
        (
            &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2, 0],
            "row 1, column id: it is no number of 64 bits",
        ),
    ] {
        assert_eq!(message(with_block(Codec::Null, 1, row.len() as i64, row)), expected);
    }
}

#[test]
fn values_that_no_column_holds_are_refused_with_row_and_column() {
    let cases: [(&str, &[u8], &str); 14] = [
        ("integer", &[0xfe, 0xff, 0xff, 0xff, 0x1f], "it is no number of 32 bits"),
        ("boolean", &[2], "it is neither true nor false"),
        ("decimal(2,1)", &[2, 100], "its decimal has too many digits"),
        ("decimal(2,1)", &[0], "its decimal has no digits"),
        (
            "decimal(38,1)",
            &[34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            "its decimal has too many digits",
        ),
        ("date", &[0xfe, 0xff, 0xff, 0xff, 0x0f], "it is no day in the years 1000 to 9999"),
        ("timestamp", &[2], "it is no whole second in the years 1000 to 9999"),
        (
            "timestamp",
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            "it is no whole second in the years 1000 to 9999",
        ),
        (
            "timestamp(3)",
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            "it is no moment in the years 1000 to 9999",
        ),
        ("time", &[2], "it is no whole second of a day"),
        // 86,400,000: midnight of the next day.
        ("time", &[0x80, 0xf0, 0xb2, 0x52], "it is no whole second of a day"),
        ("double", &[0, 0, 0, 0, 0, 0, 0xf0, 0x7f], "it is no finite number"),
        ("uuid", &[2, b'a'], "it is no UUID in lower case"),
        ("json", &[2, 0xff], "its text is not UTF-8"),
    ];
    for (kind, value, expected) in cases {
        let table = table(&format!("{{ name = \"a\", type = \"{kind}\" }}"));
        let mut bytes = file(&table, &[], &[], Codec::Null);
        encode::long(1, &mut bytes);
        encode::bytes(&[&[2], value].concat(), &mut bytes);
        bytes.extend_from_slice(&SYNC);
        assert_eq!(message((table, bytes)), format!("row 1, column a: {expected}"));
    }
    // A union has two branches.
    let table = table(r#"{ name = "a", type = "bigint" }"#);
    let mut bytes = file(&table, &[false, true], &[], Codec::Null);
    encode::long(1, &mut bytes);
    encode::bytes(&[2, 4, 2], &mut bytes);
    bytes.extend_from_slice(&SYNC);
    assert_eq!(message((table, bytes)), "row 1, column a: its union has no such branch");
}

#[test]
fn bombs_are_refused_and_blocks_at_the_limit_are_not() {
    for codec in [Codec::Deflate, Codec::Zstandard] {
        for (length, is_bomb) in
            [(16 * 1024 * 1024, false), (16 * 1024 * 1024 + 1, true), (400 * 1024 * 1024, true)]
        {
            let mut packed = Vec::new();
            compress::Compressor::new(codec).unwrap().compress(&vec![0; length], &mut packed).unwrap();
            assert!(packed.len() < 1024 * 1024);
            let found = message(with_block(codec, 1, packed.len() as i64, &packed));
            assert_eq!(found.contains("more than 16 MiB"), is_bomb, "{codec} {length}: {found}");
            // Of the one at the limit, the zeros are unpacked, and are too many for one row.
            assert_eq!(found.contains("bytes behind its last row"), !is_bomb, "{codec} {length}: {found}");
        }
    }
}

#[test]
fn what_is_behind_the_end_of_a_packed_block_is_noticed() {
    for codec in [Codec::Deflate, Codec::Zstandard] {
        let mut packed = Vec::new();
        compress::Compressor::new(codec).unwrap().compress(&[2, 2, b'x'], &mut packed).unwrap();
        let (table, bytes) = with_block(codec, 1, packed.len() as i64, &packed);
        assert!(read(&bytes, &table, &[]).is_ok());
        for end in 0..packed.len() {
            message(with_block(codec, 1, end as i64, &packed[..end]));
        }
        packed.push(0);
        message(with_block(codec, 1, packed.len() as i64, &packed));
    }
}

#[test]
fn headers_that_cannot_be_are_refused() {
    let header = |entries: &[(&str, &[u8])]| {
        let mut bytes = b"Obj\x01".to_vec();
        encode::long(entries.len() as i64, &mut bytes);
        for (name, value) in entries {
            encode::bytes(name.as_bytes(), &mut bytes);
            encode::bytes(value, &mut bytes);
        }
        encode::long(0, &mut bytes);
        bytes.extend_from_slice(&SYNC);
        bytes
    };
    let schema = br#"{"type":"record","name":"things","fields":[{"name":"id","type":"long"}]}"#;
    assert!(
        FileReader::open(&header(&[("avro.schema", schema)])[..]).is_ok(),
        "null is the codec of old files"
    );
    let large = vec![b' '; 1024 * 1024];
    let twice =
        br#"{"type":"record","name":"t","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}"#;
    let deep =
        format!(r#"{{"type":"record","name":"t","fields":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    for (entries, expected) in [
        (&[][..], "it has no schema"),
        (&[("avro.schema", &b"{"[..])], "its schema is no JSON"),
        (&[("avro.schema", deep.as_bytes())], "its schema is no JSON: recursion limit"),
        (&[("avro.schema", b"\"int\"")], "its schema is no record"),
        (&[("avro.schema", br#"{"type":"record","fields":[]}"#)], "its record has no name"),
        (&[("avro.schema", br#"{"type":"record","name":"t"}"#)], "its record has no fields"),
        (
            &[("avro.schema", br#"{"type":"record","name":"t","fields":[{}]}"#)],
            "a field of its record has no name",
        ),
        (&[("avro.schema", twice)], "its record has the field \"a\" twice"),
        (&[("avro.schema", schema), ("avro.schema", schema)], "an entry is there twice"),
        (&[("avro.schema", schema), ("avro.codec", b"snappy")], "its codec is \"snappy\""),
        (&[("avro.schema", schema), ("avro.codec", b"\xff")], "its codec is"),
        (&[("avro.schema", schema), ("x", &large)], "is larger than 1 MiB"),
    ] {
        let found = FileReader::open(&header(entries)[..]).unwrap_err().to_string();
        assert!(found.starts_with("its header cannot be used: "), "{found}");
        assert!(found.contains(expected), "{expected}: {found}");
    }
    // A count without end, of entries without anything.
    let mut endless = b"Obj\x01".to_vec();
    encode::long(i64::MAX, &mut endless);
    let endless = endless.chain(io::repeat(0));
    assert!(FileReader::open(endless).unwrap_err().to_string().contains("is there twice"));
    for bytes in [&b""[..], b"Ob", b"Obj\x02", b"PAR1", b"id,name\n"] {
        assert!(matches!(FileReader::open(bytes), Err(AvroError::NotAvro)));
    }
}

/// Gives one byte at a time, and fails for good after some.
struct Failing<'a>(&'a [u8], usize);

impl Read for Failing<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match (self.0.split_first(), self.1) {
            (_, 0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the line is dead")),
            (None, _) => Ok(0),
            (Some((byte, rest)), left) => {
                into[0] = *byte;
                *self = Self(rest, left - 1);
                Ok(1)
            }
        }
    }
}

#[test]
fn a_reader_that_fails_is_no_file_that_ends() {
    let (_, _, _, bytes) = good(Codec::Deflate);
    for after in [0, 3, 100, bytes.len() - 5, bytes.len()] {
        let result = FileReader::open(Failing(&bytes, after)).and_then(|mut reader| {
            while reader.skip_block()?.is_some() {}
            Ok(())
        });
        assert!(matches!(result, Err(AvroError::Read(_))), "{after}: {result:?}");
    }
    let mut reader = FileReader::open(Failing(&bytes, usize::MAX)).unwrap();
    let mut block = Block::default();
    while reader.next_block(&mut block).unwrap() {}
    assert_eq!(reader.rows, 39);
}
