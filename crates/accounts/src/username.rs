//! The names of accounts: e-mail addresses.

use std::fmt;

use serde::Serialize;

/// Characters of a name at most: Cognito's limit.
pub(crate) const MAX_CHARACTERS: usize = 128;

/// The rule for names, for the client that sent an invalid one.
pub(crate) const RULE: &str = "The username is an e-mail address of at most 128 characters: letters and digits of ASCII and . _ - + ' \
                        before the @, and the name of a domain after it.";

/// The name of an account: an e-mail address in lower case.
///
/// Stricter than RFC 5321: the excluded characters need quotes in addresses or escapes in paths,
/// and are unusual.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Username(String);

impl Username {
    /// Reads a name in upper or lower case; `None` for text that is not an e-mail address.
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.to_ascii_lowercase();
        let (local, domain) = name.split_once('@')?;
        let is_sound = name.len() <= MAX_CHARACTERS && is_local(local) && is_domain(domain);
        is_sound.then_some(Self(name))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the domain, after the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Username {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_local(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.split('.').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-+'".contains(&byte))
        })
}

/// Returns true for a domain with a dot in it, in lower case (RFC 1035, section 2.3.1, and digits
/// first).
pub(crate) fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let labels: Vec<&str> = text.split('.').collect();
    let top = labels.last().copied().unwrap_or_default();
    labels.len() > 1
        && labels.iter().all(|label| is_label(label))
        && top.len() > 1
        && !top.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_addresses_in_any_case_and_keeps_them_in_lower_case() {
        for (text, name) in [
            ("ann@x.example", "ann@x.example"),
            ("Ann.O'Brien+hr@Mail.X-1.Example", "ann.o'brien+hr@mail.x-1.example"),
            ("7_a-b@1.de", "7_a-b@1.de"),
            ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ] {
            assert_eq!(Username::parse(text).unwrap().as_str(), name);
        }
        assert_eq!(Username::parse("ann@X.example").unwrap().domain(), "x.example");
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in [
            "",
            "ann",
            "@",
            "ann@",
            "@x.example",
            "ann@x",
            "ann@x.1",
            "ann@.example",
            "ann@x..example",
            "ann@x.example.",
            "ann@-x.example",
            "ann@x-.example",
            ".ann@x.example",
            "ann.@x.example",
            "a..b@x.example",
            "a@b@x.example",
            "a b@x.example",
            " ann@x.example",
            "ann@x.example\n",
            "änn@x.example",
            "ann@ä.example",
            "a/b@x.example",
            "a%40b@x.example",
            "\"a\"@x.example",
            "ann@[127.0.0.1]",
            "<ann@x.example>",
            "ann@x.e",
            "a:b@x.example",
            "a\0@x.example",
            "\u{212A}@x.example",
        ] {
            assert_eq!(Username::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn takes_128_characters_and_refuses_one_more() {
        let of = |length: usize| format!("{}@{}.example", "a".repeat(60), "b".repeat(length - 69));
        assert!(Username::parse(&of(128)).is_some());
        assert!(Username::parse(&of(129)).is_none());
        assert!(Username::parse(&format!("{}@x.example", "a".repeat(64))).is_some());
        assert!(Username::parse(&format!("{}@x.example", "a".repeat(65))).is_none());
    }
}
