//! Numbers with a binary exponent.

use std::fmt::Write;

/// The least number, but for 0, that row texts have without an exponent.
const LEAST_PLAIN: f64 = 1e-3;

/// The least number, but for 0, that MySQL's JSON documents have without an exponent.
const LEAST_PLAIN_IN_JSON: f64 = 1e-15;

/// The least whole number that MySQL prints with an exponent: it has more digits than every double
/// can tell apart.
const LEAST_WITH_EXPONENT: f64 = 1e15;

/// A finite number of 64 bits. There is one zero: -0 becomes 0, as MySQL compares both as equal.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Double(f64);

/// Sound because it is never NaN.
impl Eq for Double {}

impl Double {
    /// Returns the number if it is finite.
    pub fn new(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self(number + 0.0))
    }

    /// Returns the number.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Appends the number with the fewest digits that tell it from its neighbours, `-0.05`, as
    /// MySQL prints it. A number beside 0 of less than 0.001 has an exponent, `4.5e-7`: MySQL and
    /// MariaDB print one without it in texts of different lengths, so that their statements add it.
    pub(crate) fn write_to(self, text: &mut String) {
        write_shortest(self.0, LEAST_PLAIN, text);
    }
}

/// Appends a finite number as MySQL prints one in a JSON document: `-0.05`, `1e15`, and `7.0` to
/// tell it from a whole number.
pub(crate) fn write_json_double(number: f64, text: &mut String) {
    let start = text.len();
    write_shortest(number, LEAST_PLAIN_IN_JSON, text);
    if !text[start..].contains(['.', 'e']) {
        text.push_str(".0");
    }
}

/// Appends a number as MySQL's `my_gcvt` does, which chooses between a form with and one without an
/// exponent. <https://github.com/mysql/mysql-server/blob/8.0/strings/dtoa.cc>
fn write_shortest(number: f64, least: f64, text: &mut String) {
    let size = number.abs();
    let has_fraction = number.fract() != 0.0;
    let is_plain =
        size == 0.0 || size >= least && (size < LEAST_WITH_EXPONENT || has_fraction);
    // Writing to a String does not fail.
    let _ = if is_plain { write!(text, "{number}") } else { write!(text, "{number:e}") };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts in MySQL 9.7 of numbers and of the same in JSON documents.
    #[test]
    fn prints_what_mysql_prints() {
        for (number, expected, in_json) in [
            (0.0, "0", "0.0"),
            (7.0, "7", "7.0"),
            (-0.05, "-0.05", "-0.05"),
            (0.1, "0.1", "0.1"),
            (0.30000000000000004, "0.30000000000000004", "0.30000000000000004"),
            (0.001, "0.001", "0.001"),
            (1e14, "100000000000000", "100000000000000.0"),
            (123_456_789_012_345.0, "123456789012345", "123456789012345.0"),
            (1e15, "1e15", "1e15"),
            (1_234_567_890_123_456.0, "1.234567890123456e15", "1.234567890123456e15"),
            (-4_224_469_019_234_238.5, "-4224469019234238.5", "-4224469019234238.5"),
            (1e22, "1e22", "1e22"),
            (-1.797_693_134_862_315_7e308, "-1.7976931348623157e308", "-1.7976931348623157e308"),
            (1e-16, "1e-16", "1e-16"),
            (5e-324, "5e-324", "5e-324"),
            // Here MySQL and MariaDB differ, and their statements are told what to print.
            (0.000_001_234, "1.234e-6", "0.000001234"),
            (1e-15, "1e-15", "0.000000000000001"),
            (2_f64.powi(-44), "5.684341886080802e-14", "0.00000000000005684341886080802"),
        ] {
            let mut text = String::new();
            Double::new(number).unwrap().write_to(&mut text);
            assert_eq!(text, expected);
            text.clear();
            write_json_double(number, &mut text);
            assert_eq!(text, in_json);
        }
        let mut text = String::new();
        write_json_double(-0.0, &mut text);
        assert_eq!(text, "-0.0");
        assert_eq!(Double::new(-0.0).unwrap().get().to_bits(), 0);
        assert_eq!((Double::new(f64::NAN), Double::new(f64::INFINITY)), (None, None));
    }
}
