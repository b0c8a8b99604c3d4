//! The table and the row that a path names.

use axum::extract::{FromRequestParts, Path};
use axum::http::Uri;
use axum::http::request::Parts;
use domain::dictionary::Table;
use domain::key_text::parse_key;
use domain::problem::Problem;
use domain::value::Key;
use lambda_kit::caller::Caller;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;

use crate::service::Service;

/// The row that a path names, as an argument of handlers. The caller must see its table.
#[derive(Debug, Clone)]
pub(crate) struct RowPath {
    pub(super) table: &'static Table,
    pub(super) key: Key,
}

impl FromRequestParts<Service> for RowPath {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ProblemResponse> {
        let path = Path::<(String, String)>::from_request_parts(parts, service).await;
        let name = path.map_or_else(|_| char::REPLACEMENT_CHARACTER.to_string(), |Path((name, _))| name);
        let table = Caller::of(&parts.extensions).table(service.dictionary, &name)?;
        Ok(Self { table, key: read_key(table, &parts.uri)? })
    }
}

/// Reads the key at the end of a path, from the path as it was sent: what `%2C` stands for is a
/// comma inside of a value, and a comma is between two.
///
/// REST APIs of API Gateway give a function the path as the client has sent it (AWS documents it
/// neither way; HTTP APIs decode it). Of a path that something before has decoded, all keys are
/// read rightly in which no value has a slash, a percent sign before two hexadecimal digits, or,
/// beside other values, a comma.
fn read_key(table: &Table, path: &Uri) -> Result<Key, Problem> {
    let path = path.path();
    let path = path.strip_suffix('/').unwrap_or(path);
    let text = path.rsplit_once('/').map_or(path, |(_, text)| text);
    parse_key(table, text).map_err(|error| {
        query::mistake("id", format!("The id of a row of {} {error}, in its only form.", table.name()))
    })
}

#[cfg(test)]
mod tests {
    use domain::dictionary::Dictionary;
    use domain::key_text::key_text;

    use super::*;

    fn read(table: &Table, end: &str) -> Result<String, Problem> {
        read_key(table, &format!("/v1/tables/x/rows/{end}").parse().unwrap()).map(|key| key_text(&key))
    }

    #[test]
    fn takes_an_id_in_one_spelling_alone() {
        let table = testkit::dictionary().table("documents").unwrap();
        for id in ["0", "7", "-7", "2147483647", "-2147483648"] {
            assert_eq!(read(table, id).as_deref(), Ok(id));
            assert_eq!(read(table, &format!("{id}/")).as_deref(), Ok(id));
        }
        for wrong in [
            "",
            "-",
            "-0",
            "+7",
            "07",
            "%207",
            "7%20",
            "7.0",
            "1e3",
            "%D9%A7",
            "x",
            "2147483648",
            "-2147483649",
        ] {
            let problem = read(table, wrong).unwrap_err();
            assert_eq!((problem.kind.status(), &*problem.errors[0].parameter), (400, "id"), "{wrong}");
        }
    }

    #[test]
    fn reads_the_values_of_a_key_as_they_were_sent() {
        let text = r#"
            [[table]]
            name = "codes"
            columns = [{ name = "code", type = "string(40)", key = true }]
            [[table]]
            name = "prices"
            columns = [
                { name = "code", type = "string(40)", key = true },
                { name = "day", type = "date", key = true },
            ]
        "#;
        let dictionary = Dictionary::parse("test", text).unwrap();
        let (codes, prices) = (dictionary.table("codes").unwrap(), dictionary.table("prices").unwrap());
        for id in ["a", "a%2Fb%2Cc%25", "%2541", "%C3%A9"] {
            assert_eq!(read(codes, id).as_deref(), Ok(id));
        }
        // As something before may have decoded it.
        assert_eq!(read(codes, "a,b").as_deref(), Ok("a%2Cb"));
        assert_eq!(read(codes, "100%").as_deref(), Ok("100%25"));
        assert_eq!(read(prices, "a%2Cb,2021-07-27").as_deref(), Ok("a%2Cb,2021-07-27"));
        for wrong in ["a", "a,b,2021-07-27", "a,2021-7-27", ",2021-07-27"] {
            let problem = read(prices, wrong).unwrap_err();
            assert!(problem.errors[0].detail.starts_with("The id of a row of prices must be the key code"));
        }
    }
}
