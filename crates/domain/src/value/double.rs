//! Numbers with a binary exponent.

use std::fmt::Write;

/// The least number, but for 0, that is printed without an exponent.
const LEAST_PLAIN: f64 = 1e-15;

/// The least whole number that is printed with an exponent: some of so many digits cannot be told
/// from their neighbours.
const LEAST_WHOLE_WITH_EXPONENT: f64 = 1e15;

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

    /// Reads a number from the one form in which [`write_to`](Self::write_to) writes it.
    pub(crate) fn parse_written(text: &str) -> Option<Self> {
        let number = Self::new(text.parse().ok()?)?;
        let mut written = String::with_capacity(text.len());
        number.write_to(&mut written);
        (written == text).then_some(number)
    }

    /// Appends the number with the fewest digits that tell it from every other one, as MySQL and
    /// MariaDB print it: `0.1`, `-12.5`, `1e15`, `1.7976931348623157e308`.
    pub(crate) fn write_to(self, text: &mut String) {
        write_shortest(self.0, text);
    }
}

/// Appends a finite number as MySQL prints it in a JSON document: as [`Double::write_to`] does, but
/// `7.0`, which tells it from a whole number, and `-0.0`.
pub(crate) fn write_json_double(number: f64, text: &mut String) {
    let start = text.len();
    write_shortest(number, text);
    if !text[start..].contains(['.', 'e']) {
        text.push_str(".0");
    }
}

/// Appends a number as MySQL's and MariaDB's `my_gcvt` do: without an exponent where it takes
/// neither more than fourteen zeros before the first digit, nor zeros in place of digits before the
/// point. <https://github.com/mysql/mysql-server/blob/8.0/strings/dtoa.cc>
fn write_shortest(number: f64, text: &mut String) {
    let start = text.len();
    let size = number.abs();
    let is_whole = number.fract() == 0.0;
    let is_plain = size == 0.0 || size >= LEAST_PLAIN && !(is_whole && size >= LEAST_WHOLE_WITH_EXPONENT);
    // Writing to a String does not fail.
    let _ = if is_plain { write!(text, "{number}") } else { write!(text, "{number:e}") };
    let written = &text[start..];
    // A number halfway between two texts of so few digits has a text of its own.
    if written.len() < f64::DIGITS as usize {
        return;
    }
    // Of two texts that are equally near, they take the one that ends with an even digit, as Rust
    // does where the digits are counted. That one may be another number's.
    let places = written.split_once('.').map_or(0, |(_, rest)| rest.find('e').unwrap_or(rest.len()));
    let even = if is_plain { format!("{number:.places$}") } else { format!("{number:.places$e}") };
    if even.parse() == Ok(number) {
        text.replace_range(start.., &even);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(number: f64) -> String {
        let mut text = String::new();
        Double::new(number).unwrap().write_to(&mut text);
        text
    }

    fn in_json(number: f64) -> String {
        let mut text = String::new();
        write_json_double(number, &mut text);
        text
    }

    /// The texts in MySQL 9.7 and MariaDB 10.11.
    #[test]
    fn writes_numbers_as_mysql_prints_them() {
        for (number, expected) in [
            (0.0, "0"),
            (7.0, "7"),
            (-12.5, "-12.5"),
            (0.1, "0.1"),
            (0.000_001_234, "0.000001234"),
            (0.300_000_000_000_000_04, "0.30000000000000004"),
            (1e14, "100000000000000"),
            (123_456_789_012_345.0, "123456789012345"),
            (1e15, "1e15"),
            (1_234_567_890_123_456.0, "1.234567890123456e15"),
            (-4_224_469_019_234_238.5, "-4224469019234238.5"),
            (123_456_789_012_345_680.0, "1.2345678901234568e17"),
            // Halfway between two texts.
            (2_807_039_472_023_897.0 / 4.0, "701759868005974.2"),
            (-122_006_250_971_237.0 / 32.0, "-3812695342851.1562"),
            (2_f64.powi(-25), "0.000000029802322387695312"),
            (2_f64.powi(-1000), "9.332636185032189e-302"),
            (1e22, "1e22"),
            (f64::MAX, "1.7976931348623157e308"),
            (1e-15, "0.000000000000001"),
            (-2.5e-14, "-0.000000000000025"),
            (2_f64.powi(-44), "0.00000000000005684341886080802"),
            (1e-16, "1e-16"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(written(number), expected);
            let whole = if expected.contains(['.', 'e']) { "" } else { ".0" };
            assert_eq!(in_json(number), format!("{expected}{whole}"));
        }
        assert_eq!((written(-0.0).as_str(), in_json(-0.0).as_str()), ("0", "-0.0"));
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Double::new(number), None);
        }
    }

    #[test]
    fn reads_no_other_form() {
        for text in ["", "1.0", "01", "+1", "-0", ".5", "1.", "1E15", "1e+15", "1e14", "inf", "NaN", " 1"] {
            assert_eq!(Double::parse_written(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_number_comes_back(number in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO) {
            prop_assert_eq!(Double::parse_written(&written(number)), Double::new(number));
        }
    }
}
