//! `POST /restores`, `GET /restores`, `GET /restores/{id}` and `POST /restores/{id}/undo`.

use aurora::audit::{self, Actor};
use aurora::restores::{self, Status};
use aurora::{Database, Deadline};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bucket::Store;
use domain::audit::Action;
use domain::backup::RestoreId;
use domain::batch::{MAX_BODY_BYTES, json_value};
use domain::dictionary::Table;
use domain::page;
use domain::problem::{Problem, ProblemKind};
use lambda_kit::caller::{ByOperator, Caller};
use lambda_kit::continuation::Continuation;
use lambda_kit::http::{InTime, PathText, Paths, RequestId, Within};
use lambda_kit::problem::{ProblemResponse, sentence};
use lambda_kit::query::{NoQuery, Page, Query};
use lambda_kit::{body, log_failure};
use serde_json::{Value, json};

use crate::Restorer;
use crate::command::invoke_command;
use crate::error::RestoreError;
use crate::request::answer::{Answer, InvocationError, Restored};
use crate::request::payload::{Command, FromBackup, Unfinished, Wanted};
use crate::request::resolve::new_id;

/// The rule for the `after` parameter of a page.
const AFTER: &str = "must be a restore's id, as next has it";

impl<S: Clone, G: Clone> Within for Restorer<S, G> {
    fn within(&self, deadline: Deadline) -> Self {
        Self { database: self.database.within(deadline), ..self.clone() }
    }
}

/// Returns the function's routes.
pub fn router<S: Store, G: Continuation<Unfinished>>(restorer: Restorer<S, G>) -> Router {
    Router::new()
        .path("/restores", get(list::<S, G>).post(start::<S, G>))
        .path("/restores/{id}", get(one::<S, G>))
        .path("/restores/{id}/undo", post(undo::<S, G>))
        .with_state(restorer)
}

/// Starts a restore.
async fn start<S: Store, G: Continuation<Unfinished>>(
    _: ByOperator,
    InTime(restorer): InTime<Restorer<S, G>>,
    request: RequestId,
    caller: Caller,
    _: NoQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemResponse> {
    let body = json_body(&headers, body).await?;
    let body = json_value(&body).map_err(Problem::from)?;
    let wanted = FromBackup::read(restorer.dictionary, body)
        .map_err(|error| Problem::new(error.kind(), sentence(&error.to_string())))?;
    let id = new_id();
    let resolved = restorer.resolve_backup(wanted, id.clone()).await.map_err(|error| failure(&error))?;
    if let Some(RestoreError::Refused(reasons)) = &resolved.problem
        && resolved.is_unknown()
    {
        return Err(Problem::new(ProblemKind::NotFound, sentence(&reasons.join("; "))).into());
    }
    let database = &restorer.database;
    let mut detail = json!(body);
    detail["restore"] = json!(id);
    record(database, request.actor(&caller), Action::StartRestore, &detail).await?;
    restorer.start_later(database, &resolved).await.map_err(|error| failure(&error))?;
    tracing::info!(
        restore.id = id.as_str(),
        restore.source = resolved.source,
        restore.mode = resolved.mode.as_str(),
        "a restore was asked for"
    );
    Ok((StatusCode::ACCEPTED, Json(json!({ "restore": id }))).into_response())
}

/// Lists restores, newest first.
async fn list<S: Store, G: Continuation<Unfinished>>(
    InTime(restorer): InTime<Restorer<S, G>>,
    caller: Caller,
    query: Query,
) -> Result<Response, ProblemResponse> {
    caller.require_all()?;
    let Page { limit, after } = query.page(page::RESTORES, AFTER, RestoreId::parse)?;
    // One more than asked for, so that `cut` knows whether there is a next page.
    let found = restores::list(&restorer.database, limit + 1, after.as_ref()).await;
    let mut restores = found.map_err(|error| failure(&error.into()))?;
    let next = page::cut(&mut restores, limit as usize, |restore| restore.restore.clone());
    Ok(Json(json!({ "restores": restores, "next": next })).into_response())
}

/// Puts the tables that a restore took the place of back in their places.
async fn undo<S: Store, G: Continuation<Unfinished>>(
    _: ByOperator,
    InTime(restorer): InTime<Restorer<S, G>>,
    request: RequestId,
    caller: Caller,
    PathText(of): PathText,
    _: NoQuery,
) -> Result<Response, ProblemResponse> {
    let of = id_of(&of)?;
    let database = &restorer.database;
    let found = restores::get(database, &of).await.map_err(|error| failure(&error.into()))?;
    let found = found.ok_or_else(unknown)?;
    // Only the tables whose previous table is kept now.
    let is_kept = |table: &&Table| found.tables.get(table.name()).is_some_and(|table| table.kept);
    let kept: Vec<&'static Table> = restorer.dictionary.tables().iter().filter(is_kept).collect();
    if kept.is_empty() {
        let detail = format!(
            "No table is kept as it was before the restore {of}. A later restore of the same tables takes the place of what \
             an earlier one kept."
        );
        return Err(Problem::new(ProblemKind::NothingToUndo, detail).into());
    }
    let id = new_id();
    let names: Vec<&str> = kept.iter().map(|table| table.name()).collect();
    let detail = json!({ "undone": of, "tables": names, "restore": id });
    record(database, request.actor(&caller), Action::UndoRestore, &detail).await?;
    let command =
        Command::Restore { wanted: Wanted::Undo { of, tables: Some(kept) }, restore: Some(id.clone()) };
    match invoke_command(&restorer, command, database.deadline()).await {
        Ok(Answer::Restored(Restored { restore, status, tables, .. })) => {
            let is_done = status != Status::Running;
            let status = if is_done { StatusCode::OK } else { StatusCode::ACCEPTED };
            Ok((status, Json(json!({ "restore": restore, "tables": tables }))).into_response())
        }
        Err(InvocationError::Failed { reason, .. }) => {
            Err(Problem::new(ProblemKind::NothingToUndo, sentence(&reason)).into())
        }
        Err(InvocationError::Interrupted { error, .. }) => {
            tracing::warn!(error.class = error.class(), "another invocation continues");
            // Nothing is left half done: the swap is one RENAME, and the next invocation completes
            // it.
            let unfinished = Unfinished { restore: id.clone(), drill: false };
            let continued = restorer.continuation.continue_later(unfinished).await;
            continued.map_err(|error| failure(&error.into()))?;
            Ok((StatusCode::ACCEPTED, Json(json!({ "restore": id, "tables": {} }))).into_response())
        }
        Err(InvocationError::Stopped(error)) => Err(failure(&error).into()),
        Ok(_) | Err(_) => Err(Problem::internal().into()),
    }
}

/// Shows one restore.
async fn one<S: Store, G: Continuation<Unfinished>>(
    InTime(restorer): InTime<Restorer<S, G>>,
    caller: Caller,
    PathText(id): PathText,
    query: Query,
) -> Result<Response, ProblemResponse> {
    caller.require_all()?;
    query.read(&[])?;
    let id = id_of(&id)?;
    let found = restores::get(&restorer.database, &id).await;
    let restore = found.map_err(|error| failure(&error.into()))?.ok_or_else(unknown)?;
    Ok(Json(restore).into_response())
}

fn unknown() -> Problem {
    Problem::new(ProblemKind::NotFound, "There is no such restore. GET /restores lists them.")
}

/// Reads the id of a restore. Text that cannot be an id names no restore.
fn id_of(text: &str) -> Result<RestoreId, Problem> {
    RestoreId::parse(text).ok_or_else(unknown)
}

/// Records what a person is about to do.
async fn record(
    database: &Database,
    actor: Option<Actor<'_>>,
    action: Action,
    detail: &Value,
) -> Result<(), Problem> {
    audit::record(database, actor, action, None, detail).await.map_err(|error| failure(&error.into()))
}

/// Reads the bytes of a body, which is required.
async fn json_body(headers: &HeaderMap, body: Body) -> Result<Bytes, ProblemResponse> {
    let bytes = body::json(headers, body, MAX_BODY_BYTES).await?;
    if bytes.is_empty() {
        let detail = "The request has no body; name the backup to restore, like {\"backup\": \"latest\"}.";
        return Err(Problem::new(ProblemKind::InvalidJson, detail).into());
    }
    Ok(bytes)
}

/// Logs a failure once, and returns the problem for the client.
fn failure(error: &RestoreError) -> Problem {
    log_failure("the request could not be answered", error.class(), error.causes());
    match error {
        RestoreError::Database(error) => error.to_problem(),
        RestoreError::Bucket(_) | RestoreError::Continuation(_) if !error.is_final() => Problem::new(
            ProblemKind::Unavailable,
            "What the restore needs cannot be reached; nothing was changed. Try again after Retry-After.",
        ),
        _ => Problem::internal(),
    }
}
