//! The requests of the rest-json protocol.
//!
//! Texts are borrowed from the request's bytes wherever JSON did not escape them: a bulk INSERT of
//! 60 KB is not copied on its way to the database.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, Visitor};

use crate::error::{ApiError, ErrorKind};

/// A text of the request, borrowed if possible. (`Option<Cow<str>>` would always copy.)
#[derive(Debug)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for TextVisitor<'a> {
            type Value = Text<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor(PhantomData))
    }
}

/// The members of all five operations. Each operation reads its own; like the service, others are
/// ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Request<'a> {
    #[serde(borrow)]
    pub(crate) resource_arn: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) secret_arn: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) sql: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) database: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) schema: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) transaction_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) parameters: Option<Vec<SqlParameter<'a>>>,
    #[serde(borrow)]
    pub(crate) parameter_sets: Option<Vec<Vec<SqlParameter<'a>>>>,
    pub(crate) include_result_metadata: Option<bool>,
    pub(crate) continue_after_timeout: Option<bool>,
    #[serde(borrow)]
    pub(crate) result_set_options: Option<ResultSetOptions<'a>>,
    #[serde(borrow)]
    pub(crate) format_records_as: Option<Text<'a>>,
}

impl<'a> Request<'a> {
    /// Reads a body; none at all stands for an object without members.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, ApiError> {
        let wrong = |why: String| ApiError::new(ErrorKind::SerializationException, why);
        match body.trim_ascii_start().first() {
            None => Ok(Self::default()),
            // Serde would read the members from an array as well, one after the other.
            Some(b'{') => serde_json::from_slice(body).map_err(|error| wrong(error.to_string())),
            Some(_) => Err(wrong("The body must be a JSON object".to_owned())),
        }
    }

    /// Returns the database that the request names; an empty name is none.
    pub(crate) fn database_name(&self) -> Option<&str> {
        self.database.as_deref().filter(|name| !name.is_empty())
    }
}

/// The format of numbers in the result.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ResultSetOptions<'a> {
    #[serde(borrow)]
    pub(crate) decimal_return_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) long_return_type: Option<Text<'a>>,
}

/// A named parameter.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SqlParameter<'a> {
    #[serde(borrow)]
    pub(crate) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) value: Option<Field<'a>>,
    #[serde(borrow)]
    pub(crate) type_hint: Option<Text<'a>>,
}

/// The value of a parameter: a union, exactly one member is set.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Field<'a> {
    pub(crate) is_null: Option<bool>,
    pub(crate) boolean_value: Option<bool>,
    pub(crate) long_value: Option<i64>,
    pub(crate) double_value: Option<Double>,
    #[serde(borrow)]
    pub(crate) string_value: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) blob_value: Option<Text<'a>>,
    pub(crate) array_value: Option<IgnoredAny>,
}

/// A double; rest-json writes what JSON has no number for as a string.
#[derive(Debug)]
pub(crate) struct Double(pub(crate) f64);

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(f64),
            Name(String),
        }

        match Form::deserialize(deserializer)? {
            Form::Number(number) => Ok(Double(number)),
            Form::Name(name) => match name.as_str() {
                "NaN" => Ok(Double(f64::NAN)),
                "Infinity" => Ok(Double(f64::INFINITY)),
                "-Infinity" => Ok(Double(f64::NEG_INFINITY)),
                _ => Err(de::Error::custom("not a double")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_texts_are_borrowed_and_escaped_ones_copied() {
        let body = br#"{"sql":"INSERT INTO t VALUES (X'61')","database":"a\u0062","unknown":[1]}"#;
        let request: Request<'_> = serde_json::from_slice(body).unwrap();
        assert!(matches!(request.sql, Some(Text(Cow::Borrowed(_)))));
        assert!(matches!(request.database, Some(Text(Cow::Owned(ref text))) if text == "ab"));
    }

    #[test]
    fn reads_every_form_of_a_value() {
        let body = br#"{"parameters":[{"name":"a","value":{"doubleValue":"NaN"}},{"name":"b","value":{"doubleValue":1}},
            {"name":"c","value":{"isNull":true,"stringValue":null}},{"value":{"arrayValue":{"longValues":[1]}}}]}"#;
        let request: Request<'_> = serde_json::from_slice(body).unwrap();
        let parameters = request.parameters.unwrap();
        assert!(parameters[0].value.as_ref().unwrap().double_value.as_ref().unwrap().0.is_nan());
        assert!(parameters[2].value.as_ref().unwrap().string_value.is_none());
        assert!(parameters[3].value.as_ref().unwrap().array_value.is_some());
    }
}
