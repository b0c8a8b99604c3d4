//! Exact decimal numbers.

/// An exact decimal number: `unscaled` / 10^`scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal {
    /// All digits as one whole number.
    pub unscaled: i128,
    /// The number of its digits after the point; the column's scale.
    pub scale: u8,
}

impl Decimal {
    /// Appends the number with every digit of its scale: `-0.05`.
    pub(crate) fn write_to(self, text: &mut String) {
        if self.unscaled < 0 {
            text.push('-');
        }
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(self.unscaled.unsigned_abs());
        let scale = usize::from(self.scale);
        let whole = digits.len().saturating_sub(scale);
        text.push_str(if whole == 0 { "0" } else { &digits[..whole] });
        if scale > 0 {
            text.push('.');
            text.extend(std::iter::repeat_n('0', scale.saturating_sub(digits.len())));
            text.push_str(&digits[whole..]);
        }
    }
}

/// Returns true if a number, without its sign, has at most `precision` digits; 38 are the most that
/// can be asked for.
pub(crate) fn fits_precision(magnitude: u128, precision: u8) -> bool {
    10_u128.checked_pow(precision.into()).is_some_and(|power| magnitude < power)
}

/// Returns a number in two's complement without the bytes at its front that only repeat its sign.
pub(crate) fn to_twos_complement(number: &[u8; 16]) -> &[u8] {
    let sign = if number[0] & 0x80 == 0 { 0 } else { 0xff };
    let is_spare = |pair: &&[u8]| pair[0] == sign && (pair[1] ^ sign) & 0x80 == 0;
    &number[number.windows(2).take_while(is_spare).count()..]
}

/// Reads a number in two's complement, the highest byte first; `None` if it takes more than 128
/// bits, or is empty.
pub(crate) fn from_twos_complement(bytes: &[u8]) -> Option<i128> {
    let sign = if bytes.first()? & 0x80 == 0 { 0 } else { 0xFF };
    let mut wide = [sign; 16];
    let (padding, low) = bytes.split_at(bytes.len().saturating_sub(wide.len()));
    let start = wide.len() - low.len();
    wide[start..].copy_from_slice(low);
    // The bytes that are cut off must only repeat the sign.
    let keeps_sign = (wide[0] & 0x80 == 0) == (sign == 0);
    (keeps_sign && padding.iter().all(|byte| *byte == sign)).then(|| i128::from_be_bytes(wide))
}
