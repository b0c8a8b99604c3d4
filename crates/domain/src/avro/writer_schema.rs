use std::fmt;

use serde_json::{Map, Value};

use super::canonical;
use super::kind::Kind;
use super::schema::DIGITS;

/// The schema in a file: the record that it was written with.
///
/// A field whose type is none that a table of ours can have is kept with its description, so that
/// [`Resolution::new`](super::Resolution::new) can name all such fields at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterSchema {
    name: String,
    fingerprint: String,
    pub(super) fields: Vec<WriterField>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WriterField {
    pub(super) name: String,
    pub(super) form: Form,
}

/// The encoding of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// Always a value.
    Plain(Kind),
    /// A union of null and a value; null is its branch of this number, 0 or 1.
    Nullable(Kind, u8),
    /// Something else, as JSON.
    Other(String),
}

impl Form {
    /// Returns the same form of values that are JSON documents, where it is one of texts: only the
    /// table's column tells them apart.
    pub(super) fn as_json(&self) -> Self {
        match self {
            Self::Plain(Kind::Text) => Self::Plain(Kind::Json),
            Self::Nullable(Kind::Text, null) => Self::Nullable(Kind::Json, *null),
            other => other.clone(),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(kind) => kind.fmt(f),
            Self::Nullable(kind, _) => write!(f, "{kind} or null"),
            Self::Other(json) => f.write_str(json),
        }
    }
}

impl WriterSchema {
    /// Reads the JSON of a file's schema.
    ///
    /// # Errors
    /// A description of the problem: it is not JSON, not a record, or has a field without a name or
    /// with the name of another.
    pub(super) fn parse(json: &[u8]) -> Result<Self, String> {
        let schema: Value =
            serde_json::from_slice(json).map_err(|error| format!("its schema is no JSON: {error}"))?;
        let record = schema
            .as_object()
            .filter(|schema| schema.get("type").and_then(Value::as_str) == Some("record"))
            .ok_or("its schema is no record")?;
        let name = record.get("name").and_then(Value::as_str).ok_or("its record has no name")?;
        let listed = record.get("fields").and_then(Value::as_array).ok_or("its record has no fields")?;
        let mut fields: Vec<WriterField> = Vec::with_capacity(listed.len());
        for field in listed {
            let name =
                field.get("name").and_then(Value::as_str).ok_or("a field of its record has no name")?;
            if fields.iter().any(|field| field.name == name) {
                return Err(format!("its record has the field {name:?} twice"));
            }
            let form = form(field.get("type").unwrap_or(&Value::Null), field.get(DIGITS));
            fields.push(WriterField { name: name.to_owned(), form });
        }
        let name = name.rsplit('.').next().unwrap_or_default().to_owned();
        Ok(Self { name, fingerprint: canonical::fingerprint(&schema), fields })
    }

    /// Returns the record's name without its namespace: in files of Rowgate, the table's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the schema's Parsing Canonical Form, as 64 lower-case hexadecimal digits.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Returns the names of the fields, in their order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }
}

/// Returns the encoding of a field of this type, which says perhaps how many digits its moments
/// have.
fn form(schema: &Value, digits: Option<&Value>) -> Form {
    let other = || Form::Other(schema.to_string());
    if let Value::Array(branches) = schema {
        let is_null = |branch: &Value| branch.as_str() == Some("null");
        return match &branches[..] {
            [null, value] if is_null(null) => {
                kind(value, digits).map_or_else(other, |kind| Form::Nullable(kind, 0))
            }
            [value, null] if is_null(null) => {
                kind(value, digits).map_or_else(other, |kind| Form::Nullable(kind, 1))
            }
            _ => other(),
        };
    }
    kind(schema, digits).map_or_else(other, Form::Plain)
}

fn kind(schema: &Value, digits: Option<&Value>) -> Option<Kind> {
    let none = Map::new();
    let (name, members) = match schema {
        Value::String(name) => (name.as_str(), &none),
        Value::Object(members) => (members.get("type")?.as_str()?, members),
        _ => return None,
    };
    match (name, members.get("logicalType").and_then(Value::as_str)) {
        ("int", Some("date")) => Some(Kind::Date),
        ("int", Some("time-millis")) => Some(Kind::Time),
        ("long", Some("timestamp-millis")) => match digits.map(Value::as_u64) {
            None => Some(Kind::Timestamp { digits: 0 }),
            Some(Some(3)) => Some(Kind::Timestamp { digits: 3 }),
            Some(_) => None,
        },
        ("long", Some("timestamp-micros")) => Some(Kind::Timestamp { digits: 6 }),
        ("string", Some("uuid")) => Some(Kind::Uuid),
        ("bytes", Some("decimal")) => {
            let digits = |name| members.get(name).and_then(Value::as_u64);
            let precision = u8::try_from(digits("precision")?).ok()?;
            let scale = u8::try_from(digits("scale").unwrap_or(0)).ok()?;
            (1..=38).contains(&precision).then_some(())?;
            (scale <= precision).then_some(Kind::Decimal { precision, scale })
        }
        // Another meaning than that of the plain type: to read it as plain numbers would be
        // silently wrong.
        (_, Some(_)) => None,
        ("int", None) => Some(Kind::Int),
        ("long", None) => Some(Kind::Long),
        ("double", None) => Some(Kind::Double),
        ("boolean", None) => Some(Kind::Boolean),
        ("string", None) => Some(Kind::Text),
        ("bytes", None) => Some(Kind::Bytes),
        _ => None,
    }
}
