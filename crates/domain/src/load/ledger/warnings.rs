//! Warnings of a load: what was left out, or looked odd.

use crate::shortened;

/// Characters of a load's warnings at most, all together: a page of the ledger has a thousand
/// loads.
const MAX_CHARACTERS: usize = 1000;

/// Keeps as many warnings as a page of the ledger has room for, and says how many more there are.
pub fn bounded_warnings(warnings: &[String]) -> Vec<String> {
    let mut bounded = Vec::new();
    let mut left = MAX_CHARACTERS;
    for (index, warning) in warnings.iter().enumerate() {
        let length = warning.chars().count();
        if length > left {
            if index == 0 {
                bounded.push(shortened(warning.as_str(), MAX_CHARACTERS).into_owned());
            }
            let more = warnings.len() - bounded.len();
            bounded.extend((more > 0).then(|| format!("and {more} more")));
            return bounded;
        }
        left -= length;
        bounded.push(warning.clone());
    }
    bounded
}

/// Returns the warnings that the figures of a load justify.
pub(super) fn of_figures(unknown_references: u64, rows_skipped: u64) -> impl Iterator<Item = String> {
    let unknown = match unknown_references {
        0 => None,
        1 => Some("1 reference named no row when it was loaded".to_owned()),
        many => Some(format!("{many} references named no row when they were loaded")),
    };
    let skipped = match rows_skipped {
        0 => None,
        1 => Some("1 record was skipped: a row of empty fields, or the header again".to_owned()),
        many => Some(format!("{many} records were skipped: rows of empty fields, or the header again")),
    };
    unknown.into_iter().chain(skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_whole_warnings_and_says_how_many_more_there_are() {
        let few = vec!["one".to_owned(), "two".to_owned()];
        assert_eq!(bounded_warnings(&few), few);
        assert_eq!(bounded_warnings(&[]), [] as [&str; 0]);
        let long = |length: usize| "é".repeat(length);
        assert_eq!(bounded_warnings(&[long(1000)]), [long(1000)]);
        assert_eq!(bounded_warnings(&[long(1001)]), [long(1000) + "…"]);
        assert_eq!(bounded_warnings(&[long(2000), long(1)]), [long(1000) + "…", "and 1 more".to_owned()]);
        let many = vec![long(300); 7];
        let bounded = bounded_warnings(&many);
        assert_eq!((bounded.len(), &*bounded[3]), (4, "and 4 more"));
    }

    #[test]
    fn figures_are_stated_in_words() {
        let of = |unknown, skipped| of_figures(unknown, skipped).collect::<Vec<_>>();
        assert_eq!(of(0, 0), [] as [&str; 0]);
        assert_eq!(
            of(1, 1),
            [
                "1 reference named no row when it was loaded",
                "1 record was skipped: a row of empty fields, or the header again"
            ]
        );
        assert_eq!(
            of(3, 2),
            [
                "3 references named no row when they were loaded",
                "2 records were skipped: rows of empty fields, or the header again"
            ]
        );
    }
}
