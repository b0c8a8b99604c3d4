//! Keys: the values by which a row is found.

use super::{CivilDate, CivilTime, Decimal, Timestamp, Value};
use uuid::Uuid;

/// The key of a row: the values of its key's columns, in the key's order.
///
/// Keys are compared for equality and kept in sets. Their order is one that Rust has, not that of
/// the database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Parts);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Parts {
    One(KeyPart),
    Several(Box<[KeyPart]>),
}

/// The value of one column of a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyPart {
    /// A whole number.
    Integer(i64),
    /// An exact decimal number.
    Decimal(Decimal),
    /// Text.
    Text(Box<str>),
    /// A day.
    Date(CivilDate),
    /// A time of day.
    Time(CivilTime),
    /// A moment.
    Timestamp(Timestamp),
    /// A UUID.
    Uuid(Uuid),
}

impl Key {
    /// Returns the key that these values make; `None` if one of them is no value, or of a type that
    /// keys do not have.
    pub fn of<'v, 'a: 'v>(values: impl IntoIterator<Item = &'v Value<'a>>) -> Option<Self> {
        let mut values = values.into_iter();
        let first = KeyPart::of(values.next()?)?;
        let Some(second) = values.next() else { return Some(Self(Parts::One(first))) };
        let mut parts = vec![first, KeyPart::of(second)?];
        for value in values {
            parts.push(KeyPart::of(value)?);
        }
        Some(Self(Parts::Several(parts.into())))
    }

    /// Returns the values of the key's columns; at least one.
    pub fn parts(&self) -> &[KeyPart] {
        match &self.0 {
            Parts::One(part) => std::slice::from_ref(part),
            Parts::Several(parts) => parts,
        }
    }

    /// Returns the number of a key that is one whole number.
    pub fn as_integer(&self) -> Option<i64> {
        match self.0 {
            Parts::One(KeyPart::Integer(number)) => Some(number),
            _ => None,
        }
    }
}

impl From<i64> for Key {
    fn from(number: i64) -> Self {
        Self(Parts::One(KeyPart::Integer(number)))
    }
}

impl KeyPart {
    fn of(value: &Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Integer(number) => Self::Integer(*number),
            Value::Decimal(decimal) => Self::Decimal(*decimal),
            Value::Text(text) => Self::Text(text.as_ref().into()),
            Value::Date(day) => Self::Date(*day),
            Value::Time(time) => Self::Time(*time),
            Value::Timestamp(moment) => Self::Timestamp(*moment),
            Value::Uuid(uuid) => Self::Uuid(*uuid),
            Value::Null | Value::Double(_) | Value::Boolean(_) | Value::Json(_) | Value::Binary(_) => {
                return None;
            }
        })
    }

    /// Returns the value, which borrows from the key.
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Integer(number) => Value::Integer(*number),
            Self::Decimal(decimal) => Value::Decimal(*decimal),
            Self::Text(text) => Value::Text(text.as_ref().into()),
            Self::Date(day) => Value::Date(*day),
            Self::Time(time) => Value::Time(*time),
            Self::Timestamp(moment) => Value::Timestamp(*moment),
            Self::Uuid(uuid) => Value::Uuid(*uuid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_value_for_each_of_its_columns() {
        let (one, text) = (Value::Integer(7), Value::Text("a".into()));
        assert_eq!(Key::of([&one]), Some(Key::from(7)));
        let both = Key::of([&one, &text]).unwrap();
        assert_eq!(both.parts().iter().map(KeyPart::value).collect::<Vec<_>>(), [one.clone(), text]);
        assert_eq!((Key::from(7).as_integer(), both.as_integer()), (Some(7), None));
        assert_eq!(Key::of([]), None);
        assert_eq!(Key::of([&one, &Value::Null]), None);
        assert_eq!(Key::of([&Value::Boolean(true)]), None);
    }
}
