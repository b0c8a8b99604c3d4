//! `POST /insert_data` and `POST /tables/{table}/rows`.

use aurora::idempotency::{Claim, ClaimError, Claimed};
use aurora::{Error, Insert};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::batch::{Batch, BatchError};
use domain::idempotency::{IdempotencyKey, KeyedRequest, RequestParts};
use domain::prefer::TxPreference;
use domain::problem::{Problem, ProblemKind};
use lambda_kit::http::{InTime, PathText};
use lambda_kit::log_failure;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::{NoQuery, Query};

use crate::answer;
use crate::request::{InsertContext, json_body};
use crate::service::Service;

/// Seconds that a client should wait for the answer to a request that is still running.
const RETRY_AFTER_SECONDS: &str = "1";

pub(crate) async fn insert_data(
    InTime(service): InTime<Service>,
    context: InsertContext,
    _: NoQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemResponse> {
    let body = json_body(&headers, body).await?;
    let batch = Batch::read(service.dictionary, &body).map_err(|error| match error {
        BatchError::UnknownTable { name, .. } => {
            BatchError::UnknownTable { name, known: context.caller.seen_tables(service.dictionary) }.into()
        }
        error => Problem::from(error),
    })?;
    // The caller must see every table in the body, even one without rows.
    batch.tables.iter().try_for_each(|rows| context.caller.require(rows.table.name()))?;
    let parts =
        RequestParts { route: "POST /insert_data", table: "", preference: context.preference, body: &body };
    insert(&service, &context, &batch, &parts).await
}

pub(crate) async fn insert_rows(
    InTime(service): InTime<Service>,
    context: InsertContext,
    PathText(table): PathText,
    query: Query,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemResponse> {
    let table = context.caller.table(service.dictionary, &table)?;
    query.read(&[])?;
    let body = json_body(&headers, body).await?;
    let batch = Batch::read_rows(table, &body).map_err(Problem::from)?;
    let parts = RequestParts {
        route: "POST /tables/{table}/rows",
        table: table.name(),
        preference: context.preference,
        body: &body,
    };
    insert(&service, &context, &batch, &parts).await
}

async fn insert(
    service: &Service,
    context: &InsertContext,
    batch: &Batch<'_>,
    parts: &RequestParts<'_>,
) -> Result<Response, ProblemResponse> {
    let InsertContext { id, preference, caller, .. } = context;
    let insert = Insert {
        dictionary: service.dictionary,
        batch,
        preference: *preference,
        request_id: &id.0,
        actor: id.actor(caller),
    };
    match &context.key {
        // A dry run changes nothing, so it needs no key.
        Some(key) if *preference != Some(TxPreference::DryRun) => {
            insert_keyed(service, context, &insert, key, parts).await
        }
        _ => {
            let mut outcome = insert.run(&service.database).await.map_err(|error| failed(&error))?;
            answer::log_rejected(&outcome, *preference);
            let rendered = answer::render(&mut outcome);
            Ok(answer::first(&outcome, rendered, *preference))
        }
    }
}

async fn insert_keyed(
    service: &Service,
    context: &InsertContext,
    insert: &Insert<'_, '_>,
    key: &IdempotencyKey,
    parts: &RequestParts<'_>,
) -> Result<Response, ProblemResponse> {
    let InsertContext { preference, caller, .. } = context;
    let database = &service.database;
    let request = KeyedRequest::new(&caller.identity(), key, parts);
    match Claim::take(database, &request, &service.claims).await.map_err(|error| failed(&error))? {
        Claimed::Mine(claim) => match insert.run_claimed(database, &claim, answer::render).await {
            Ok((outcome, rendered)) => {
                answer::log_rejected(&outcome, *preference);
                Ok(answer::first(&outcome, rendered, *preference))
            }
            Err(ClaimError::Database(error)) => Err(failed(&error)),
            Err(ClaimError::Lost) => Ok(in_use()),
        },
        Claimed::Answered(stored) => Ok(answer::replayed(stored, *preference)),
        Claimed::InUse => Ok(in_use()),
        Claimed::Reused => Err(Problem::new(
            ProblemKind::IdempotencyKeyReused,
            "This Idempotency-Key came with another path, preference or body before. Take a new key for a new request; \
             send the same bytes to ask for the same one again.",
        )
        .into()),
    }
}

fn in_use() -> Response {
    let problem = Problem::new(
        ProblemKind::IdempotencyKeyInUse,
        "The first request with this Idempotency-Key has not ended. Send it again after Retry-After for its answer.",
    );
    let mut response = ProblemResponse::from(problem).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
    response
}

fn failed(error: &Error) -> ProblemResponse {
    log_failure("rows could not be inserted", error.class(), error);
    error.to_problem().into()
}
