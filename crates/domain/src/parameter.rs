//! Parameters of requests and reports: their types, and the values in a query string.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::Serialize;

use crate::problem::ProblemDetail;
use crate::shortened;
use crate::value::CivilDate;

/// Characters of a wrong value that are quoted back.
const MAX_QUOTED_CHARS: usize = 60;

/// A parameter of a query string, and of a report's SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The name, in the query string and as `:name` in SQL.
    pub name: String,
    /// The type of its values.
    pub parameter_type: ParameterType,
    /// The value of a request that does not give one.
    pub default: Option<ParameterValue>,
    /// True if every request has to give it; never with a default.
    pub required: bool,
    /// The meaning; may be empty.
    pub description: String,
}

impl Parameter {
    /// Returns a parameter that may be left out, without a default and a description.
    pub fn optional(name: &str, parameter_type: ParameterType) -> Self {
        Self {
            name: name.to_owned(),
            parameter_type,
            default: None,
            required: false,
            description: String::new(),
        }
    }

    /// Returns an optional text of at most `max_length` characters.
    pub fn text(name: &str, max_length: usize) -> Self {
        Self::optional(name, ParameterType::String { max_length })
    }

    /// Returns an optional number from `minimum` to `maximum`.
    pub fn integer(name: &str, minimum: i64, maximum: i64) -> Self {
        Self::optional(name, ParameterType::Integer { minimum, maximum })
    }
}

/// The type of a parameter's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterType {
    /// A whole number.
    Integer {
        /// The least value.
        minimum: i64,
        /// The greatest value.
        maximum: i64,
    },
    /// Any text.
    String {
        /// Characters at most.
        max_length: usize,
    },
    /// One of some words.
    Choice {
        /// The words.
        values: Vec<String>,
    },
    /// `true` or `false`.
    Boolean,
    /// A day, `YYYY-MM-DD`, in the years 1000 to 9999.
    Date,
}

/// The value of a parameter, checked against its type. In JSON: a number, a string, true or false.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ParameterValue {
    /// The value of an integer.
    Integer(i64),
    /// The value of a string or choice.
    String(String),
    /// The value of a boolean.
    Boolean(bool),
    /// The value of a date, `YYYY-MM-DD`.
    Date(String),
}

impl ParameterType {
    /// Returns the name in definitions and the API. A choice is a string with `values`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Integer { .. } => "integer",
            Self::String { .. } | Self::Choice { .. } => "string",
            Self::Boolean => "boolean",
            Self::Date => "date",
        }
    }

    /// Reads a value from its text.
    ///
    /// # Errors
    /// The rule as the end of a sentence: "must be a whole number, not \"x\"".
    pub fn read(&self, text: &str) -> Result<ParameterValue, String> {
        match self {
            Self::Integer { minimum, maximum } => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(format!("must be a whole number, not {}", quote(text)));
                }
                match text.parse() {
                    Ok(number) if (*minimum..=*maximum).contains(&number) => {
                        Ok(ParameterValue::Integer(number))
                    }
                    // Digits that do not fit into 64 bits are out of range as well.
                    _ => Err(format!(
                        "must be from {minimum} to {maximum}, not {}",
                        shortened(text, MAX_QUOTED_CHARS)
                    )),
                }
            }
            Self::String { max_length } => match text.chars().count() {
                length if length <= *max_length => Ok(ParameterValue::String(text.to_owned())),
                length => Err(format!("may have {max_length} characters, not {length}")),
            },
            Self::Choice { values } if values.iter().any(|value| value == text) => {
                Ok(ParameterValue::String(text.to_owned()))
            }
            Self::Choice { values } => {
                Err(format!("must be {}, not {}", join(values.iter().map(String::as_str), "or"), quote(text)))
            }
            Self::Boolean => text
                .parse()
                .map(ParameterValue::Boolean)
                .map_err(|_| format!("must be true or false, not {}", quote(text))),
            Self::Date if CivilDate::parse(text.as_bytes()).is_some() => {
                Ok(ParameterValue::Date(text.to_owned()))
            }
            Self::Date => Err(format!("must be a day as YYYY-MM-DD, not {}", quote(text))),
        }
    }
}

/// Reads the parameters that a request gives: the values by name, defaults filled in, in the order
/// of `parameters`. One that is neither given nor required and has no default is left out. `check`
/// looks at a text of the right type once more.
///
/// # Errors
/// Every mistake: wrong, repeated and missing parameters in the order of `parameters`, then unknown
/// ones by name. The request's own order is not known: Lambda's event has its parameters in a map.
pub fn read_parameters<'p>(
    parameters: &'p [Parameter],
    given: &[(String, String)],
    check: impl Fn(&str, &str) -> Result<(), String>,
) -> Result<IndexMap<&'p str, ParameterValue>, Vec<ProblemDetail>> {
    let mut mistakes = Vec::new();
    let mut values = IndexMap::with_capacity(parameters.len());
    for parameter in parameters {
        let name = parameter.name.as_str();
        let mut texts = given.iter().filter(|(other, _)| other == name).map(|(_, text)| text);
        let value = match (texts.next(), texts.count()) {
            (None, _) if parameter.required => Err("is required".to_owned()),
            (None, _) => Ok(parameter.default.clone()),
            (Some(text), 0) => {
                let value = parameter.parameter_type.read(text);
                value.and_then(|value| check(name, text).map(|()| Some(value)))
            }
            (Some(_), more) => Err(format!("is given {} times; give it once", more + 1)),
        };
        match value {
            Ok(value) => values.extend(value.map(|value| (name, value))),
            Err(problem) => mistakes.push(mistake(name, &problem)),
        }
    }
    let is_known = |name: &str| parameters.iter().any(|parameter| parameter.name == name);
    let unknown: BTreeSet<&str> =
        given.iter().map(|(name, _)| name.as_str()).filter(|name| !is_known(name)).collect();
    let there_are = match parameters {
        [] => "there are no parameters here".to_owned(),
        [only] => format!("there is {}", only.name),
        _ => format!("there are {}", join(parameters.iter().map(|parameter| parameter.name.as_str()), "and")),
    };
    mistakes.extend(unknown.into_iter().map(|name| mistake(name, &format!("is not known; {there_are}"))));
    if mistakes.is_empty() { Ok(values) } else { Err(mistakes) }
}

fn mistake(name: &str, problem: &str) -> ProblemDetail {
    let parameter = shortened(name, MAX_QUOTED_CHARS).into_owned();
    ProblemDetail { detail: format!("{parameter} {problem}."), parameter }
}

/// Joins words, the last one by its own word: `a, b and c`.
pub(crate) fn join<'a>(words: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let words: Vec<_> = words.into_iter().collect();
    match &words[..] {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [many @ .., end] => format!("{} {last} {end}", many.join(", ")),
    }
}

fn quote(text: &str) -> String {
    format!("{:?}", shortened(text, MAX_QUOTED_CHARS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, parameter_type: ParameterType, default: Option<ParameterValue>) -> Parameter {
        let required = default.is_none();
        Parameter { name: name.to_owned(), parameter_type, default, required, description: String::new() }
    }

    fn parameters() -> Vec<Parameter> {
        let year = ParameterType::Integer { minimum: 1000, maximum: 9999 };
        let scope = ParameterType::Choice { values: vec!["year".to_owned(), "all".to_owned()] };
        vec![parameter("year", year, Some(ParameterValue::Integer(2021))), parameter("scope", scope, None)]
    }

    fn read(given: &[(&str, &str)]) -> Result<String, Vec<String>> {
        let given: Vec<_> =
            given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        read_parameters(&parameters(), &given, |_, _| Ok(()))
            .map(|values| serde_json::to_string(&values).unwrap())
            .map_err(|mistakes| mistakes.into_iter().map(|mistake| mistake.detail).collect())
    }

    #[test]
    fn fills_in_defaults_in_the_order_of_the_definition() {
        assert_eq!(read(&[("scope", "all")]).unwrap(), r#"{"year":2021,"scope":"all"}"#);
        assert_eq!(read(&[("scope", "year"), ("year", "1999")]).unwrap(), r#"{"year":1999,"scope":"year"}"#);
    }

    #[test]
    fn reports_every_mistake() {
        let mistakes = read(&[("yaer", "2020"), ("year", "2020"), ("year", "2020"), ("x", "")]).unwrap_err();
        assert_eq!(
            mistakes,
            [
                "year is given 2 times; give it once.",
                "scope is required.",
                "x is not known; there are year and scope.",
                "yaer is not known; there are year and scope.",
            ]
        );
    }

    /// The map that has the parameters changes its order.
    #[test]
    fn the_order_of_the_request_does_not_change_the_mistakes() {
        let mut given = [("scope", "ALL"), ("b", "1"), ("a", "1"), ("b", "2"), ("year", "twenty")];
        let expected = [
            "year must be a whole number, not \"twenty\".",
            "scope must be year or all, not \"ALL\".",
            "a is not known; there are year and scope.",
            "b is not known; there are year and scope.",
        ];
        for _ in 0..given.len() {
            given.rotate_left(1);
            assert_eq!(read(&given).unwrap_err(), expected, "{given:?}");
        }
    }

    #[test]
    fn accepts_what_its_type_allows_and_nothing_else() {
        let integer = ParameterType::Integer { minimum: -5, maximum: 10 };
        for good in ["-5", "0", "10", "007"] {
            assert!(integer.read(good).is_ok(), "{good}");
        }
        for bad in ["", "-", "-6", "11", "+1", " 1", "1.0", "1e1", "٣", "99999999999999999999", "--1", "0x1"]
        {
            assert!(integer.read(bad).is_err(), "{bad}");
        }
        for good in ["2024-02-29", "1000-01-01", "9999-12-31"] {
            assert!(ParameterType::Date.read(good).is_ok(), "{good}");
        }
        for bad in
            ["", "2021-02-29", "2021-2-9", "2021-13-01", "0999-01-01", "2021-01-01T00:00:00Z", "+021-01-01"]
        {
            assert!(ParameterType::Date.read(bad).is_err(), "{bad}");
        }
        assert_eq!(ParameterType::Boolean.read("true"), Ok(ParameterValue::Boolean(true)));
        assert!(ParameterType::Boolean.read("1").is_err());
        let string = ParameterType::String { max_length: 2 };
        assert!(string.read("😀😀").is_ok() && string.read("abc").is_err());
    }

    #[test]
    fn quotes_no_more_of_a_value_than_helps() {
        let mistake = ParameterType::Boolean.read(&"é".repeat(5000)).unwrap_err();
        assert!(mistake.len() < 200, "{mistake}");
    }
}
