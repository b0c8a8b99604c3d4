//! Finds the significant bytes of a text, many at a time.

use super::dialect::Dialect;

/// The number of bytes that are examined together.
pub(super) const BLOCK: usize = 64;

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = 0x80 * ONES;

/// One bit for each byte of a block, the lowest for the first: whether it may mean something in the
/// dialect. Some others count, too: control characters, and of a comma's neighbours what little
/// files hold. Eight bytes at a time, without a branch.
#[inline]
pub(super) fn marks(block: &[u8; BLOCK], dialect: Dialect) -> u64 {
    if dialect.delimiter < b'-' && !dialect.has_escapes {
        // Commas, tabs, quotes and line ends all are below the minus, and digits and letters are
        // not.
        return collect(block, |word| ((word & !HIGH) + (0x80 - u64::from(b'-')) * ONES) | word);
    }
    let escape = if dialect.has_escapes { b'\\' } else { b'"' };
    collect(block, |word| {
        // Line ends are below 14.
        let others = ((word & !HIGH) + (0x80 - 14) * ONES) | word;
        others & differs(word, dialect.delimiter) & differs(word, b'"') & differs(word, escape)
    })
}

/// Collects the bits of a block. `others` sets the high bit of each byte of a word that means
/// nothing.
#[inline]
fn collect(block: &[u8; BLOCK], others: impl Fn(u64) -> u64) -> u64 {
    let (words, _) = block.as_chunks();
    words.iter().rev().fold(0, |bits, word| {
        let marks = (!others(u64::from_le_bytes(*word)) & HIGH) >> 7;
        // Brings the eight bits, eight apart, together in the highest byte.
        bits << 8 | marks.wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

/// Returns the high bit of each byte: set unless the byte is this one.
fn differs(word: u64, byte: u8) -> u64 {
    let difference = word ^ (u64::from(byte) * ONES);
    ((difference & !HIGH) + !HIGH) | difference
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_bytes_that_mean_something_wherever_they_stand() {
        for delimiter in [b',', b';', b'\t', b'|', 1, 0x7F] {
            for has_escapes in [false, true] {
                let dialect = Dialect { delimiter, has_quotes: true, has_escapes };
                let escape = if has_escapes { b'\\' } else { b'"' };
                for byte in 0..=u8::MAX {
                    let is_low = delimiter < b'-' && !has_escapes;
                    let is_mark = if is_low {
                        byte < b'-'
                    } else {
                        byte < 14 || [delimiter, b'"', escape].contains(&byte)
                    };
                    for at in 0..BLOCK {
                        let mut block = [b'x'; BLOCK];
                        block[at] = byte;
                        assert_eq!(marks(&block, dialect), u64::from(is_mark) << at, "{byte} at {at}");
                        let mut block = [b'\n'; BLOCK];
                        block[at] = byte;
                        assert_eq!(!marks(&block, dialect), u64::from(!is_mark) << at, "{byte} at {at}");
                    }
                }
            }
        }
    }
}
