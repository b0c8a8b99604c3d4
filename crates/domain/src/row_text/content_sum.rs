use std::fmt;

use sha2::{Digest, Sha256};

use crate::digest::is_hex;

/// The count and the checksum of a table's rows, whatever their order: the checksum is a sum over
/// the SHA-256 of each row's text.
///
/// The first sixteen hexadecimal digits of each digest are a number; these are summed up modulo
/// 2^64. The database sums up the same with [`sum_sql`](super::sum_sql), for which a longer part of
/// the digest would take twice the time: MySQL's `CONV` knows 64 bits, and the digest would be
/// computed again for every 64 of them. The sum detects mistakes and damage; it does not protect
/// against forged rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContentSum {
    rows: u64,
    sum: u64,
}

impl ContentSum {
    /// Adds a row by its [row text](super::write_row_text).
    pub fn add(&mut self, row_text: &[u8]) {
        let digest = Sha256::digest(row_text);
        let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        self.rows += 1;
        self.sum = self.sum.wrapping_add(number);
    }

    /// Adds the rows that another sum was made of.
    pub fn merge(&mut self, other: &Self) {
        self.rows = self.rows.saturating_add(other.rows);
        self.sum = self.sum.wrapping_add(other.sum);
    }

    /// Returns how many rows were added.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the sum as sixteen lower-case hexadecimal digits; all zeros if there is no row.
    pub fn checksum(&self) -> String {
        format!("{:016x}", self.sum)
    }

    /// Returns the sum with this many rows and this [`checksum`](Self::checksum); `None` if that is
    /// not a checksum.
    pub fn parse(rows: u64, checksum: &str) -> Option<Self> {
        let sum = is_hex(checksum, 16).then(|| u64::from_str_radix(checksum, 16).ok())??;
        Some(Self { rows, sum })
    }

    /// Parses the database's answer to [`sum_sql`](super::sum_sql): two whole numbers as decimal
    /// text, the last one beyond 2^64 for all but the smallest tables. `None` if they are not such
    /// numbers.
    pub fn from_sql(rows: &str, sum: &str) -> Option<Self> {
        let sum: u128 = sum.parse().ok()?;
        Some(Self { rows: rows.parse().ok()?, sum: sum as u64 })
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
    fn takes_the_first_sixteen_digits() {
        // SHA-256 of "abc" from FIPS 180-2: ba7816bf8f01cfea 414140de…
        let mut sum = ContentSum::default();
        sum.add(b"abc");
        assert_eq!(sum, ContentSum { rows: 1, sum: 0xba78_16bf_8f01_cfea });
        assert_eq!(sum.checksum(), "ba7816bf8f01cfea");
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
        let sum = |text| ContentSum::from_sql("20", text);
        assert_eq!(sum("18446744073709551617"), Some(ContentSum { rows: 20, sum: 1 }));
        assert_eq!(sum("36893488147419103231"), Some(ContentSum { rows: 20, sum: u64::MAX }));
        for text in ["", "-1", "1.0", "NULL", "400000000000000000000000000000000000000"] {
            assert_eq!(sum(text), None, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_checksum() {
        for text in ["", "0", "+a7816bf8f01cfea", "BA7816BF8F01CFEA", "0ba7816bf8f01cfea"] {
            assert_eq!(ContentSum::parse(1, text), None, "{text}");
        }
    }
}
