//! The keys of rows that are accepted already.

use std::collections::HashSet;

use crate::value::Key;

/// Keys of accepted rows. As long as whole numbers come in order, which most files keep, none of
/// them is looked up.
#[derive(Debug, Default)]
pub(crate) struct ClaimedKeys {
    in_order: Vec<i64>,
    /// All whole numbers, once one has come out of order.
    numbers: Option<HashSet<i64>>,
    /// Keys that are not one whole number.
    others: HashSet<Key>,
}

impl ClaimedKeys {
    pub(crate) fn contains(&self, key: &Key) -> bool {
        let Some(number) = key.as_integer() else { return self.others.contains(key) };
        match &self.numbers {
            Some(numbers) => numbers.contains(&number),
            None => self
                .in_order
                .last()
                .is_some_and(|last| number <= *last && self.in_order.binary_search(&number).is_ok()),
        }
    }

    pub(crate) fn insert(&mut self, key: Key) {
        let Some(number) = key.as_integer() else {
            self.others.insert(key);
            return;
        };
        match &mut self.numbers {
            Some(numbers) => {
                numbers.insert(number);
            }
            None if self.in_order.last().is_none_or(|last| *last < number) => self.in_order.push(number),
            None => {
                let mut numbers: HashSet<i64> = self.in_order.drain(..).collect();
                numbers.insert(number);
                self.numbers = Some(numbers);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::Value;

    proptest! {
        #[test]
        fn holds_what_a_set_holds(
            draws in proptest::collection::vec((-9_i64..9, any::<bool>()), 0..40),
            sorted in any::<bool>(),
        ) {
            let mut draws = draws;
            if sorted {
                draws.sort_unstable();
            }
            let (mut claimed, mut set) = (ClaimedKeys::default(), HashSet::new());
            for (number, is_text) in draws {
                let text = Value::Text(number.to_string().into());
                let key = if is_text { Key::of([&text]).unwrap() } else { Key::from(number) };
                prop_assert_eq!(claimed.contains(&key), set.contains(&key));
                claimed.insert(key.clone());
                set.insert(key);
            }
        }
    }
}
