//! What numbers a decimal column holds.

/// 10^0 to 10^38.
static POWERS: [u128; 39] = {
    let mut powers = [1; 39];
    let mut at = 1;
    while at < 39 {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// Whether a number, without its sign, has at most this many digits.
pub(super) fn fits_precision(magnitude: u128, precision: u8) -> bool {
    POWERS.get(usize::from(precision)).is_some_and(|power| magnitude < *power)
}

/// Whether one more digit makes no number too large for 128 bits with a sign.
pub(super) fn magnitude_fits(magnitude: u128) -> bool {
    magnitude < POWERS[37]
}

/// 10 to this power, up to 38.
pub(super) fn power_of_ten(exponent: u8) -> Option<i128> {
    POWERS.get(usize::from(exponent)).and_then(|power| i128::try_from(*power).ok())
}
