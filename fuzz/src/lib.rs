//! What the fuzzing targets share.

use std::sync::LazyLock;

use domain::dictionary::Dictionary;

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    Dictionary::parse("sql/dictionary.toml", include_str!("../../sql/dictionary.toml")).unwrap()
});

/// Returns the tables that the targets read into: the repository's own.
pub fn dictionary() -> &'static Dictionary {
    &DICTIONARY
}
