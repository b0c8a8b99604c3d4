//! The query string, and the problem of a wrong one.

use domain::problem::{Problem, ProblemDetail, ProblemKind};
use percent_encoding::percent_decode_str;

/// The pairs of a query string, decoded as forms are: `+` is a space. What is not UTF-8 becomes U+FFFD, which no
/// parameter means.
pub fn pairs(query: Option<&str>) -> Vec<(String, String)> {
    query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// The problem of a request with these mistakes.
pub fn problem(errors: Vec<ProblemDetail>) -> Problem {
    let detail = match &errors[..] {
        [only] => only.detail.clone(),
        several => format!("{} parameters are wrong; errors has them all.", several.len()),
    };
    Problem { errors, ..Problem::new(ProblemKind::InvalidParameter, detail) }
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_pairs() {
        let found = pairs(Some("a=1&b=x+y%2Bz&&c&d=%F0%9F%98%80=&a=%ff%zz"));
        let expected = [("a", "1"), ("b", "x y+z"), ("c", ""), ("d", "😀="), ("a", "\u{FFFD}%zz")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(pairs(None).is_empty() && pairs(Some("")).is_empty());
    }
}
