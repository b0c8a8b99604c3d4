use std::fmt;

use crate::{digest, shortened};

/// Identifies a load: one version of one object. 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct LoadId(String);

impl TryFrom<String> for LoadId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{:?} is no id of a load", shortened(text, 64)))
    }
}

impl LoadId {
    const DIGITS: usize = 32;

    /// Returns the load of a version of an object: always the same one, however often its event
    /// arrives.
    pub fn of_object(bucket: &str, key: &str, version: &str) -> Self {
        let mut id = digest::of_parts(&[bucket, key, version].map(str::as_bytes));
        id.truncate(Self::DIGITS);
        Self(id)
    }

    /// Reads an identifier that was given out before; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        digest::is_hex(text, Self::DIGITS).then(|| Self(text.to_owned()))
    }

    /// Returns the digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LoadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the load that a file's name speaks of: the first 32 hexadecimal digits in a row, no more
/// and no fewer, behind the last slash. A rejects file is named so, and keeps that name in most
/// people's hands.
pub fn parent_in_name(key: &str) -> Option<LoadId> {
    let name = key.rsplit('/').next().unwrap_or_default();
    let runs = name.split(|character: char| !character.is_ascii_hexdigit());
    runs.filter(|run| run.len() == LoadId::DIGITS).find_map(|run| LoadId::parse(&run.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_an_object_version_and_nothing_else() {
        let id = LoadId::of_object("data", "incoming/tags/a.csv", "v1");
        assert_eq!(id, LoadId::of_object("data", "incoming/tags/a.csv", "v1"));
        assert_ne!(id, LoadId::of_object("data", "incoming/tags/a.csv", "v2"));
        assert_ne!(LoadId::of_object("ab", "c", ""), LoadId::of_object("a", "bc", ""));
        assert_eq!(LoadId::parse(id.as_str()), Some(id));
    }

    #[test]
    fn refuses_what_it_never_gave_out() {
        for text in ["", "7", "ABCDEF00112233445566778899AABBCC", "'; DROP TABLE rowgate_loads; --  "] {
            assert_eq!(LoadId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn finds_the_load_that_a_file_name_speaks_of() {
        let id = "0123456789abcdef0123456789abcdef";
        let found = |key: String| parent_in_name(&key).map(|found| found.to_string());
        for key in [
            format!("rejected/tags/{id}/{id}-00007.csv"),
            format!("rejected/tags/{id}/{id}-00007-0123abcd.csv"),
            format!("incoming/tags/append/{id}-00007 (fixed).csv"),
            format!("incoming/tags/copy of {}.CSV.GZ", id.to_uppercase()),
            id.to_owned(),
            format!("a-{id}{id}-{id}.csv"),
        ] {
            assert_eq!(found(key.clone()).as_deref(), Some(id), "{key}");
        }
        for key in [
            format!("incoming/{id}/tags.csv"),
            format!("incoming/tags/{id}0.csv"),
            format!("incoming/tags/f{id}.csv"),
            format!("incoming/tags/{}.csv", &id[1..]),
        ] {
            assert_eq!(found(key.clone()), None, "{key}");
        }
    }
}
