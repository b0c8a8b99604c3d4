//! API keys and their rights.

use std::sync::Arc;

use serde::Deserialize;

use super::{Right, Rights};
use crate::env::{self, EnvError};

/// The variable that holds the keys.
const VARIABLE: &str = "ROWGATE_KEYS";
/// The most characters of a key's id or name, which log lines contain.
const MAX_NAME: usize = 64;

/// An API key, known by its id, and its rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    id: String,
    rights: Rights,
}

/// Why a key cannot have an id, a right or tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The id could be taken for something else in log lines.
    #[error("an id or a name has 1 to {MAX_NAME} letters, digits, dots, dashes and underscores")]
    Id,
    /// The right is for every table.
    #[error("a key with the right operate has every table; leave tables out")]
    OperateOnTables,
    /// It is not clear whether none or every table is meant.
    #[error("tables is empty; name a table, or leave tables out for every table")]
    NoTable,
}

impl Key {
    /// Returns the key with this id, right and tables; without `tables` it sees every table. A
    /// table that does not exist gives nothing.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn new(id: String, right: Right, tables: Option<Vec<String>>) -> Result<Self, KeyError> {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if id.is_empty() || id.len() > MAX_NAME || !id.bytes().all(is_part) {
            return Err(KeyError::Id);
        }
        match &tables {
            Some(_) if right == Right::Operate => Err(KeyError::OperateOnTables),
            Some(tables) if tables.is_empty() => Err(KeyError::NoTable),
            _ => Ok(Self { id, rights: Rights::new([right], tables.unwrap_or_default()) }),
        }
    }

    /// Returns the key's id, which is no secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the rights of its holder.
    pub fn rights(&self) -> &Rights {
        &self.rights
    }
}

/// The API keys that have rights.
///
/// API Gateway checks a key before it calls a function, and passes its id in
/// `requestContext.identity.apiKeyId`
/// (docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format).
/// So functions need no secret, and no header decides. Several keys may have the same rights: a
/// new one is handed out before the old one goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(Arc<[Key]>);

/// Why `ROWGATE_KEYS` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// It is not set: no key would have a right.
    #[error(transparent)]
    Missing(#[from] EnvError),
    /// It is not JSON of the required form.
    #[error(
        "{VARIABLE} is not a list of keys like [{{\"id\": \"a1b2c3\", \"name\": \"hr\", \"right\": \"write\", \
         \"tables\": [\"jobs\"]}}]: {0}"
    )]
    Shape(String),
    /// It has no key.
    #[error("{VARIABLE} is empty: name at least one key")]
    None,
    /// A key cannot be used.
    #[error("{VARIABLE}, key {number} ({name}): {error}")]
    Key {
        /// Its number, from 1.
        number: usize,
        /// Its name.
        name: String,
        /// The problem, and what to do.
        error: KeyError,
    },
    /// Two keys have the same id.
    #[error("{VARIABLE}, key {number} ({name}): another key has this id")]
    Duplicate {
        /// The number of the second one, from 1.
        number: usize,
        /// Its name.
        name: String,
    },
}

/// A key in the variable. An unknown field is refused: a misspelt `tables` would give every table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireKey {
    id: String,
    name: String,
    right: Right,
    tables: Option<Vec<String>>,
}

impl Keys {
    /// Reads the keys from `ROWGATE_KEYS`.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn from_env() -> Result<Self, KeysError> {
        Self::parse(&env::required(VARIABLE)?)
    }

    /// Reads the keys from JSON.
    fn parse(json: &str) -> Result<Self, KeysError> {
        let wire: Vec<WireKey> =
            serde_json::from_str(json).map_err(|error| KeysError::Shape(error.to_string()))?;
        let mut keys: Vec<Key> = Vec::with_capacity(wire.len());
        for (index, WireKey { id, name, right, tables }) in wire.into_iter().enumerate() {
            let number = index + 1;
            match Key::new(id, right, tables) {
                Ok(key) if keys.iter().any(|other| other.id == key.id) => {
                    return Err(KeysError::Duplicate { number, name });
                }
                Ok(key) => keys.push(key),
                Err(error) => return Err(KeysError::Key { number, name, error }),
            }
        }
        if keys.is_empty() { Err(KeysError::None) } else { Ok(keys.into_iter().collect()) }
    }

    /// Returns the key with this id. A key that is not among them has no right: the gateway may
    /// know keys that nobody has given one.
    pub(super) fn find(&self, id: &str) -> Key {
        let known = self.0.iter().find(|key| key.id == id);
        known.cloned().unwrap_or_else(|| Key { id: id.to_owned(), rights: Rights::default() })
    }
}

impl FromIterator<Key> for Keys {
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(keys: &Value) -> Result<Keys, String> {
        Keys::parse(&keys.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_the_right_and_the_tables_of_each_key() {
        let keys = parse(&json!([
            {"id": "a1", "name": "writer", "right": "write"},
            {"id": "b2", "name": "hr", "right": "read", "tables": ["tags", "nowhere"]},
            {"id": "c3", "name": "operator", "right": "operate"},
            {"id": "d4", "name": "operator", "right": "operate", "tables": null},
        ]))
        .unwrap();
        for (id, right, sees) in [
            ("a1", Right::Write, [true, true]),
            ("b2", Right::Read, [true, false]),
            ("c3", Right::Operate, [true, true]),
            ("d4", Right::Operate, [true, true]),
        ] {
            let key = keys.find(id);
            assert_eq!((key.id(), key.rights().given().collect::<Vec<_>>()), (id, vec![right]));
            assert_eq!(["tags", "documents"].map(|table| key.rights().sees(table)), sees, "{id}");
        }
    }

    #[test]
    fn a_right_is_named_by_itself_or_by_its_group() {
        for right in Right::ALL {
            for name in [format!("{right:?}").to_lowercase(), right.group().to_owned()] {
                let keys = parse(&json!([{"id": "a", "name": "a", "right": name}])).unwrap();
                assert!(keys.find("a").rights().given().eq([right]), "{name}");
            }
        }
    }

    #[test]
    fn a_key_that_is_not_among_them_has_no_right() {
        let keys = parse(&json!([{"id": "a1", "name": "operator", "right": "operate"}])).unwrap();
        for id in ["A1", "a1 ", "a", "operator", ""] {
            assert_eq!(keys.find(id).rights(), &Rights::default(), "{id:?}");
        }
        assert_eq!(Keys::default().find("a1").rights(), &Rights::default());
    }

    #[test]
    fn says_what_is_wrong_with_which_key() {
        let key = |id: &str| json!({"id": id, "name": "hr", "right": "write"});
        let with = |field: &str, value: Value| {
            let mut second = key("b");
            second[field] = value;
            json!([key("a"), second])
        };
        for (keys, expected) in [
            (json!([]), "ROWGATE_KEYS is empty: name at least one key"),
            (json!([key("a"), key("b"), key("a")]), "ROWGATE_KEYS, key 3 (hr): another key has this id"),
            (with("id", json!("")), "ROWGATE_KEYS, key 2 (hr): an id or a name has 1 to 64 letters,"),
            (with("id", json!("a\nb")), "ROWGATE_KEYS, key 2 (hr): an id or a name has 1 to 64 letters,"),
            (with("id", json!("a".repeat(65))), "ROWGATE_KEYS, key 2 (hr): an id or a name has 1 to 64"),
            (with("tables", json!([])), "ROWGATE_KEYS, key 2 (hr): tables is empty; name a table, or"),
            (
                json!([{"id": "a", "name": "ops", "right": "operate", "tables": ["tags"]}]),
                "ROWGATE_KEYS, key 1 (ops): a key with the right operate has every table; leave tables out",
            ),
        ] {
            let error = parse(&keys).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        for (keys, expected) in [
            (json!({}), "invalid type: map"),
            (json!("a"), "invalid type: string"),
            (json!([key("a"), "b"]), "invalid type: string"),
            (json!([{"id": "a", "name": "a"}]), "missing field `right`"),
            (json!([{"name": "a", "right": "read"}]), "missing field `id`"),
            (json!([{"id": "a", "right": "read"}]), "missing field `name`"),
            (with("right", json!("admin")), "unknown variant `admin`"),
            (with("right", json!("Write")), "unknown variant `Write`"),
            (with("tables", json!("tags")), "invalid type: string"),
            (with("table", json!(["tags"])), "unknown field `table`"),
        ] {
            let error = parse(&keys).unwrap_err();
            assert!(error.starts_with("ROWGATE_KEYS is not a list of keys like [{\"id\": "), "{error}");
            assert!(error.contains(expected), "{error}");
        }
        let twice = r#"[{"id": "a", "name": "a", "right": "read", "right": "operate"}]"#;
        assert!(Keys::parse(twice).unwrap_err().to_string().contains("duplicate field `right`"));
    }
}
