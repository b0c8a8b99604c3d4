//! Numbers that look random and are the same for ever, which no library promises.

/// A stream of numbers: SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// Creates the stream of a place, which is named by some numbers.
    pub(crate) fn of(place: [u64; 3]) -> Self {
        let mut random = Self(0);
        for number in place {
            random.0 ^= number;
            random.0 = random.next();
        }
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `limit`; 0 for a limit of 0. The bias of the remainder does not
    /// matter here.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// Returns a number below `limit` that favours the low ones: some departments are much larger
    /// than others, and most prices are low.
    pub(crate) fn skewed(&mut self, limit: u64) -> u64 {
        let (first, second) = (self.below(limit), self.below(limit));
        // Less than the first, which is less than the limit.
        (u128::from(first) * u128::from(second + 1) / u128::from(limit.max(1))) as u64
    }

    /// Returns true once in so many times.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// Returns an element of a list; `None` of an empty one.
    pub(crate) fn one_of<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len() as u64) as usize)
    }
}

/// Returns a number that names a text.
pub(crate) fn number_of(text: &str) -> u64 {
    // FNV-1a.
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// Returns the place of element `number` in an order of `total` elements that looks random: each
/// element has a place of its own. A number beyond them counts from the first again.
pub(crate) fn scatter(number: u64, total: u64) -> u64 {
    /// A prime, which therefore shares no factor with a total that is not a multiple of it.
    const STEP: u128 = 2_654_435_761;
    // Less than the total.
    (u128::from(number) * STEP % u128::from(total.max(1))) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn scatters_without_collision() {
        for total in [1, 2, 10, 2808, 4096] {
            let places: BTreeSet<u64> = (0..total).map(|number| scatter(number, total)).collect();
            assert_eq!(places.len() as u64, total);
            assert!(places.last() < Some(&total));
        }
    }

    #[test]
    fn stays_below_its_limit_and_favours_the_low_half() {
        let mut random = Random::of([1, 2, 3]);
        let drawn: Vec<u64> = (0..1000).map(|_| random.skewed(10)).collect();
        assert!(drawn.iter().all(|number| *number < 10));
        assert!(drawn.iter().filter(|number| **number < 5).count() > 650);
        assert_eq!((random.below(0), random.skewed(0), random.skewed(1)), (0, 0, 0));
    }

    #[test]
    fn a_place_has_its_own_numbers() {
        let first = |place| Random::of(place).next();
        assert_eq!(first([1, 2, 3]), first([1, 2, 3]));
        let all: BTreeSet<u64> = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [0, 0, 0]].map(first).into();
        assert_eq!(all.len(), 4);
    }
}
