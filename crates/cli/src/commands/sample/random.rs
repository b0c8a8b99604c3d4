//! A small generator whose numbers stay the same for ever, which no library promises.

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`. The bias of the remainder does not matter for sample data.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// An index below `length` that favours the low ones.
    pub(super) fn skewed(&mut self, length: usize) -> usize {
        let limit = length as u64;
        let (first, second) = (self.below(limit), self.below(limit));
        usize::try_from(first * (second + 1) / limit.max(1)).unwrap_or(0)
    }

    pub(super) fn choose<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.below(list.len() as u64)).unwrap_or(0);
        list[index]
    }
}
