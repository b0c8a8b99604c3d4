//! `POST /backups`, `GET /backups` and `GET /backups/{id}`.

use std::sync::Arc;

use aurora::Deadline;
use aurora::audit;
use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, FromRef, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bucket::Store;
use domain::audit::Action;
use domain::backup::BackupId;
use domain::batch::{MAX_BODY_BYTES, json_value};
use domain::page;
use domain::problem::{Problem, ProblemKind};
use lambda_kit::caller::{ByOperator, Caller, Operator};
use lambda_kit::http::{PathText, Paths, REQUEST_TIME, RequestId};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::{NoQuery, Query};
use lambda_kit::{body, log_failure};
use serde_json::{Value, json};

use crate::Backups;
use crate::catalogue::view;
use crate::error::BackupError;
use crate::request::payload::{RequestError, Unfinished, read_body};
use lambda_kit::continuation::Continuation;

/// Bytes of an answer at most. Lambda gives back 6 MB with the answer escaped into JSON text, which
/// doubles every quote; half of it is enough for the files of terabytes.
const MAX_ANSWER_BYTES: usize = 3_000_000;

/// The rule for the `after` parameter of a page.
const AFTER: &str = "must be a backup's id, as next has it";

/// The state that the handlers share.
#[derive(Debug)]
pub struct Service<S, G> {
    /// Makes and reads backups.
    pub backups: Arc<Backups<S, G>>,
    /// The rule that decides who may start one.
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
pub fn router<S: Store, G: Continuation<Unfinished>>(service: Service<S, G>) -> Router {
    Router::new()
        .path("/backups", get(list::<S, G>).post(start::<S, G>))
        .path("/backups/{id}", get(one::<S, G>))
        .with_state(service)
}

async fn start<S: Store, G: Continuation<Unfinished>>(
    _: ByOperator,
    State(service): State<Service<S, G>>,
    Extension(id): Extension<RequestId>,
    (until, caller): (Option<Extension<Deadline>>, Caller),
    _: NoQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemResponse> {
    let body = body::json(&headers, body, MAX_BODY_BYTES).await?;
    let backups = &service.backups;
    // No body asks for what an empty object asks for.
    let body = if body.is_empty() { &b"{}"[..] } else { &body };
    let body = json_value(body).map_err(Problem::from)?;
    let tables = read_body(backups.dictionary, body).map_err(|error| problem(&error))?;
    let deadline = until.map_or_else(|| Deadline::after(REQUEST_TIME), |Extension(deadline)| deadline);
    let names: Vec<&str> = tables.iter().map(|table| table.name()).collect();
    let (database, actor) = (backups.database.with_deadline(deadline), id.actor(&caller));
    audit::record(&database, actor, Action::StartBackup, None, &json!({ "tables": names }))
        .await
        .map_err(|error| unrecorded(&error))?;
    let started = backups.start(&tables).await.map_err(|error| unavailable(&error))?;
    Ok(answer(StatusCode::ACCEPTED, &json!({ "backup": started })))
}

async fn list<S: Store, G: Continuation<Unfinished>>(
    State(service): State<Service<S, G>>,
    caller: Caller,
    query: Query,
) -> Result<Response, ProblemResponse> {
    caller.require_all()?;
    let page = query.page(page::BACKUPS, AFTER, BackupId::parse)?;
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let page = view::list(&service.backups.store, limit, page.after.as_ref()).await;
    let page = page.map_err(|error| unavailable(&error))?;
    Ok(answer(StatusCode::OK, &json!(page)))
}

async fn one<S: Store, G: Continuation<Unfinished>>(
    State(service): State<Service<S, G>>,
    caller: Caller,
    PathText(backup): PathText,
    query: Query,
) -> Result<Response, ProblemResponse> {
    caller.require_all()?;
    query.read(&[])?;
    let backup = BackupId::parse(&backup).ok_or_else(unknown)?;
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

/// Logs once why a person's request could not be recorded; it is not begun then.
fn unrecorded(error: &aurora::Error) -> Problem {
    log_failure("the audit trail could not be written", error.class(), error);
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
