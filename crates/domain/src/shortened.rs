//! Texts that came in, in messages of bounded size.

use std::borrow::Cow;

/// Truncates a text to `characters` characters, with an ellipsis where there was more.
pub fn shortened<'a>(text: impl Into<Cow<'a, str>>, characters: usize) -> Cow<'a, str> {
    let text = text.into();
    match text.char_indices().nth(characters) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_by_characters_what_has_more() {
        for (text, expected) in [("", ""), ("né", "né"), ("née", "né…")] {
            assert_eq!(shortened(text, 2), expected);
        }
    }
}
