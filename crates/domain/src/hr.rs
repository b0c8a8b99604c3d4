//! The sample tables of the tests: those of `sql/dictionary.toml`.

use std::sync::LazyLock;

use crate::dictionary::Dictionary;

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    Dictionary::parse("sql/dictionary.toml", include_str!("../../../sql/dictionary.toml")).unwrap()
});

/// Returns the dictionary of `sql/dictionary.toml`.
pub(crate) fn dictionary() -> &'static Dictionary {
    &DICTIONARY
}
