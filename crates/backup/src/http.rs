//! `POST /backups`, `GET /backups` and `GET /backups/{id}`.

use aurora::{Deadline, audit};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use bucket::Store;
use domain::audit::Action;
use domain::backup::BackupId;
use domain::batch::{MAX_BODY_BYTES, json_value};
use domain::page;
use domain::problem::{Problem, ProblemKind};
use lambda_kit::caller::{ByOperator, Caller};
use lambda_kit::continuation::Continuation;
use lambda_kit::http::{InTime, PathText, Paths, RequestId, Within};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::{NoQuery, Query};
use lambda_kit::{body, log_failure};
use serde_json::{Value, json};

use crate::Backups;
use crate::catalogue::view;
use crate::error::BackupError;
use crate::request::payload::{Unfinished, read_body};

/// Bytes of an answer at most. Lambda gives back 6 MB with the answer escaped into JSON text, which
/// doubles every quote; half of it is enough for the files of terabytes.
const MAX_ANSWER_BYTES: usize = 3_000_000;

/// The rule for the `after` parameter of a page.
const AFTER: &str = "must be a backup's id, as next has it";

impl<S: Clone, G: Clone> Within for Backups<S, G> {
    fn within(&self, deadline: Deadline) -> Self {
        Self { database: self.database.within(deadline), ..self.clone() }
    }
}

/// Returns the function's routes.
pub fn router<S: Store, G: Continuation<Unfinished>>(backups: Backups<S, G>) -> Router {
    Router::new()
        .path("/backups", get(list::<S, G>).post(start::<S, G>))
        .path("/backups/{id}", get(one::<S, G>))
        .with_state(backups)
}

async fn start<S: Store, G: Continuation<Unfinished>>(
    _: ByOperator,
    InTime(backups): InTime<Backups<S, G>>,
    id: RequestId,
    caller: Caller,
    _: NoQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ProblemResponse> {
    let body = body::json(&headers, body, MAX_BODY_BYTES).await?;
    // No body asks for what an empty object asks for.
    let body = if body.is_empty() { &b"{}"[..] } else { &body };
    let body = json_value(body).map_err(Problem::from)?;
    let tables = read_body(backups.dictionary, body)
        .map_err(|error| Problem::new(error.kind(), format!("The body cannot be used: {error}.")))?;
    let names: Vec<&str> = tables.iter().map(|table| table.name()).collect();
    let (actor, detail) = (id.actor(&caller), json!({ "tables": names }));
    let recorded = audit::record(&backups.database, actor, Action::StartBackup, None, &detail).await;
    recorded.map_err(|error| unrecorded(&error))?;
    let started = backups.start(&tables).await.map_err(|error| unavailable(&error))?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "backup": started }))))
}

async fn list<S: Store, G: Continuation<Unfinished>>(
    State(backups): State<Backups<S, G>>,
    caller: Caller,
    query: Query,
) -> Result<Json<Value>, ProblemResponse> {
    caller.require_all()?;
    let page = query.page(page::BACKUPS, AFTER, BackupId::parse)?;
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let page = view::list(&backups.store, limit, page.after.as_ref()).await;
    let page = page.map_err(|error| unavailable(&error))?;
    Ok(Json(json!(page)))
}

async fn one<S: Store, G: Continuation<Unfinished>>(
    State(backups): State<Backups<S, G>>,
    caller: Caller,
    PathText(backup): PathText,
    query: Query,
) -> Result<Json<Value>, ProblemResponse> {
    caller.require_all()?;
    query.read(&[])?;
    let backup = BackupId::parse(&backup).ok_or_else(unknown)?;
    let found = view::get(&backups.store, &backup).await.map_err(|error| unavailable(&error))?;
    let (view, manifest) = found.ok_or_else(unknown)?;
    let mut found = json!(view);
    found["manifest"] = json!(manifest);
    if found.to_string().len() > MAX_ANSWER_BYTES {
        let detail = "The manifest is too large for an answer; read manifest.json in the backup's folder.";
        return Err(Problem::new(ProblemKind::ResultTooLarge, detail).into());
    }
    Ok(Json(found))
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
