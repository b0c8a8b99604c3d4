//! The parts of a large file.

const MIB: u64 = 1024 * 1024;

/// The most bytes of a file that is put in one piece, if its size is given. An interrupted one is
/// sent again from its start.
pub const MAX_SINGLE_BYTES: u64 = 64 * MIB;

/// The most parts of a file: as many as S3 lists at once, and one answer has links for. S3 takes
/// 10,000.
pub const MAX_PARTS: u64 = 1000;

/// The fewest bytes of a part, other than the last one. S3 takes parts from 5 MiB.
pub const MIN_PART_BYTES: u64 = 16 * MIB;

/// The most bytes of a file: [`MAX_PARTS`] of 5 GiB each, the most that S3 takes.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
pub const MAX_BYTES: u64 = MAX_PARTS * 5 * 1024 * MIB;

/// Returns the bytes of each part of a file of so many bytes; the last part has the rest.
pub(crate) fn part_bytes(bytes: u64) -> u64 {
    bytes.div_ceil(MAX_PARTS).next_multiple_of(MIB).max(MIN_PART_BYTES)
}

/// Returns the parts of a file of so many bytes: their numbers, from 1, and their sizes.
pub(crate) fn parts_of(bytes: u64) -> impl Iterator<Item = (u32, u64)> {
    let part = part_bytes(bytes);
    (1..).zip((0..bytes.div_ceil(part)).map(move |before| part.min(bytes - before * part)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_are_the_file_and_what_s3_takes(bytes in prop_oneof![1..=MAX_BYTES, MAX_BYTES - 9..=MAX_BYTES, 1..99_000_000u64]) {
            let parts: Vec<(u32, u64)> = parts_of(bytes).collect();
            prop_assert!(parts.len() as u64 <= MAX_PARTS);
            prop_assert_eq!(parts.iter().map(|(_, size)| size).sum::<u64>(), bytes);
            let (last, others) = parts.split_last().unwrap();
            prop_assert!(last.1 > 0 && last.1 <= part_bytes(bytes));
            for (index, (number, size)) in others.iter().enumerate() {
                prop_assert_eq!((*number as usize, *size), (index + 1, part_bytes(bytes)));
            }
            prop_assert!((MIN_PART_BYTES..=5 * 1024 * MIB).contains(&part_bytes(bytes)));
        }
    }
}
