//! Numbers with a binary exponent.

use std::fmt::Write;

use super::push_number;

/// The powers of ten beyond which MySQL writes an exponent: its `MAX_DECPT_FOR_F_FORMAT`
/// (`strings/dtoa.cc`; MariaDB has the same).
const MOST_PLACES: i32 = 15;

/// Digits that a number needs at most to be told from every other one.
const MOST_DIGITS: usize = 17;

/// A finite number of 64 bits. There is one zero: -0 becomes 0, as MySQL shows both.
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
    ///
    /// As they do, it writes an exponent where the first digit is behind fourteen zeros or more, or
    /// where zeros would have to fill up more than fifteen digits before the point.
    pub(crate) fn write_to(self, text: &mut String) {
        if self.0 == 0.0 {
            text.push('0');
            return;
        }
        if self.0 < 0.0 {
            text.push('-');
        }
        let (digits, length, exponent) = self.digits(text);
        let digits = &digits[..length];
        // The position of the point behind the first digit's beginning.
        let point = exponent + 1;
        let is_plain =
            point > -MOST_PLACES && (point <= MOST_PLACES || usize::try_from(point).is_ok_and(|at| length > at));
        if !is_plain {
            push_digits(text, &digits[..1]);
            if length > 1 {
                text.push('.');
                push_digits(text, &digits[1..]);
            }
            text.push('e');
            push_number(text, exponent);
            return;
        }
        let before = usize::try_from(point).unwrap_or(0);
        if before == 0 {
            text.push('0');
        }
        push_digits(text, &digits[..before.min(length)]);
        text.extend(std::iter::repeat_n('0', before.saturating_sub(length)));
        if before < length {
            text.push('.');
            text.extend(std::iter::repeat_n('0', point.min(0).unsigned_abs() as usize));
            push_digits(text, &digits[before..]);
        }
    }

    /// Returns the digits without zeros at either end, how many there are, and the power of ten of
    /// the first one. `scratch` is as it was afterwards: so nothing is allocated.
    fn digits(self, scratch: &mut String) -> ([u8; MOST_DIGITS], usize, i32) {
        let start = scratch.len();
        // Writing to a String does not fail.
        let _ = write!(scratch, "{:e}", self.0.abs());
        let (mantissa, exponent) = scratch[start..].split_once('e').unwrap_or((&scratch[start..], "0"));
        let mut digits = [b'0'; MOST_DIGITS];
        let mut length = 0;
        for (place, digit) in digits.iter_mut().zip(mantissa.bytes().filter(u8::is_ascii_digit)) {
            *place = digit;
            length += 1;
        }
        let exponent = exponent.parse().unwrap_or(0);
        scratch.truncate(start);
        (digits, length, exponent)
    }
}

fn push_digits(text: &mut String, digits: &[u8]) {
    text.extend(digits.iter().map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(number: f64) -> String {
        let mut text = String::from("x");
        Double::new(number).unwrap().write_to(&mut text);
        text.split_off(1)
    }

    #[test]
    fn writes_numbers_as_mysql_prints_them() {
        // What SELECT CONCAT(…) of MariaDB 10.11 gives.
        for (number, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-12.5, "-12.5"),
            (0.1, "0.1"),
            (100.0, "100"),
            (1e14, "100000000000000"),
            (1e15, "1e15"),
            (123_456_789_012_345_680.0, "1.2345678901234568e17"),
            (1_234_567_890_123_456.7, "1234567890123456.8"),
            (1e-15, "0.000000000000001"),
            (1e-16, "1e-16"),
            (-2.5e-14, "-0.000000000000025"),
            (5e-324, "5e-324"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (f64::MAX, "1.7976931348623157e308"),
        ] {
            assert_eq!(written(number), expected);
        }
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
