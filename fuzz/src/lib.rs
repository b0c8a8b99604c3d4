//! What the fuzzing targets share.

use std::sync::LazyLock;

use domain::dictionary::Dictionary;

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    let text = concat!(
        include_str!("../../crates/testkit/sql/dictionary.toml"),
        "\n",
        include_str!("../dictionary.toml")
    );
    Dictionary::parse("fuzz/dictionary.toml", text).unwrap()
});

/// Returns the tables that the targets read into: those of the tests, and some with every type and
/// rule.
pub fn dictionary() -> &'static Dictionary {
    &DICTIONARY
}
