//! The table and the row that a path names.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use domain::dictionary::Table;
use domain::problem::Problem;
use lambda_kit::caller::Caller;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;

use crate::service::Service;

/// The row that a path names, as an argument of handlers. The caller must see its table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowPath {
    pub(super) table: &'static Table,
    pub(super) id: i64,
}

impl FromRequestParts<Service> for RowPath {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ProblemResponse> {
        let path = Path::<(String, String)>::from_request_parts(parts, service).await;
        let Path((name, id)) =
            path.unwrap_or_else(|_| Path((char::REPLACEMENT_CHARACTER.to_string(), String::new())));
        let table = Caller::of(&parts.extensions).table(service.dictionary, &name)?;
        Ok(Self { table, id: parse_id(table, &id)? })
    }
}

/// Reads an id in its only spelling, so that every row has one path.
pub(super) fn parse_id(table: &Table, text: &str) -> Result<i64, Problem> {
    let (least, most) = table.key().column_type().integer_bounds();
    let id = text.parse().ok().filter(|id: &i64| (least..=most).contains(id) && id.to_string() == text);
    id.ok_or_else(|| {
        let detail = format!(
            "The id of a row of {} is a whole number from {least} to {most}, without leading zeros.",
            table.name()
        );
        query::mistake("id", detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_an_id_in_one_spelling_alone() {
        let table = testkit::dictionary().table("employees").unwrap();
        for id in ["0", "7", "-7", "2147483647", "-2147483648"] {
            assert_eq!(parse_id(table, id).map(|id| id.to_string()).as_deref(), Ok(id));
        }
        for wrong in
            ["", "-", "-0", "+7", "07", " 7", "7 ", "7.0", "1e3", "٧", "x", "2147483648", "-2147483649"]
        {
            let problem = parse_id(table, wrong).unwrap_err();
            assert_eq!((problem.kind.status(), &*problem.errors[0].parameter), (400, "id"), "{wrong}");
        }
    }
}
