//! The API keys and their rights.

use std::fs;
use std::num::NonZeroU32;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use lambda_kit::caller::{self, Right};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

/// Characters of a key, as in API Gateway.
const KEY_LENGTH: std::ops::RangeInclusive<usize> = 20..=128;
/// The bit of a file's mode that lets everybody read it.
const OTHERS_READ: u32 = 0o004;

/// The keys of a file or a secret.
#[derive(Debug)]
pub struct Keys(Vec<Key>);

/// A key. Its text is not kept.
#[derive(Debug)]
pub struct Key {
    /// The name, right and tables of its holder. The name is the id of the caller, also in log
    /// lines.
    pub holder: caller::Key,
    /// Requests per second, if the file has them.
    pub rate: Option<NonZeroU32>,
    /// The burst of requests above the rate, if the file has it.
    pub burst: Option<NonZeroU32>,
    digest: [u8; 32],
}

/// An error in the keys. No message repeats a key, or a line that may contain one.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Everybody on the machine could read the keys.
    #[error(
        "{} holds keys in plain text and every user may read it: run chmod o-r on it, or write sha256 in place of key",
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The text is not TOML of the required form.
    #[error("line {line}: {message}")]
    Shape {
        /// The line.
        line: usize,
        /// The problem.
        message: String,
    },
    /// There is no key.
    #[error("there is no [[keys]]: name at least one key")]
    None,
    /// A key cannot be used.
    #[error("key {number}: {message}")]
    Key {
        /// Its number, from 1.
        number: usize,
        /// The problem, and what to do.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default)]
    keys: Vec<WireKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireKey {
    name: String,
    right: Right,
    tables: Option<Vec<String>>,
    key: Option<String>,
    sha256: Option<String>,
    rate: Option<NonZeroU32>,
    burst: Option<NonZeroU32>,
}

impl Keys {
    /// Reads a file of keys.
    ///
    /// # Errors
    /// [`KeysError`], also where others may read keys that stand in it in plain text.
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        let unreadable = |source| KeysError::Unreadable { path: path.to_owned(), source };
        let mode = fs::metadata(path).map_err(unreadable)?.mode();
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let (keys, has_plain) = parse(&text)?;
        if has_plain && mode & OTHERS_READ != 0 {
            return Err(KeysError::Exposed { path: path.to_owned() });
        }
        Ok(keys)
    }

    /// Reads the text of a secret, which has the content of a file of keys.
    ///
    /// # Errors
    /// [`KeysError`].
    pub(crate) fn of_secret(text: &str) -> Result<Self, KeysError> {
        parse(text).map(|(keys, _)| keys)
    }

    /// Returns all keys, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.iter()
    }

    /// Returns the rights of all keys, by their names.
    pub(crate) fn rights(&self) -> caller::Keys {
        self.0.iter().map(|key| key.holder.clone()).collect()
    }

    /// Finds a presented key, and its place. The time reveals nothing: it compares the whole hashes
    /// of all keys.
    pub fn find(&self, presented: &[u8]) -> Option<(usize, &Key)> {
        let digest: [u8; 32] = Sha256::digest(presented).into();
        let mut found = u32::MAX;
        for (index, key) in self.0.iter().enumerate() {
            let is_it: Choice = key.digest[..].ct_eq(&digest[..]);
            found.conditional_assign(&u32::try_from(index).unwrap_or(u32::MAX), is_it);
        }
        let index = usize::try_from(found).ok()?;
        Some((index, self.0.get(index)?))
    }
}

/// Parses the keys, and reports if one of them is in plain text.
fn parse(text: &str) -> Result<(Keys, bool), KeysError> {
    let wire: Wire = toml::from_str(text).map_err(|error| {
        // The whole error would quote the line.
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        KeysError::Shape { line: before.matches('\n').count() + 1, message: error.message().to_owned() }
    })?;
    if wire.keys.is_empty() {
        return Err(KeysError::None);
    }
    let has_plain = wire.keys.iter().any(|key| key.key.is_some());
    let mut keys: Vec<Key> = Vec::with_capacity(wire.keys.len());
    for (index, key) in wire.keys.into_iter().enumerate() {
        let fault = |message: &str| KeysError::Key { number: index + 1, message: message.to_owned() };
        let holder = caller::Key::new(key.name, key.right, key.tables);
        let holder = holder.map_err(|error| fault(&error.to_string()))?;
        let digest = digest(key.key.as_deref(), key.sha256.as_deref()).map_err(fault)?;
        if keys.iter().any(|other| other.holder.id() == holder.id()) {
            return Err(fault("another key has this name"));
        }
        if keys.iter().any(|other| other.digest == digest) {
            return Err(fault("it is the same key as another one"));
        }
        keys.push(Key { holder, rate: key.rate, burst: key.burst, digest });
    }
    Ok((Keys(keys), has_plain))
}

fn digest(key: Option<&str>, sha256: Option<&str>) -> Result<[u8; 32], &'static str> {
    match (key, sha256) {
        (Some(key), None) => {
            if !KEY_LENGTH.contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(
                    "key has 20 to 128 characters of ASCII and no blanks; `openssl rand -hex 32` makes one",
                );
            }
            Ok(Sha256::digest(key).into())
        }
        (None, Some(sha256)) => {
            let mut digest = [0; 32];
            hex::decode_to_slice(sha256, &mut digest)
                .map_err(|_| "sha256 has the 64 hexadecimal digits of `printf %s \"$KEY\" | sha256sum`")?;
            Ok(digest)
        }
        _ => Err("give one of key and sha256"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const WRITER: &str = "writer-writer-writer-writer";
    const OPERATOR: &str = "operator-operator-operator";

    fn text() -> String {
        let digest = hex::encode(Sha256::digest(OPERATOR));
        format!(
            "[[keys]]\nname = \"hr\"\nright = \"write\"\ntables = [\"tags\"]\nkey = \"{WRITER}\"\nrate = 5\nburst = 7\n\
             [[keys]]\nname = \"ops\"\nright = \"operate\"\nsha256 = \"{digest}\"\n"
        )
    }

    #[test]
    fn a_key_is_found_by_all_of_its_characters() {
        let keys = Keys::of_secret(&text()).unwrap();
        let found =
            |presented: &str| keys.find(presented.as_bytes()).map(|(index, key)| (index, key.holder.id()));
        assert_eq!((found(WRITER), found(OPERATOR)), (Some((0, "hr")), Some((1, "ops"))));
        for other in ["", " ", "writer", &WRITER[1..], &format!("{WRITER} "), &WRITER.to_uppercase()] {
            assert_eq!(found(other), None, "{other:?}");
        }
        let hr = keys.iter().next().unwrap();
        assert_eq!((hr.rate.map(u32::from), hr.burst.map(u32::from)), (Some(5), Some(7)));
        let rights = hr.holder.rights();
        assert!(rights.may(Right::Write) && !rights.may(Right::Operate));
        assert!(rights.sees("tags") && !rights.sees("documents"));
    }

    #[test]
    fn a_right_may_have_the_name_of_its_group() {
        let of = |right: &str| {
            let keys = Keys::of_secret(&text().replace("\"operate\"", &format!("\"{right}\""))).unwrap();
            keys.0[1].holder.rights().clone()
        };
        for (right, group) in [("read", "reader"), ("write", "writer"), ("operate", "operator")] {
            assert_eq!(of(right), of(group));
        }
    }

    #[test]
    fn says_what_is_wrong_and_repeats_no_key() {
        let of = |fields: &str| format!("[[keys]]\n{fields}\n");
        for (text, expected) in [
            (String::new(), "there is no [[keys]]"),
            (
                of("name = \"a b\"\nright = \"writer\"\nkey = \"SECRETSECRETSECRETSECRET\""),
                "key 1: an id or a name has 1 to 64",
            ),
            (of("name = \"a\"\nright = \"writer\"\nkey = \"SECRET\""), "key 1: key has 20 to 128 characters"),
            (of("name = \"a\"\nright = \"writer\"\nsha256 = \"SECRET\""), "key 1: sha256 has the 64"),
            (of("name = \"a\"\nright = \"writer\""), "key 1: give one of key and sha256"),
            (
                of("name = \"a\"\nright = \"king\"\nkey = \"SECRETSECRETSECRETSECRET\""),
                "line 3: unknown variant",
            ),
            (of("name = \"a\"\nkey = SECRET\nright = \"writer\""), "line 3: "),
            (of("name = \"a\"\nrihgt = \"writer\""), "line 3: unknown field"),
            (
                of("name = \"a\"\nright = \"writer\"\nkey = \"SECRETSECRETSECRETSECRET\"\nrate = 0"),
                "line 5: ",
            ),
            (
                of(
                    "name = \"a\"\nright = \"operate\"\ntables = [\"tags\"]\nkey = \"SECRETSECRETSECRETSECRET\"",
                ),
                "key 1: a key with the right operate has every table",
            ),
            (
                of("name = \"a\"\nright = \"read\"\ntables = []\nkey = \"SECRETSECRETSECRETSECRET\""),
                "key 1: tables is empty",
            ),
            (text() + &text().replace("\"hr\"", "\"hr2\""), "key 3: it is the same key"),
            (text() + &text().replace(WRITER, OPERATOR), "key 3: another key has this name"),
        ] {
            let error = Keys::of_secret(&text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
            assert!(!error.contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn a_file_of_plain_keys_is_nobody_elses_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        let read = |text: &str, mode: u32| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            Keys::read(&path).map(|keys| keys.iter().count())
        };
        assert_eq!(read(&text(), 0o600).unwrap(), 2);
        assert_eq!(read(&text(), 0o640).unwrap(), 2);
        assert!(matches!(read(&text(), 0o644), Err(KeysError::Exposed { .. })));
        let hashed =
            text().replace(&format!("key = \"{WRITER}\""), &format!("sha256 = \"{}\"", "0".repeat(64)));
        assert_eq!(read(&hashed, 0o644).unwrap(), 2);
        let missing = Keys::read(&folder.path().join("none")).unwrap_err().to_string();
        assert!(missing.contains("none cannot be read: No such file"), "{missing}");
    }
}
