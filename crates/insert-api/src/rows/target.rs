//! What a path names: a table, and a row of it.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use domain::batch::BatchError;
use domain::dictionary::{ColumnType, Dictionary, Table};
use domain::problem::{Problem, ProblemDetail};
use lambda_kit::caller::Caller;
use lambda_kit::query;

/// The table of this name, which the caller must see.
pub(super) fn table(
    dictionary: &'static Dictionary,
    name: String,
    caller: &Caller,
) -> Result<&'static Table, Problem> {
    let Some(table) = dictionary.table(&name) else {
        return Err(BatchError::UnknownTable { name, known: caller.seen_tables(dictionary) }.into());
    };
    caller.require(table.name())?;
    Ok(table)
}

/// The table that a path names, which the caller must see. What is not UTF-8 is no table's name.
pub(crate) fn table_of(
    dictionary: &'static Dictionary,
    path: Result<Path<String>, PathRejection>,
    caller: &Caller,
) -> Result<&'static Table, Problem> {
    let name = path.map_or_else(|_| char::REPLACEMENT_CHARACTER.to_string(), |Path(name)| name);
    table(dictionary, name, caller)
}

/// The table that a path names, which the caller must see, and the id of a row that it may have.
pub(super) fn row_of(
    dictionary: &'static Dictionary,
    path: Result<Path<(String, String)>, PathRejection>,
    caller: &Caller,
) -> Result<(&'static Table, i64), Problem> {
    let Path((name, id)) =
        path.unwrap_or_else(|_| Path((char::REPLACEMENT_CHARACTER.to_string(), String::new())));
    let table = table(dictionary, name, caller)?;
    Ok((table, parse_id(table, &id)?))
}

/// The least and the most that an id of the table may be.
pub(super) fn id_range(table: &Table) -> (i64, i64) {
    match table.key().column_type() {
        ColumnType::Integer => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    }
}

/// An id in the one way to write it, so that every row has one path.
pub(super) fn parse_id(table: &Table, text: &str) -> Result<i64, Problem> {
    let (least, most) = id_range(table);
    let id = text.parse().ok().filter(|id: &i64| (least..=most).contains(id) && id.to_string() == text);
    id.ok_or_else(|| {
        let detail = format!(
            "The id of a row of {} is a whole number from {least} to {most}, without leading zeros.",
            table.name()
        );
        query::problem(vec![ProblemDetail { parameter: "id".to_owned(), detail }])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_an_id_in_one_spelling_alone() {
        let table = domain::shipped::dictionary().unwrap().table("employees").unwrap();
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
