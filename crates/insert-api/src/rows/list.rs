//! `GET /tables/{table}/rows`: a table page by page, rows with a value, or rows with some ids.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::response::Response;
use domain::dictionary::Table;
use domain::page;
use domain::parameter::Parameter;
use domain::problem::{Problem, ProblemKind};
use domain::sql::{ColumnFilter, MAX_IDS, WantedRows};
use lambda_kit::caller::Caller;
use lambda_kit::http::{InTime, PathText};
use lambda_kit::payload::{Payload, json_row};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::{Query, mistake};

use super::{answer, database_problem, target};
use crate::service::Service;

const HEAD: &str = "{\"rows\":[";
/// Characters of a filter at most: the longest name of a column, the colon, and a long text.
const MAX_FILTER_CHARS: usize = 1_100;
/// Characters of `ids` at most: as many ids as are allowed, each as long as possible.
const MAX_IDS_CHARS: usize = MAX_IDS * "-9223372036854775808,".len();
/// The longest end of an answer, with its quotes escaped.
const TAIL_BYTES: usize = r#"],\"next\":-9223372036854775808}"#.len();

/// Answers with rows in the order of their ids, and the id after which the next page begins.
pub(crate) async fn list(
    InTime(service): InTime<Service>,
    caller: Caller,
    PathText(table): PathText,
    query: Query,
) -> Result<Response, ProblemResponse> {
    let table = caller.table(service.dictionary, &table)?;
    let PageRequest { limit, after, wanted } = read_request(table, &query)?;
    let page = aurora::read_page(&service.database, table, &wanted, after, limit)
        .await
        .map_err(|error| database_problem(&error))?;

    let mut payload = Payload::reserving(TAIL_BYTES);
    let (mut written, mut next) = (0, None);
    payload.push(HEAD).map_err(|_| too_large(table))?;
    for text in &page.rows {
        let (row, key) = json_row(table, text)?;
        let comma = if written > 0 { "," } else { "" };
        if payload.push(&format!("{comma}{row}")).is_err() {
            // The others are on the next page.
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

/// The rows that a request asks for.
#[derive(Debug, PartialEq, Eq)]
struct PageRequest {
    limit: u32,
    after: Option<i64>,
    wanted: WantedRows,
}

/// Reads the query: a page of all rows, a page of rows with a value, or rows with some ids.
fn read_request(table: &Table, query: &Query) -> Result<PageRequest, Problem> {
    let (minimum, maximum) = table.key().column_type().integer_bounds();
    let parameters = [
        page::ROWS.limit(),
        Parameter::integer("after", minimum, maximum),
        Parameter::text("filter", MAX_FILTER_CHARS),
        Parameter::text("ids", MAX_IDS_CHARS),
    ];
    let values = query.read(&parameters)?;
    let after = values.integer("after");
    let wanted = match (values.text("filter"), values.text("ids")) {
        (None, None) => WantedRows::All,
        (Some(filter), None) => {
            WantedRows::Where(ColumnFilter::parse(table, filter).map_err(|detail| mistake("filter", detail))?)
        }
        (None, Some(ids)) if after.is_none() => {
            WantedRows::Ids(read_ids(table, ids).map_err(|detail| mistake("ids", detail))?)
        }
        (_, Some(_)) => return Err(mistake("ids", "ids goes with neither after nor filter.")),
    };
    let limit = match &wanted {
        // All ids are one page, unless a smaller one is requested.
        WantedRows::Ids(_) if !query.has("limit") => MAX_IDS.try_into().unwrap_or(u32::MAX),
        _ => values.limit(),
    };
    Ok(PageRequest { limit, after, wanted })
}

/// Reads ids with commas between them.
fn read_ids(table: &Table, text: &str) -> Result<BTreeSet<i64>, String> {
    let count = text.split(',').count();
    if count > MAX_IDS {
        return Err(format!("ids has {count} ids; {MAX_IDS} are allowed at once."));
    }
    let ids: Option<BTreeSet<i64>> = text.split(',').map(|id| target::parse_id(table, id).ok()).collect();
    ids.ok_or_else(|| {
        format!("ids must be ids of rows of {} with commas between them: ids=1,2,3.", table.name())
    })
}

/// Returns the problem of a row whose JSON alone exceeds the limit. The limits of the dictionary
/// exclude it.
fn too_large(table: &Table) -> Problem {
    let detail = format!("A row of {} is larger than the 6 MB that one answer can have.", table.name());
    Problem::new(ProblemKind::ResultTooLarge, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<PageRequest, Vec<String>> {
        let table = testkit::dictionary().table("employees").unwrap();
        read_request(table, &Query::new(Some(text)))
            .map_err(|problem| problem.errors.into_iter().map(|mistake| mistake.detail).collect())
    }

    fn read(text: &str) -> Result<(u32, Option<i64>), Vec<String>> {
        asked(text).map(|asked| (asked.limit, asked.after))
    }

    #[test]
    fn ids_are_a_page_of_their_own_and_a_filter_goes_with_pages() {
        let ids = |ids: &[i64]| WantedRows::Ids(ids.iter().copied().collect());
        assert_eq!(
            asked("ids=3,-1,3").unwrap(),
            PageRequest { limit: 1000, after: None, wanted: ids(&[-1, 3]) }
        );
        assert_eq!(
            asked("ids=3&limit=100").unwrap(),
            PageRequest { limit: 100, after: None, wanted: ids(&[3]) }
        );
        let filtered = asked("filter=job_id:7&after=5").unwrap();
        assert_eq!((filtered.limit, filtered.after), (100, Some(5)));
        assert!(matches!(filtered.wanted, WantedRows::Where(_)));
        for text in ["ids=1&after=2", "ids=1&filter=id:1", "ids=1&filter=id:1&after=2"] {
            assert_eq!(asked(text).unwrap_err(), ["ids goes with neither after nor filter."], "{text}");
        }
        for text in ["ids=", "ids=x", "ids=1,", "ids=1,,2", "ids=1, 2", "ids=01", "ids=2147483648", "ids=1;2"]
        {
            let expected = "ids must be ids of rows of employees with commas between them: ids=1,2,3.";
            assert_eq!(asked(text).unwrap_err(), [expected], "{text}");
        }
        let thousand = |count: usize| format!("ids={}", vec!["7"; count].join(","));
        assert!(asked(&thousand(1000)).is_ok());
        assert_eq!(asked(&thousand(1001)).unwrap_err(), ["ids has 1001 ids; 1000 are allowed at once."]);
        assert!(
            asked("filter=nobody:7").unwrap_err()[0].starts_with("filter must name a column of employees")
        );
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
                "order is not known; there are limit, after, filter and ids.",
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
