//! Query strings: the arguments of handlers that read them, and the problem of a wrong one.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::page::PageSize;
use domain::parameter::{Parameter, ParameterValue, read_parameters};
use domain::problem::{Problem, ProblemDetail, ProblemKind};
use indexmap::IndexMap;

use crate::problem::ProblemResponse;

/// Characters of `after` at most; those of Cognito's lists have some hundreds.
const MAX_AFTER_CHARS: usize = 4_000;

/// The query string, as an argument of a handler that reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

/// The argument of a handler that takes no parameters: a request with one is answered 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoQuery;

/// The values of a query string's parameters, with their defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values<'p>(pub IndexMap<&'p str, ParameterValue>);

/// The page of a list that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<A> {
    /// Entries at most.
    pub limit: u32,
    /// The last entry of the page before.
    pub after: Option<A>,
}

impl Query {
    /// Reads a query string as forms are encoded. Bytes that are not UTF-8 become U+FFFD, which no
    /// parameter allows.
    pub fn new(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// Returns true if the parameter is given.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    /// Reads these parameters, and no others.
    ///
    /// # Errors
    /// The problem with all mistakes.
    pub fn read<'p>(&self, parameters: &'p [Parameter]) -> Result<Values<'p>, Problem> {
        self.read_checked(parameters, |_, _| Ok(()))
    }

    /// Reads these parameters, of which `check` refuses texts that their types allow: `must be 7`.
    ///
    /// # Errors
    /// The problem with all mistakes.
    pub fn read_checked<'p>(
        &self,
        parameters: &'p [Parameter],
        check: impl Fn(&str, &str) -> Result<(), String>,
    ) -> Result<Values<'p>, Problem> {
        read_parameters(parameters, &self.0, check).map(Values).map_err(problem)
    }

    /// Reads which page of a list is asked for. `after` is what `next` of the page before was;
    /// `rule` says what it must be.
    ///
    /// # Errors
    /// The problem with all mistakes.
    pub fn page<A>(
        &self,
        size: PageSize,
        rule: &str,
        parse: impl Fn(&str) -> Option<A>,
    ) -> Result<Page<A>, Problem> {
        let parameters = [size.limit(), Parameter::text("after", MAX_AFTER_CHARS)];
        let values = self.read_checked(&parameters, |name, text| match name {
            "after" if parse(text).is_none() => Err(rule.to_owned()),
            _ => Ok(()),
        })?;
        Ok(Page { limit: values.limit(), after: values.text("after").and_then(parse) })
    }
}

impl Values<'_> {
    /// Returns the number of a parameter, if there is one.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(ParameterValue::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// Returns the text of a parameter, if there is one.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(ParameterValue::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns true if the parameter is.
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name) == Some(&ParameterValue::Boolean(true))
    }

    /// Returns the parameter `limit`.
    pub fn limit(&self) -> u32 {
        self.integer("limit").and_then(|limit| limit.try_into().ok()).unwrap_or_default()
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::new(parts.uri.query()))
    }
}

impl<S: Sync> FromRequestParts<S> for NoQuery {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        Query::new(parts.uri.query()).read(&[])?;
        Ok(Self)
    }
}

/// Returns the problem of a request with one wrong parameter or header.
pub fn mistake(name: &str, detail: impl Into<String>) -> Problem {
    problem(vec![ProblemDetail { parameter: name.to_owned(), detail: detail.into() }])
}

fn problem(errors: Vec<ProblemDetail>) -> Problem {
    let detail = match &errors[..] {
        [only] => only.detail.clone(),
        several => format!("{} parameters are wrong; errors has them all.", several.len()),
    };
    Problem { errors, ..Problem::new(ProblemKind::InvalidParameter, detail) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_page_and_says_what_is_wrong() {
        let size = PageSize { default: 50, maximum: 100 };
        let seven = |text: &str| (text == "7").then_some(7);
        let read = |text: &str| {
            let page = Query::new(Some(text)).page(size, "must be 7", seven);
            page.map_err(|problem| problem.errors.into_iter().map(|error| error.detail).collect::<Vec<_>>())
        };
        assert_eq!(read(""), Ok(Page { limit: 50, after: None }));
        assert_eq!(read("limit=100&after=7"), Ok(Page { limit: 100, after: Some(7) }));
        assert_eq!(read("limit=101").unwrap_err(), ["limit must be from 1 to 100, not 101."]);
        assert_eq!(
            read("after=8&limit=0").unwrap_err(),
            ["limit must be from 1 to 100, not 0.", "after must be 7."]
        );
        assert_eq!(read("after=7&after=8").unwrap_err(), ["after is given 2 times; give it once."]);
    }

    #[test]
    fn decodes_pairs() {
        let found = Query::new(Some("a=1&b=x+y%2Bz&&c&d=%F0%9F%98%80=&a=%ff%zz"));
        let expected = [("a", "1"), ("b", "x y+z"), ("c", ""), ("d", "😀="), ("a", "\u{FFFD}%zz")];
        assert_eq!(found.0, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(Query::new(None).0.is_empty() && Query::new(Some("")).0.is_empty());
    }
}
