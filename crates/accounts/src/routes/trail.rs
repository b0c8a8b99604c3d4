//! `GET /audit`: the audit trail, newest first.

use aurora::audit::{self, Filter};
use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::key_text::MAX_KEY_CHARS;
use domain::page;
use domain::parameter::Parameter;
use lambda_kit::caller::ByOperator;
use lambda_kit::http::InTime;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::Query;

use super::service::{Service, database_problem};
use crate::directory::Directory;

/// Answers with a page of entries.
pub(crate) async fn list<D: Directory>(
    _: ByOperator,
    InTime(service): InTime<Service<D>>,
    query: Query,
) -> Result<Response, ProblemResponse> {
    let accounts = &service.accounts;
    let parameters = [
        page::AUDIT.limit(),
        Parameter::integer("after", 1, i64::MAX),
        Parameter::text("username", 128),
        Parameter::text("table", 64),
        Parameter::text("row", MAX_KEY_CHARS),
    ];
    let values = query.read(&parameters)?;
    // Entries have the names of accounts in lower case and the tables' own names; a client may use
    // others.
    let username = values.text("username").map(str::to_lowercase);
    let own_name = |name| accounts.dictionary.table(name).map_or(name, |table| table.name());
    let filter = Filter {
        username: username.as_deref(),
        table: values.text("table").map(own_name),
        row: values.text("row"),
        after: values.integer("after"),
    };
    let page = audit::page(&accounts.database, &filter, values.limit()).await;
    Ok(Json(page.map_err(|error| database_problem(&error))?).into_response())
}
