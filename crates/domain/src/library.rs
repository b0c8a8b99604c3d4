//! The tables of the tests: those of the crate `testkit`, a small library.

use std::sync::LazyLock;

use crate::dictionary::Dictionary;

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    Dictionary::parse("sql/dictionary.toml", include_str!("../../testkit/sql/dictionary.toml")).unwrap()
});

/// Returns the dictionary of the tests.
pub(crate) fn dictionary() -> &'static Dictionary {
    &DICTIONARY
}
