//! Errors in words.

use std::error::Error;

/// An error and what caused it, one after the other. For logs alone: what a cause says may name what is nobody's business.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// What of a text goes into so many characters, and an ellipsis where there is more.
pub fn shortened(mut text: String, characters: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(characters) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn shortens_by_characters_what_has_more() {
        for (text, expected) in [("", ""), ("né", "né"), ("née", "né…")] {
            assert_eq!(shortened(text.to_owned(), 2), expected);
        }
    }
}
