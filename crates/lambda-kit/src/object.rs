//! JSON objects in payloads and bodies. Serde would accept an array for a struct as well, with the
//! values of the fields in order. Errors have a few hundred characters: serde quotes names and
//! values, which may have megabytes.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use domain::dictionary::UnknownTable;
use domain::problem::ProblemKind;
use domain::shortened;

/// Characters of an error at most.
const MAX_CHARACTERS: usize = 300;

/// A request that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It does not have the shape of a request.
    #[error("{0}")]
    Shape(String),
    /// It names a table that the dictionary does not have.
    #[error(transparent)]
    UnknownTable(#[from] UnknownTable),
    /// It names something else that does not exist.
    #[error("{0}")]
    NotFound(String),
}

impl RequestError {
    /// Returns the kind of problem that a request of the API is answered with.
    pub fn kind(&self) -> ProblemKind {
        match self {
            Self::Shape(_) => ProblemKind::WrongShape,
            Self::UnknownTable(_) => ProblemKind::UnknownTable,
            Self::NotFound(_) => ProblemKind::NotFound,
        }
    }
}

/// Reads an object.
///
/// # Errors
/// A description of the problem.
pub fn of_value<T: DeserializeOwned>(json: Value) -> Result<T, String> {
    require(json.is_object())?;
    serde_json::from_value(json).map_err(|error| shortened_error(&error))
}

/// Reads an object from its text. A [`Value`] would keep the last of several members with one name;
/// here they are an error.
///
/// # Errors
/// A description of the problem.
pub fn of_text<T: DeserializeOwned>(json: &RawValue) -> Result<T, String> {
    require(json.get().starts_with('{'))?;
    serde_json::from_str(json.get()).map_err(|error| shortened_error(&error))
}

fn shortened_error(error: &serde_json::Error) -> String {
    shortened(error.to_string(), MAX_CHARACTERS).into_owned()
}

fn require(is_object: bool) -> Result<(), String> {
    if is_object { Ok(()) } else { Err("it must be a JSON object".to_owned()) }
}
