//! Numbers with a binary exponent.

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
}
