//! `GET /tables/{table}/rows`: a table page by page, rows with a value, or rows with some keys.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::response::Response;
use domain::dictionary::{Column, ColumnType, Table};
use domain::key_text::{MAX_KEY_CHARS, parse_key};
use domain::page;
use domain::parameter::Parameter;
use domain::problem::{Problem, ProblemKind};
use domain::sql::{ColumnFilter, MAX_IDS, WantedRows, select_rows};
use domain::value::Key;
use lambda_kit::caller::Caller;
use lambda_kit::http::{InTime, PathText};
use lambda_kit::payload::{Payload, json_row};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::{Query, mistake};

use super::{answer, database_problem};
use crate::service::Service;

const HEAD: &str = "{\"rows\":[";
/// Characters of a filter at most: the longest name of a column, the colon, and a long text.
const MAX_FILTER_CHARS: usize = 1_100;
/// Characters of `ids` at most: as many whole numbers as are allowed, each as long as possible.
/// API Gateway takes no request line that is half as long.
const MAX_IDS_CHARS: usize = MAX_IDS * "-9223372036854775808,".len();
/// Answers with rows in the order of their keys, and the key after which the next page begins.
pub(crate) async fn list(
    InTime(service): InTime<Service>,
    caller: Caller,
    PathText(table): PathText,
    query: Query,
) -> Result<Response, ProblemResponse> {
    let table = caller.table(service.dictionary, &table)?;
    let PageRequest { limit, after, wanted } = read_request(table, &query)?;
    let page = aurora::read_page(&service.database, table, &wanted, after.as_ref(), limit)
        .await
        .map_err(|error| database_problem(&error))?;

    let mut payload = Payload::reserving(tail_bytes(table));
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
    // Numbers and text alone cannot fail to serialize.
    let next = serde_json::to_string(&next).unwrap_or_default();
    let body = payload.into_text() + &format!("],\"next\":{next}}}");
    Ok(answer(StatusCode::OK, written, body))
}

/// The rows that a request asks for.
#[derive(Debug, PartialEq, Eq)]
struct PageRequest {
    limit: u32,
    after: Option<Key>,
    wanted: WantedRows,
}

/// Reads the query: a page of all rows, a page of rows with a value, or rows with some keys.
fn read_request(table: &Table, query: &Query) -> Result<PageRequest, Problem> {
    let parameters = [
        page::ROWS.limit(),
        after_parameter(table),
        Parameter::text("filter", MAX_FILTER_CHARS),
        Parameter::text("ids", MAX_IDS_CHARS),
    ];
    let is_number = key_number(table).is_some();
    let values = query.read_checked(&parameters, |name, text| match name {
        "after" if !is_number => parse_key(table, text).map(drop).map_err(|error| error.to_string()),
        _ => Ok(()),
    })?;
    let after = match values.integer("after") {
        Some(number) => Some(number.into()),
        None => values.text("after").and_then(|text| parse_key(table, text).ok()),
    };
    let wanted = match (values.text("filter"), values.text("ids")) {
        (None, None) => WantedRows::All,
        (Some(filter), None) => {
            WantedRows::Where(ColumnFilter::parse(table, filter).map_err(|detail| mistake("filter", detail))?)
        }
        (None, Some(ids)) if after.is_none() => {
            read_ids(table, ids).map_err(|detail| mistake("ids", detail))?
        }
        (_, Some(_)) => return Err(mistake("ids", "ids goes with neither after nor filter.")),
    };
    let limit = match &wanted {
        // All keys are one page, unless a smaller one is requested.
        WantedRows::Keys(_) if !query.has("limit") => MAX_IDS.try_into().unwrap_or(u32::MAX),
        _ => values.limit(),
    };
    Ok(PageRequest { limit, after, wanted })
}

/// Returns the parameter `after`: a number for a key that is one, else the key's text.
fn after_parameter(table: &Table) -> Parameter {
    match key_number(table) {
        Some(column_type) => {
            let (minimum, maximum) = column_type.integer_bounds();
            Parameter::integer("after", minimum, maximum)
        }
        None => Parameter::text("after", MAX_KEY_CHARS),
    }
}

/// Returns the longest end of an answer, with its quotes escaped.
fn tail_bytes(table: &Table) -> usize {
    match key_number(table) {
        Some(_) => r#"],\"next\":-9223372036854775808}"#.len(),
        None => r#"],\"next\":\"\"}"#.len() + MAX_KEY_CHARS,
    }
}

/// Returns the type of a key that is one whole number.
fn key_number(table: &Table) -> Option<ColumnType> {
    let mut key = table.key_columns().map(Column::column_type);
    key.next().filter(|column_type| column_type.is_whole_number() && key.next().is_none())
}

/// Reads keys with commas between them; semicolons where there are commas in keys.
fn read_ids(table: &Table, text: &str) -> Result<WantedRows, String> {
    let (separator, example) = if table.key_indexes().len() == 1 {
        (',', "commas between them: ids=1,2,3")
    } else {
        (';', "semicolons between them")
    };
    let count = text.split(separator).count();
    if count > MAX_IDS {
        return Err(format!("ids has {count} ids; {MAX_IDS} are allowed at once."));
    }
    let keys: Option<BTreeSet<Key>> = text.split(separator).map(|key| parse_key(table, key).ok()).collect();
    let keys = keys.ok_or_else(|| format!("ids must be ids of rows of {} with {example}.", table.name()))?;
    let wanted = WantedRows::Keys(keys);
    match select_rows(table, &wanted, None, 1) {
        Some(_) => Ok(wanted),
        None => Err("ids are too long together; ask for fewer at once.".to_owned()),
    }
}

/// Returns the problem of a row whose JSON alone exceeds the limit. The limits of the dictionary
/// exclude it.
fn too_large(table: &Table) -> Problem {
    let detail = format!("A row of {} is larger than the 6 MB that one answer can have.", table.name());
    Problem::new(ProblemKind::ResultTooLarge, detail)
}

#[cfg(test)]
mod tests {
    use domain::dictionary::Dictionary;

    use super::*;

    fn asked(text: &str) -> Result<PageRequest, Vec<String>> {
        let table = testkit::dictionary().table("documents").unwrap();
        read_request(table, &Query::new(Some(text)))
            .map_err(|problem| problem.errors.into_iter().map(|mistake| mistake.detail).collect())
    }

    fn read(text: &str) -> Result<(u32, Option<i64>), Vec<String>> {
        asked(text).map(|asked| (asked.limit, asked.after.and_then(|key| key.as_integer())))
    }

    #[test]
    fn ids_are_a_page_of_their_own_and_a_filter_goes_with_pages() {
        let ids = |ids: &[i64]| WantedRows::Keys(ids.iter().copied().map(Key::from).collect());
        assert_eq!(
            asked("ids=3,-1,3").unwrap(),
            PageRequest { limit: 1000, after: None, wanted: ids(&[-1, 3]) }
        );
        assert_eq!(
            asked("ids=3&limit=100").unwrap(),
            PageRequest { limit: 100, after: None, wanted: ids(&[3]) }
        );
        let filtered = asked("filter=tag_id:7&after=5").unwrap();
        assert_eq!((filtered.limit, filtered.after), (100, Some(5.into())));
        assert!(matches!(filtered.wanted, WantedRows::Where(_)));
        for text in ["ids=1&after=2", "ids=1&filter=id:1", "ids=1&filter=id:1&after=2"] {
            assert_eq!(asked(text).unwrap_err(), ["ids goes with neither after nor filter."], "{text}");
        }
        for text in ["ids=", "ids=x", "ids=1,", "ids=1,,2", "ids=1, 2", "ids=01", "ids=2147483648", "ids=1;2"]
        {
            let expected = "ids must be ids of rows of documents with commas between them: ids=1,2,3.";
            assert_eq!(asked(text).unwrap_err(), [expected], "{text}");
        }
        let thousand = |count: usize| format!("ids={}", vec!["7"; count].join(","));
        assert!(asked(&thousand(1000)).is_ok());
        assert_eq!(asked(&thousand(1001)).unwrap_err(), ["ids has 1001 ids; 1000 are allowed at once."]);
        assert!(
            asked("filter=nobody:7").unwrap_err()[0].starts_with("filter must name a column of documents")
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
    fn keys_of_any_shape_are_texts() {
        let text = r#"
            [[table]]
            name = "prices"
            columns = [
                { name = "code", type = "string(768)", key = true },
                { name = "day", type = "date", key = true },
            ]
        "#;
        let dictionary = Dictionary::parse("test", text).unwrap();
        let table = dictionary.table("prices").unwrap();
        let asked = |text: &str| {
            read_request(table, &Query::new(Some(text))).map_err(|problem| {
                problem.errors.into_iter().map(|mistake| mistake.detail).collect::<Vec<_>>()
            })
        };
        let key = |text: &str| parse_key(table, text).unwrap();
        assert_eq!(asked("after=a%252C,2021-07-27").unwrap().after, Some(key("a%2C,2021-07-27")));
        assert_eq!(
            asked("ids=a,2021-07-27%3Bb,2021-07-28").unwrap().wanted,
            WantedRows::Keys([key("a,2021-07-27"), key("b,2021-07-28")].into())
        );
        let must = "must be the key code (string(768)),day (date)";
        assert!(asked("after=a").unwrap_err()[0].starts_with(&format!("after {must}")));
        assert_eq!(
            asked("ids=a,2021-07-27,b,2021-07-28").unwrap_err(),
            ["ids must be ids of rows of prices with semicolons between them."]
        );
    }

    #[test]
    fn ids_that_no_statement_holds_are_too_many() {
        let key: Vec<String> = (0..6)
            .map(|number| format!("{{ name = \"k{number}\", type = \"string(9)\", key = true }}"))
            .collect();
        let text = format!("[[table]]\nname = \"wide\"\ncolumns = [{}]", key.join(","));
        let dictionary = Dictionary::parse("test", &text).unwrap();
        let table = dictionary.table("wide").unwrap();
        let asked = |count: usize| {
            let ids: Vec<String> = (0..count).map(|number| format!("a,a,a,a,a,{number}")).collect();
            read_ids(table, &ids.join(";")).map(drop)
        };
        assert_eq!(asked(500), Ok(()));
        assert_eq!(asked(1000).unwrap_err(), "ids are too long together; ask for fewer at once.");
    }

    #[test]
    fn the_end_of_an_answer_fits_what_is_kept_free_for_it() {
        let documents = testkit::dictionary().table("documents").unwrap();
        let texts = "[[table]]\nname = \"t\"\ncolumns = [{ name = \"c\", type = \"string(9)\", key = true }]";
        let texts = Dictionary::parse("test", texts).unwrap();
        for (table, key) in [
            (documents, i64::MIN.to_string()),
            (texts.table("t").unwrap(), format!("\"{}\"", "k".repeat(MAX_KEY_CHARS))),
        ] {
            let tail = format!("],\"next\":{key}}}");
            assert_eq!(serde_json::to_string(&tail).unwrap().len() - 2, tail_bytes(table));
        }
    }
}
