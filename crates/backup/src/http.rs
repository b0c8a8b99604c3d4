//! `POST /backups`, `GET /backups` and `GET /backups/{id}`.

use std::sync::Arc;

use aurora::Deadline;
use aurora::audit::{self, Actor};
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, FromRef, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bucket::Store;
use domain::audit::Action;
use domain::backup::BackupId;
use domain::batch::{MAX_BODY_BYTES, json_value};
use domain::page;
use domain::problem::{Problem, ProblemDetail, ProblemKind};
use domain::report::{Parameter, ParameterType, ParameterValue, read_parameters};
use lambda_kit::caller::{ByOperator, Caller, Operator};
use lambda_kit::http::{REQUEST_TIME, RequestId};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::{VALUES, body, query};
use serde_json::{Value, json};

use crate::error::BackupError;
use crate::go_on::GoOn;
use crate::payload::{RequestError, read_body};
use crate::run::Backups;
use crate::view;

/// Bytes of an answer at most. Lambda gives back 6 MB with the answer escaped into JSON text, which doubles every quote; half of
/// it is enough for the files of terabytes.
const MAX_ANSWER_BYTES: usize = 3_000_000;

/// What the handlers share.
#[derive(Debug)]
pub struct Service<S, G> {
    /// What backups are made with.
    pub backups: Arc<Backups<S, G>>,
    /// Who may start one.
    pub operator: Operator,
}

impl<S, G> Clone for Service<S, G> {
    fn clone(&self) -> Self {
        Self { backups: Arc::clone(&self.backups), operator: self.operator.clone() }
    }
}

impl<S, G> FromRef<Service<S, G>> for Operator {
    fn from_ref(service: &Service<S, G>) -> Self {
        service.operator.clone()
    }
}

/// The function's routes.
pub fn router<S: Store, G: GoOn>(service: Service<S, G>) -> Router {
    // API Gateway takes a slash at the end for nothing and passes it on, so each path is served with and without.
    let all = || get(list::<S, G>).post(start::<S, G>);
    Router::new()
        .route("/backups", all())
        .route("/backups/", all())
        .route("/backups/{id}", get(one::<S, G>))
        .route("/backups/{id}/", get(one::<S, G>))
        .with_state(service)
}

async fn start<S: Store, G: GoOn>(
    _: ByOperator,
    State(service): State<Service<S, G>>,
    Extension(id): Extension<RequestId>,
    (until, caller): (Option<Extension<Deadline>>, Caller),
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemResponse> {
    read_parameters(&[], &query::pairs(query.as_deref())).map_err(query::problem)?;
    let body = body::json(&headers, body, MAX_BODY_BYTES).await?;
    let backups = &service.backups;
    // No body asks for what an empty object asks for.
    let body = if body.is_empty() { &b"{}"[..] } else { &body };
    let body = json_value(body).map_err(Problem::from)?;
    let tables = read_body(backups.dictionary, body).map_err(|error| problem(&error))?;
    if let Some(person) = caller.person() {
        let deadline = until.map_or_else(|| Deadline::after(REQUEST_TIME), |Extension(deadline)| deadline);
        let names: Vec<&str> = tables.iter().map(|table| table.name()).collect();
        let detail = json!({ "tables": names });
        let actor = Actor { username: person.username(), request_id: &id.0 };
        let entry = audit::Entry { actor, action: Action::StartBackup, table: None, detail: &detail };
        audit::record(&backups.database.with_deadline(deadline), &entry)
            .await
            .map_err(|error| unrecorded(&error))?;
    }
    let started = backups.start(&tables).await.map_err(|error| unavailable(&error))?;
    Ok(answer(StatusCode::ACCEPTED, &json!({ "backup": started })))
}

async fn list<S: Store, G: GoOn>(
    State(service): State<Service<S, G>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, ProblemResponse> {
    caller.require_all()?;
    let (limit, after) = page_of(&query::pairs(query.as_deref())).map_err(query::problem)?;
    let page = view::list(&service.backups.store, limit, after.as_ref()).await;
    let page = page.map_err(|error| unavailable(&error))?;
    Ok(answer(StatusCode::OK, &json!(page)))
}

async fn one<S: Store, G: GoOn>(
    State(service): State<Service<S, G>>,
    caller: Caller,
    backup: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, ProblemResponse> {
    caller.require_all()?;
    read_parameters(&[], &query::pairs(query.as_deref())).map_err(query::problem)?;
    // What cannot be an id is no backup's.
    let Some(backup) = backup.ok().and_then(|Path(backup)| BackupId::parse(&backup)) else {
        return Err(unknown().into());
    };
    let found = view::get(&service.backups.store, &backup).await.map_err(|error| unavailable(&error))?;
    let (view, manifest) = found.ok_or_else(unknown)?;
    let mut found = json!(view);
    found["manifest"] = json!(manifest);
    if found.to_string().len() > MAX_ANSWER_BYTES {
        let detail = "The manifest is too large for an answer; read manifest.json in the backup's folder.";
        return Err(Problem::new(ProblemKind::ResultTooLarge, detail).into());
    }
    Ok(answer(StatusCode::OK, &found))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn problem(error: &RequestError) -> Problem {
    let kind = match error {
        RequestError::Shape(_) => ProblemKind::WrongShape,
        RequestError::UnknownTable { .. } => ProblemKind::UnknownTable,
    };
    Problem::new(kind, format!("The body cannot be used: {error}."))
}

fn unknown() -> Problem {
    Problem::new(ProblemKind::NotFound, "There is no such backup. GET /backups lists them.")
}

/// Logs once why what a person asks for could not be recorded, so that it was not begun.
fn unrecorded(error: &aurora::Error) -> Problem {
    tracing::error!(error.class = error.class(), "the audit trail could not be written");
    // The message may quote values; the class says what to do.
    tracing::debug!(target: VALUES, { error = %error }, "cause");
    error.to_problem()
}

/// Logs once why the bucket, or the function itself, did not do as asked.
fn unavailable(error: &BackupError) -> Problem {
    tracing::error!(
        error.class = error.class(),
        error.causes = error.causes(),
        "the request could not be served"
    );
    let detail = "The place that backups are in does not answer right now. Try again after Retry-After.";
    Problem::new(ProblemKind::Unavailable, detail)
}

/// How many backups are wanted, and after which one.
fn page_of(given: &[(String, String)]) -> Result<(usize, Option<BackupId>), Vec<ProblemDetail>> {
    let optional = |name: &str, parameter_type, default| Parameter {
        name: name.to_owned(),
        parameter_type,
        default,
        required: false,
        description: String::new(),
    };
    let parameters =
        [page::BACKUPS.limit(), optional("after", ParameterType::String { max_length: 64 }, None)];
    let values = read_parameters(&parameters, given)?;
    let limit = match values.get("limit") {
        Some(ParameterValue::Integer(limit)) => *limit,
        _ => page::BACKUPS.default,
    };
    let after = match values.get("after") {
        Some(ParameterValue::String(after)) => Some(BackupId::parse(after).ok_or_else(|| {
            let detail = "after must be a backup's id, as next has it.".to_owned();
            vec![ProblemDetail { parameter: "after".to_owned(), detail }]
        })?),
        _ => None,
    };
    Ok((usize::try_from(limit).unwrap_or_default(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_which_page_is_wanted_and_says_what_is_wrong() {
        let read = |text: &str| {
            page_of(&query::pairs(Some(text)))
                .map_err(|mistakes| mistakes.into_iter().map(|mistake| mistake.detail).collect::<Vec<_>>())
        };
        assert_eq!(read(""), Ok((50, None)));
        let id = BackupId::new(0, 7);
        assert_eq!(read(&format!("limit=100&after={id}")), Ok((100, Some(id))));
        assert_eq!(read("after=latest").unwrap_err(), ["after must be a backup's id, as next has it."]);
        assert_eq!(read("limit=101").unwrap_err(), ["limit must be from 1 to 100, not 101."]);
    }
}
