//! The table and the row that a path names.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use domain::batch::BatchError;
use domain::dictionary::{ColumnType, Dictionary, Table};
use domain::problem::Problem;
use lambda_kit::caller::Caller;
use lambda_kit::query;

/// Returns the table of this name, which the caller must see.
pub(crate) fn table_of(
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

/// Returns the table that a path names, which the caller must see, and the id of a row that it may
/// have.
pub(super) fn row_of(
    dictionary: &'static Dictionary,
    path: Result<Path<(String, String)>, PathRejection>,
    caller: &Caller,
) -> Result<(&'static Table, i64), Problem> {
    let Path((name, id)) =
        path.unwrap_or_else(|_| Path((char::REPLACEMENT_CHARACTER.to_string(), String::new())));
    let table = table_of(dictionary, name, caller)?;
    Ok((table, parse_id(table, &id)?))
}

/// Returns the least and the greatest id that a row of the table may have.
pub(super) fn id_range(table: &Table) -> (i64, i64) {
    match table.key().column_type() {
        ColumnType::Integer => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    }
}

/// Reads an id in its only spelling, so that every row has one path.
pub(super) fn parse_id(table: &Table, text: &str) -> Result<i64, Problem> {
    let (least, most) = id_range(table);
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
