//! The API as the files of `api/` declare it.

use std::sync::LazyLock;

use serde_json::Value;

use crate::source::Door;

/// The compiled declarations: `paths` and `schemas` of all subjects, and under their own names
/// `doors`, `problems` and `shared`.
pub(crate) static API: LazyLock<Value> = LazyLock::new(|| {
    // The build has written it, and tests read all of it.
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/api.json"))).unwrap_or_default()
});

/// The member of an operation that has the right of its callers.
pub(crate) const RIGHT: &str = "x-rowgate-right";

/// A method of a path, as it is declared.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'a> {
    /// The path, with parameters in braces.
    pub path: &'a str,
    /// The method, in lower case as OpenAPI has it.
    pub(crate) method: &'a str,
    item: &'a Value,
    pub(crate) value: &'a Value,
}

impl<'a> Operation<'a> {
    /// Returns the operation under another path and with another description.
    pub(crate) fn replaced<'b>(self, path: &'b str, value: &'b Value) -> Operation<'b>
    where
        'a: 'b,
    {
        Operation { path, value, ..self }
    }

    /// Returns the name of the method, as requests have it.
    pub fn method(&self) -> String {
        self.method.to_ascii_uppercase()
    }

    /// Returns the name of the function that answers, without `rowgate-`.
    pub fn function(&self) -> &'a str {
        self.item["x-rowgate-function"].as_str().unwrap_or_default()
    }

    /// Returns the right that a caller needs: `account` for any account, `reader`, `writer` or
    /// `operator`. `None` if anybody may call.
    pub fn right(&self) -> Option<&'a str> {
        self.value[RIGHT].as_str()
    }

    /// Returns true for what anybody may call.
    pub(crate) fn is_open(&self) -> bool {
        self.value["security"].is_array()
    }

    /// Returns true for what the served document describes.
    pub(crate) fn is_documented(&self) -> bool {
        self.item["x-rowgate-documented"] != false
    }

    /// Returns true for what a door leads to.
    pub fn is_at(&self, door: Door) -> bool {
        is_at(self.item, door)
    }

    /// Returns the kinds of problems that it can answer with, besides those of every function.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &'a str> {
        self.value["x-rowgate-problems"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }
}

/// Returns true for a path or a schema that a door has. Most are at both.
pub(crate) fn is_at(declared: &Value, door: Door) -> bool {
    declared["x-rowgate-door"].as_str().is_none_or(|only| only == door.name())
}

/// Returns every operation, of both doors.
pub fn operations() -> Vec<Operation<'static>> {
    let paths = API["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        let methods = methods.filter(|(name, _)| !name.starts_with("x-"));
        methods.map(move |(method, value)| Operation { path, method, item, value })
    });
    operations.collect()
}
