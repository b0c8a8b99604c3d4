use apache_avro::types::Value as Avro;
use apache_avro::{Bzip2Settings, Codec, DeflateSettings, XzSettings, ZstandardSettings};
use proptest::prelude::*;

use super::damage::raw;
use super::*;

fn codecs() -> [Codec; 6] {
    [
        Codec::Null,
        Codec::Deflate(DeflateSettings::default()),
        Codec::Snappy,
        Codec::Zstandard(ZstandardSettings::default()),
        Codec::Bzip2(Bzip2Settings::default()),
        Codec::Xz(XzSettings::new(6)),
    ]
}

#[test]
fn reads_every_codec_that_the_library_writes() {
    let rows: Vec<Avro> = (1..=2_000).map(|id| hire(id, "Ada", "2021-11-07 02:48:42.0")).collect();
    let plain = read("hires", &file_of_blocks(HIRES, Codec::Null, std::slice::from_ref(&rows))).unwrap();
    assert_eq!((plain.rows.len(), &*plain.rows[1]), (2_000, "2,X'416461',20211107024842"));
    for codec in codecs() {
        let blocks = [rows[..700].to_vec(), rows[700..701].to_vec(), rows[701..].to_vec()];
        assert_eq!(read("hires", &file_of_blocks(HIRES, codec, &blocks)), Ok(plain.clone()), "{codec:?}");
    }
}

#[test]
fn reads_snappy_as_its_format_says_and_not_only_as_the_library_writes_it() {
    let row = [&[0, 14, 0, 6][..], b"Ada", &[0, 42], b"2021-11-07 02:48:42.0"].concat();
    assert_eq!(
        read("hires", &raw(HIRES, "null", &[(1, &row)])).unwrap().rows,
        ["7,X'416461',20211107024842"]
    );
    // Literals of ten bytes: https://github.com/google/snappy/blob/main/format_description.txt
    let mut packed = vec![row.len() as u8];
    for piece in row.chunks(10) {
        packed.push((piece.len() as u8 - 1) << 2);
        packed.extend_from_slice(piece);
    }
    packed.extend_from_slice(&crc32(&row).to_be_bytes());
    let mut file = raw(HIRES, "snappy", &[(1, &packed)]);
    assert_eq!(read("hires", &file).unwrap().rows, ["7,X'416461',20211107024842"]);
    let crc = file.len() - 17;
    file[crc] ^= 1;
    assert_eq!(read("hires", &file).unwrap_err(), "from row 1: a block cannot be unpacked");
}

/// As zlib has it, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc: u32, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    })
}

#[test]
fn names_a_codec_that_it_does_not_know() {
    let file = raw(HIRES, "lz4", &[]);
    let reason = "its codec \"lz4\" is not one of null, deflate, snappy, zstandard, bzip2 and xz";
    assert_eq!(read("hires", &file).unwrap_err(), reason);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Rows in blocks of any size, in any codec, are read as they were written, in its order.
    #[test]
    fn every_row_comes_out_as_it_was_written(
        names in proptest::collection::vec("[a-zé😀,\"]{1,20}", 1..60),
        blocks in proptest::collection::vec(1_usize..20, 1..60),
        codec in 0_usize..6,
    ) {
        let mut rows: Vec<Avro> =
            (1..).zip(&names).map(|(id, name)| hire(id, name, "2021-11-07 02:48:42")).collect();
        let mut cut = Vec::new();
        for size in blocks {
            let rest = rows.split_off(size.min(rows.len()));
            cut.push(std::mem::replace(&mut rows, rest));
        }
        cut.push(rows);
        let expected: Vec<String> = (1..).zip(&names).map(|(id, name): (i32, _)| {
            let digits: String = name.bytes().map(|byte| format!("{byte:02X}")).collect();
            format!("{id},X'{digits}',20211107024842")
        }).collect();
        let found = read("hires", &file_of_blocks(HIRES, codecs()[codec], &cut)).unwrap();
        prop_assert_eq!(found, Rows { rows: expected, rejects: Vec::new() });
    }
}
