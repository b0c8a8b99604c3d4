//! `GET /tables/{table}/rows`: a table page by page.

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use domain::dictionary::Table;
use domain::page;
use domain::problem::{Problem, ProblemDetail, ProblemKind};
use domain::report::{Parameter, ParameterType, ParameterValue, read_parameters};
use lambda_kit::http::{InTime, RequestId};
use lambda_kit::payload::Payload;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;

use super::{answer, database_problem, json_row, target};
use crate::Service;

const HEAD: &str = "{\"rows\":[";
/// The longest end of an answer, with its quotes escaped.
const TAIL_BYTES: usize = r#"],\"next\":-9223372036854775808}"#.len();

/// Rows in the order of their ids, and the id after which the next page begins.
pub(crate) async fn list(
    InTime(service): InTime<Service>,
    Extension(id): Extension<RequestId>,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, ProblemResponse> {
    let table = target::table_of(service.dictionary, path)?;
    let (limit, after) = read_page(table, &query::pairs(query.as_deref())).map_err(query::problem)?;
    let page = aurora::read_page(&service.database, table, after, limit)
        .await
        .map_err(|error| database_problem(&error, &id))?;

    let mut payload = Payload::reserving(TAIL_BYTES);
    let (mut written, mut next) = (0, None);
    payload.push(HEAD).map_err(|_| too_large(table))?;
    for text in &page.rows {
        let (row, key) = json_row(table, text, &id)?;
        let comma = if written > 0 { "," } else { "" };
        if payload.push(&format!("{comma}{row}")).is_err() {
            // The rest comes with the next page.
            break;
        }
        written += 1;
        next = Some(key);
    }
    if written == 0 && !page.rows.is_empty() {
        return Err(too_large(table).into());
    }
    let next = next.filter(|_| page.more || written < page.rows.len());
    let next = next.map_or_else(|| "null".to_owned(), |next| next.to_string());
    let body = payload.into_text() + &format!("],\"next\":{next}}}");
    Ok(answer(StatusCode::OK, written, body))
}

/// How many rows are wanted, and behind which id.
fn read_page(table: &Table, given: &[(String, String)]) -> Result<(u32, Option<i64>), Vec<ProblemDetail>> {
    let (minimum, maximum) = target::id_range(table);
    let after = Parameter {
        name: "after".to_owned(),
        parameter_type: ParameterType::Integer { minimum, maximum },
        default: None,
        required: false,
        description: String::new(),
    };
    let parameters = [page::ROWS.limit(), after];
    let values = read_parameters(&parameters, given)?;
    let integer = |name: &str| match values.get(name) {
        Some(ParameterValue::Integer(number)) => Some(*number),
        _ => None,
    };
    let limit = integer("limit").unwrap_or(page::ROWS.default);
    Ok((u32::try_from(limit).unwrap_or_default(), integer("after")))
}

/// A row whose JSON alone is over the limit. With the limits of the dictionary there is none.
fn too_large(table: &Table) -> Problem {
    let detail = format!("A row of {} is larger than the 6 MB that one answer can have.", table.name());
    Problem::new(ProblemKind::ResultTooLarge, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(u32, Option<i64>), Vec<String>> {
        let table = domain::shipped::dictionary().unwrap().table("employees").unwrap();
        read_page(table, &query::pairs(Some(text)))
            .map_err(|mistakes| mistakes.into_iter().map(|mistake| mistake.detail).collect())
    }

    #[test]
    fn reads_which_page_is_wanted_and_says_all_that_is_wrong() {
        assert_eq!(read(""), Ok((100, None)));
        assert_eq!(read("limit=1000&after=-2147483648"), Ok((1000, Some(-2_147_483_648))));
        assert_eq!(read("after=2147483647&limit=1"), Ok((1, Some(2_147_483_647))));
        assert_eq!(
            read("limit=1001&after=2147483648&order=desc").unwrap_err(),
            [
                "limit must be from 1 to 1000, not 1001.",
                "after must be from -2147483648 to 2147483647, not 2147483648.",
                "order is not known; there are limit and after.",
            ]
        );
        assert_eq!(
            read("limit=&after=x").unwrap_err(),
            ["limit must be a whole number, not \"\".", "after must be a whole number, not \"x\"."]
        );
        assert_eq!(read("limit=5&limit=5").unwrap_err(), ["limit is given 2 times; give it once."]);
    }

    #[test]
    fn the_end_of_an_answer_fits_what_is_kept_free_for_it() {
        let tail = format!("],\"next\":{}}}", i64::MIN);
        assert_eq!(serde_json::to_string(&tail).unwrap().len() - 2, TAIL_BYTES);
    }
}
