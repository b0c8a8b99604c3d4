//! Keys as text: in paths, in `after` and `next`, in logs and in the audit trail.
//!
//! A key's text has the value of each of its columns, as CSV has it, percent-encoded but for
//! letters, digits and `-._~` (the unreserved characters of RFC 3986), with commas between them:
//! `7`, `SKU%2F1`, `42,2021-07-27`. So every key has one text, which needs no more encoding.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Serialize, Serializer};

use crate::dictionary::Table;
use crate::json_row::value_text;
use crate::row::read_key_field;
use crate::value::{Key, KeyPart, Value};

/// All but the unreserved characters.
/// <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Characters of a key's text at most: each of the 3,072 bytes that MySQL allows a key takes three,
/// and a value of few bytes, like a moment, no more than forty; a key has 16 columns at most.
pub const MAX_KEY_CHARS: usize = 3 * 3072 + 16 * 40;

/// A text that is not the key of a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}")]
pub struct KeyTextError(String);

/// Returns the text of a key.
pub fn key_text(key: &Key) -> String {
    let encoded = |part: &KeyPart| {
        let text = value_text(&part.value()).unwrap_or_default();
        utf8_percent_encode(&text, ENCODED).to_string()
    };
    let parts: Vec<String> = key.parts().iter().map(encoded).collect();
    parts.join(",")
}

/// Serializes a key as JSON answers have it: a whole number as a number, any other key as its text.
impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_integer() {
            Some(number) => serializer.serialize_i64(number),
            None => serializer.serialize_str(&key_text(self)),
        }
    }
}

/// Reads the key of a row of `table` from its text.
///
/// Letters of a UUID may be in upper case; any other value has one form only, so that a row has one
/// address.
///
/// # Errors
/// What the text must be, as the end of a sentence: too few or too many parts, a part that is no
/// value of its column.
pub fn parse_key(table: &Table, text: &str) -> Result<Key, KeyTextError> {
    let read = || {
        let parts: Vec<&str> = match table.key_indexes() {
            [_] => vec![text],
            _ => text.split(',').collect(),
        };
        if parts.len() != table.key_indexes().len() {
            return None;
        }
        let mut values = Vec::with_capacity(parts.len());
        for (part, column) in parts.into_iter().zip(table.key_columns()) {
            let plain = percent_decode_str(part).decode_utf8().ok()?;
            let value = read_key_field(column, plain.as_bytes()).ok()?.into_owned();
            let is_form = matches!(value, Value::Uuid(_)) || value_text(&value)? == plain;
            values.push(is_form.then_some(value)?);
        }
        Key::of(&values)
    };
    read().ok_or_else(|| KeyTextError(expected(table)))
}

/// Returns what the text of a key is made of: `the key id (integer)`.
fn expected(table: &Table) -> String {
    let types: Vec<String> =
        table.key_columns().map(|column| format!("{} ({})", column.name(), column.column_type())).collect();
    match &types[..] {
        [only] => format!("the key {only}"),
        types => format!("the key {}, each percent-encoded, with a comma between them", types.join(",")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dictionary::Dictionary;

    fn dictionary() -> Dictionary {
        let text = r#"
            [[table]]
            name = "one"
            columns = [{ name = "id", type = "integer", key = true }]
            [[table]]
            name = "code"
            columns = [{ name = "code", type = "string(40)", key = true }]
            [[table]]
            name = "ascii"
            columns = [{ name = "code", type = "string(40)", key = true, pattern = "^[!-~]+$" }]
            [[table]]
            name = "several"
            columns = [
                { name = "code", type = "string(40)", key = true },
                { name = "day", type = "date", key = true },
                { name = "it", type = "uuid", key = true },
            ]
        "#;
        Dictionary::parse("test", text).unwrap()
    }

    #[test]
    fn a_row_has_one_address() {
        let dictionary = dictionary();
        let read = |table: &str, text: &str| {
            parse_key(dictionary.table(table).unwrap(), text).map(|key| key_text(&key))
        };
        let uuid = "1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a";
        for (table, text) in
            [("one", "-7"), ("code", "a%20b%2Fc%2C%25"), ("several", &format!("A%2C1,2021-07-27,{uuid}"))]
        {
            assert_eq!(read(table, text).as_deref(), Ok(text));
        }
        let upper = uuid.to_uppercase();
        let expected = format!("a,2021-07-27,{uuid}");
        assert_eq!(read("several", &format!("a,2021-07-27,{upper}")), Ok(expected));
        for (table, text) in [
            ("one", "007"),
            ("one", "+7"),
            ("one", ""),
            ("one", "1,2"),
            ("one", "2147483648"),
            ("code", ""),
            ("code", "%FF"),
            ("code", "a%20"),
            ("ascii", "%C3%A9"),
            ("several", "a,2021-07-27"),
            ("several", &format!("a,2021-7-27,{uuid}")),
            ("several", &format!("a,2021-07-27,{uuid},1")),
        ] {
            assert!(read(table, text).is_err(), "{table} {text:?}");
        }
        let error = read("several", "x").unwrap_err().to_string();
        assert_eq!(
            error,
            "must be the key code (string(40)),day (date),it (uuid), each percent-encoded, with a comma between them"
        );
    }

    #[test]
    fn answers_have_a_number_or_the_text() {
        let text = Key::of([&Value::Text("a b".into()), &Value::Integer(7)]).unwrap();
        assert_eq!(serde_json::to_string(&[Key::from(7), text]).unwrap(), r#"[7,"a%20b,7"]"#);
    }

    proptest! {
        #[test]
        fn every_text_key_comes_back(text in "\\PC{1,40}") {
            let dictionary = dictionary();
            let table = dictionary.table("code").unwrap();
            let key = Key::of([&Value::Text(text.as_str().into())]).unwrap();
            let written = key_text(&key);
            prop_assert!(written.bytes().all(|byte| byte.is_ascii_graphic() && byte != b','));
            if read_key_field(&table.columns()[0], text.as_bytes()).is_ok() {
                prop_assert_eq!(parse_key(table, &written), Ok(key));
            }
        }
    }
}
