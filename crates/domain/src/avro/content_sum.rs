use std::fmt;

use sha2::{Digest, Sha256};

/// The lowest 60 bits: fifteen hexadecimal digits, which MySQL's `CONV` and a signed 64-bit number hold.
const FIFTEEN_DIGITS: u64 = (1 << 60) - 1;

/// What a table's content comes to, whatever the order of its rows: how many there are, and two sums over the SHA-256 of
/// each one's row text.
///
/// The first fifteen hexadecimal digits of each digest and the next fifteen are two numbers, each summed up modulo 2^64. The
/// database sums up the same with [`sum_sql`](super::sum_sql). It is made to find mistakes and damage, 120 bits of
/// digest a row; it is no seal against somebody who makes up rows until the sums agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContentSum {
    rows: u64,
    a: u64,
    b: u64,
}

impl ContentSum {
    /// Adds a row by its [row text](super::write_row_text).
    pub fn add(&mut self, row_text: &[u8]) {
        let digest = Sha256::digest(row_text);
        let number = |from: usize| {
            digest[from..from + 8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        self.rows += 1;
        // Digits 0 to 14 end in the middle of the eighth byte, where digits 15 to 29 begin.
        self.a = self.a.wrapping_add(number(0) >> 4);
        self.b = self.b.wrapping_add(number(7) & FIFTEEN_DIGITS);
    }

    /// Adds the rows that another sum was made of.
    pub fn merge(&mut self, other: &Self) {
        self.rows = self.rows.saturating_add(other.rows);
        self.a = self.a.wrapping_add(other.a);
        self.b = self.b.wrapping_add(other.b);
    }

    /// How many rows were added.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Both sums as 32 lower-case hexadecimal digits; all zeros where there is no row.
    pub fn checksum(&self) -> String {
        format!("{:016x}{:016x}", self.a, self.b)
    }

    /// The sum with this many rows and this [`checksum`](Self::checksum); `None` when that is no checksum.
    pub fn parse(rows: u64, checksum: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if checksum.len() != 32 || !checksum.bytes().all(is_digit) {
            return None;
        }
        let half = |digits: &str| u64::from_str_radix(digits, 16).ok();
        Some(Self { rows, a: half(&checksum[..16])?, b: half(&checksum[16..])? })
    }

    /// The sum as the database answers [`sum_sql`](super::sum_sql): three whole numbers as decimal text, the last two
    /// beyond 2^64 for a large table. `None` when they are no such numbers.
    pub fn from_sql(rows: &str, a: &str, b: &str) -> Option<Self> {
        let low = |text: &str| text.parse::<u128>().ok().map(|sum| sum as u64);
        Some(Self { rows: rows.parse().ok()?, a: low(a)?, b: low(b)? })
    }
}

impl fmt::Display for ContentSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows, checksum {}", self.rows, self.checksum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_fifteen_digits_and_the_next_fifteen() {
        // SHA-256 of "abc" from FIPS 180-2: ba7816bf8f01cfe a414140de5dae22 23b0…
        let mut sum = ContentSum::default();
        sum.add(b"abc");
        assert_eq!(sum, ContentSum { rows: 1, a: 0x0ba7_816b_f8f0_1cfe, b: 0x0a41_4140_de5d_ae22 });
        assert_eq!(sum.checksum(), "0ba7816bf8f01cfe0a414140de5dae22");
        assert_eq!(ContentSum::parse(1, &sum.checksum()), Some(sum));
    }

    #[test]
    fn is_the_same_in_every_order_and_division_of_the_rows() {
        let rows: Vec<String> = (0..1000).map(|id| format!("{id},3:abc")).collect();
        let mut forward = ContentSum::default();
        rows.iter().for_each(|row| forward.add(row.as_bytes()));
        let (mut odd, mut even) = (ContentSum::default(), ContentSum::default());
        for (index, row) in rows.iter().enumerate().rev() {
            if index % 2 == 0 { even.add(row.as_bytes()) } else { odd.add(row.as_bytes()) }
        }
        odd.merge(&even);
        assert_eq!(odd, forward);
        odd.add(b"0,3:abc");
        assert_ne!(odd.checksum(), forward.checksum());
    }

    #[test]
    fn reads_sums_of_the_database_beyond_64_bits() {
        let sum = ContentSum::from_sql("20", "18446744073709551617", "36893488147419103231").unwrap();
        assert_eq!(sum, ContentSum { rows: 20, a: 1, b: u64::MAX });
        for text in ["", "-1", "1.0", "NULL", "400000000000000000000000000000000000000"] {
            assert_eq!(ContentSum::from_sql("20", text, "0"), None, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_checksum() {
        for text in ["", "0", "+ba7816bf8f01cfe0a414140de5dae22", "0BA7816BF8F01CFE0A414140DE5DAE22"] {
            assert_eq!(ContentSum::parse(1, text), None, "{text}");
        }
    }
}
