use apache_avro::Codec;
use apache_avro::types::Value as Avro;
use proptest::prelude::*;

use super::*;

/// A file with these blocks, said to be of so many rows, whatever is in them.
pub(super) fn raw(schema: &str, codec: &str, blocks: &[(i64, &[u8])]) -> Vec<u8> {
    let mut file = b"Obj\x01\x04\x16avro.schema".to_vec();
    push_bytes(&mut file, schema.as_bytes());
    file.extend_from_slice(b"\x14avro.codec");
    push_bytes(&mut file, codec.as_bytes());
    file.push(0);
    file.extend_from_slice(&[9; 16]);
    for (rows, bytes) in blocks {
        push_long(&mut file, *rows);
        push_bytes(&mut file, bytes);
        file.extend_from_slice(&[9; 16]);
    }
    file
}

fn push_bytes(file: &mut Vec<u8>, bytes: &[u8]) {
    push_long(file, bytes.len() as i64);
    file.extend_from_slice(bytes);
}

fn push_long(file: &mut Vec<u8>, number: i64) {
    let mut bits = ((number << 1) ^ (number >> 63)) as u64;
    while bits >= 0x80 {
        file.push(bits as u8 | 0x80);
        bits >>= 7;
    }
    file.push(bits as u8);
}

/// The reason against one block of `hires`.
fn block(rows: i64, bytes: &[u8]) -> String {
    read("hires", &raw(HIRES, "null", &[(rows, bytes)])).unwrap_err()
}

/// The row 1, `A`, with an empty time, which breaks a rule but is a row.
const ROW: [u8; 7] = [0, 2, 0, 2, b'A', 0, 0];

#[test]
fn a_file_that_is_cut_off_anywhere_is_never_read_as_a_whole_one() {
    for codec in
        [Codec::Null, Codec::Deflate(Default::default()), Codec::Snappy, Codec::Xz(Default::default())]
    {
        let blocks: Vec<Vec<Avro>> = (0..3)
            .map(|block| (1..4).map(|row| hire(block * 3 + row, "Ada", "2021-11-07 02:48:42")).collect())
            .collect();
        let whole = file_of_blocks(HIRES, codec, &blocks);
        assert_eq!(read("hires", &whole).unwrap().rows.len(), 9);
        let ends: Vec<usize> =
            (0..3).map(|count| file_of_blocks(HIRES, codec, &blocks[..count]).len()).collect();
        let mut between = Vec::new();
        for length in 0..whole.len() {
            match read("hires", &whole[..length]) {
                // The end of a block looks like the end of a file: that much of it is whole, and no
                // more.
                Ok(rows) => between.push((length, rows.rows.len())),
                Err(reason) => {
                    assert!(
                        ["it is cut off", "it is no Avro file"].contains(&&*reason),
                        "{length}: {reason}"
                    );
                }
            }
        }
        assert_eq!(between, ends.into_iter().zip([0, 3, 6]).collect::<Vec<_>>(), "{codec:?}");
    }
}

#[test]
fn rows_are_never_made_up_or_left_over() {
    assert_eq!(
        read("hires", &raw(HIRES, "null", &[(1, &ROW)])).unwrap().rejects.len(),
        1,
        "the row itself is one"
    );
    assert_eq!(block(2, &ROW), "row 2: it ends within a value");
    assert_eq!(block(1, &ROW[..6]), "row 1: it ends within a value");
    assert_eq!(block(1, &[ROW, ROW].concat()), "behind row 1, the last one of its block, the block goes on");
    assert_eq!(block(0, &ROW), "behind row 0, the last one of its block, the block goes on");
    assert_eq!(block(i64::MAX, &ROW), "from row 1: a block has more rows than bytes");
    assert_eq!(block(-1, &ROW), "a block has a negative length");
    assert_eq!(read("hires", &raw(HIRES, "null", &[(0, &[])])), Ok(Rows::default()));
    let mut moved = raw(HIRES, "null", &[(1, &ROW)]);
    let last = moved.len() - 1;
    moved[last] = 8;
    assert_eq!(read("hires", &moved).unwrap_err(), "a block does not end where it says");
}

#[test]
fn lengths_that_cannot_be_are_refused() {
    assert_eq!(block(1, &[0, 2, 0, 1, b'A', 0, 0]), "row 1: a value has a negative length");
    let huge = [&[0, 2, 0][..], &[0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]].concat();
    assert_eq!(block(1, &huge), "row 1: it ends within a value");
    assert_eq!(block(1, &[4; 7]), "row 1: a union has a variant that its schema has not");
    assert_eq!(block(1, &[0; 0]), "from row 1: a block has more rows than bytes");
    assert_eq!(block(1, &[&[0][..], &[0xFF; 10]].concat()), "row 1: it has a number of more than 64 bits");
    assert_eq!(block(1, &[0, 0x80, 0x80, 0x80, 0x80, 0x20, 0, 0]), "row 1: an int has more than 32 bits");
    let list = r#"{"type": "record", "name": "t", "fields": [
        {"name": "id", "type": "long"}, {"name": "x", "type": {"type": "array", "items": "null"}}]}"#;
    let mut endless = vec![2];
    push_long(&mut endless, i64::MAX);
    let endless = raw(list, "null", &[(1, &endless)]);
    assert_eq!(
        read_ignoring("things", &endless, &["x"]).unwrap_err(),
        "row 1: a list has more items than bytes"
    );
}

#[test]
fn values_that_lie_too_deep_in_each_other_are_refused() {
    let list = r#"{"type": "record", "name": "t", "fields": [{"name": "id", "type": "long"}, {"name": "x", "type":
        ["null", {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}]}]}"#;
    let nested = |depth: usize| {
        let row = [&[2][..], &vec![2; depth], &[0]].concat();
        read_ignoring("things", &raw(list, "null", &[(1, &row)]), &["x"])
    };
    assert!(nested(10).is_ok());
    assert_eq!(nested(1_000_000).unwrap_err(), "row 1: a value lies too deep in others");
    let within = r#"{"type": "record", "name": "t", "fields": [
        {"name": "id", "type": "long"}, {"name": "x", "type": ["null", "t"]}]}"#;
    let reason = read_ignoring("things", &raw(within, "null", &[]), &["x"]).unwrap_err();
    assert_eq!(reason, "its schema has its own rows within a row");
}

#[test]
fn values_without_bytes_have_an_end() {
    // Each record has the one before it twice: 2 to the power of 25 nulls, and not one byte.
    let mut nested = r#""null""#.to_owned();
    for level in 0..25 {
        nested = match level {
            0 => r#"{"type": "record", "name": "r0", "fields": [{"name": "a", "type": "null"}]}"#.to_owned(),
            _ => format!(
                r#"{{"type": "record", "name": "r{level}", "fields": [{{"name": "a", "type": {nested}}},
                    {{"name": "b", "type": "r{}"}}]}}"#,
                level - 1
            ),
        };
    }
    let schema = format!(
        r#"{{"type": "record", "name": "t", "fields": [{{"name": "id", "type": "long"}}, {{"name": "x", "type": {nested}}}]}}"#
    );
    let found = read_ignoring("things", &raw(&schema, "null", &[(1, &[2])]), &["x"]);
    assert_eq!(found.unwrap_err(), "row 1: a value has too many parts");
}

#[test]
fn a_bomb_is_refused_in_every_codec() {
    let zeros = vec![0; 17 * 1024 * 1024];
    for (name, codec) in [
        ("deflate", Codec::Deflate(Default::default())),
        ("snappy", Codec::Snappy),
        ("zstandard", Codec::Zstandard(Default::default())),
        ("bzip2", Codec::Bzip2(Default::default())),
        ("xz", Codec::Xz(Default::default())),
    ] {
        let mut packed = zeros.clone();
        codec.compress(&mut packed).unwrap();
        let reason = read("hires", &raw(HIRES, name, &[(1, &packed)])).unwrap_err();
        assert_eq!(
            reason, "from row 1: a block has more than 16 MiB; write the file with smaller blocks",
            "{name}"
        );
    }
    let mut large = raw(HIRES, "null", &[]);
    push_long(&mut large, 1);
    push_long(&mut large, 1 << 40);
    assert_eq!(
        read("hires", &large).unwrap_err(),
        "a block has more than 16 MiB; write the file with smaller blocks",
        "refused before anything of it is read"
    );
}

#[test]
fn headers_that_cannot_be_used_are_refused_with_their_reason() {
    assert_eq!(read("hires", b"").unwrap_err(), "it is no Avro file");
    assert_eq!(read("hires", b"PAR1\x15\x04").unwrap_err(), "it is no Avro file");
    assert_eq!(read("hires", b"Obj\x02").unwrap_err(), "it is no Avro file");
    let mut none = b"Obj\x01\0".to_vec();
    none.extend_from_slice(&[9; 16]);
    assert_eq!(read("hires", &none).unwrap_err(), "its header has no schema");
    let mut large = b"Obj\x01\x02\x16avro.schema".to_vec();
    push_long(&mut large, 5 << 20);
    assert_eq!(read("hires", &large).unwrap_err(), "its header is larger than 4 MiB");
    let mut endless = b"Obj\x01".to_vec();
    push_long(&mut endless, i64::MAX);
    assert_eq!(read("hires", &endless).unwrap_err(), "it is cut off");
    assert_eq!(
        read("hires", &raw("\"string\"", "null", &[])).unwrap_err(),
        "its schema is no record, so it has no rows"
    );
    let both = read("hires", &raw("{}", "lzo", &[])).unwrap_err();
    assert!(
        both.starts_with("its codec \"lzo\"") && both.contains("; its schema cannot be used: "),
        "{both}"
    );
    let unknown = r#"{"type": "record", "name": "t", "fields": [{"name": "id", "type": "Elsewhere"}]}"#;
    let reason = read("hires", &raw(unknown, "null", &[])).unwrap_err();
    assert!(reason.starts_with("its schema"), "{reason}");
    let nested = format!("{}\"int\"{}", "{\"type\": \"array\", \"items\": ".repeat(5_000), "}".repeat(5_000));
    assert!(read("hires", &raw(&nested, "null", &[])).unwrap_err().starts_with("its schema"));
}

proptest! {
    /// A file with a flipped bit is read, or refused; it ends.
    #[test]
    fn altered_files_end_with_rows_or_a_reason(at in 0_usize..2_000, bit in 0_u32..8, codec in 0_usize..3) {
        let codec = [Codec::Null, Codec::Deflate(Default::default()), Codec::Bzip2(Default::default())][codec];
        let rows = (1..20).map(|id| hire(id, "Ada", "2021-11-07 02:48:42")).collect();
        let mut file = file_of_blocks(HIRES, codec, &[rows]);
        let at = at % file.len();
        file[at] ^= 1 << bit;
        if let Ok(rows) = read("hires", &file) {
            prop_assert!(rows.rows.len() + rows.rejects.len() <= 19);
        }
    }

    /// So does any row of any bytes.
    #[test]
    fn any_bytes_end_with_rows_or_a_reason(rows in 0_i64..5, bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let schema = r#"{"type": "record", "name": "t", "fields": [
            {"name": "id", "type": ["long", "string", "double"]},
            {"name": "price", "type": ["null", {"type": "bytes", "logicalType": "big-decimal"}, "float"]},
            {"name": "day", "type": {"type": "array", "items": {"type": "map", "values": "boolean"}}},
            {"name": "name", "type": ["null", {"type": "enum", "name": "e", "symbols": ["A"]},
                {"type": "fixed", "name": "f", "size": 3}]}]}"#;
        if let Ok(found) = read("things", &raw(schema, "null", &[(rows, &bytes)])) {
            prop_assert_eq!((found.rows.len() + found.rejects.len()) as i64, rows);
        }
    }
}
