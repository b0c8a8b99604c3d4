//! `GET /status`: the health of the service.

use std::time::{Duration, Instant};

use aurora::{Deadline, Error, migrations};
use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use domain::migration::{Migration, newest};
use domain::problem::{Problem, ProblemKind};
use lambda_kit::http::InTime;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::NoQuery;
use serde::Serialize;
use serde_json::{Value, json};

use crate::accept::AsJson;
use crate::service::{Service, database_problem};

/// The time that the database has to answer: callers want to know the status soon, a bad one too.
const DATABASE_TIME: Duration = Duration::from_secs(10);

/// The status of the service; what is not known is left out.
#[derive(Debug, Serialize)]
struct Status {
    version: &'static str,
    schema: Schema,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<Answered>,
}

#[derive(Debug, Serialize)]
struct Schema {
    /// The newest migration that the database has: `null` if it has none, left out if it did not
    /// answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Option<String>>,
    /// The newest migration of this version.
    expected: Option<String>,
}

#[derive(Debug, Serialize)]
struct Answered {
    latency_ms: u64,
}

/// Answers 200 if the database answers and has every migration of this version. A newer one is
/// fine: migrations expand first and contract later.
pub(crate) async fn get(
    _: AsJson,
    InTime(service): InTime<Service>,
    _: NoQuery,
) -> Result<Response, ProblemResponse> {
    let expected = newest(service.migrations).map(str::to_owned);
    let mut status = Status {
        version: env!("CARGO_PKG_VERSION"),
        schema: Schema { version: None, expected },
        database: None,
    };

    let database = service.database.within(Deadline::after(DATABASE_TIME));
    let started = Instant::now();
    let finished = match migrations::finished(&database).await {
        Ok(finished) => finished,
        Err(error) => return Ok(problem(unavailable(&error), &status)),
    };
    let latency_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    status.database = Some(Answered { latency_ms });
    status.schema.version = Some(finished.last().cloned());
    let missing = missing(service.migrations, &finished);
    if missing > 0 {
        tracing::error!(migrations.missing = missing, "the schema is behind");
        let detail =
            format!("The database lacks {missing} of this version's migrations. Invoke rowgate-migrate.");
        return Ok(problem(Problem::new(ProblemKind::SchemaBehind, detail), &status));
    }
    let mut answer = json!({ "status": "ok" });
    extend(&mut answer, &status);
    Ok(Json(answer).into_response())
}

/// Returns the problem of a database that does not answer. A lasting fault, such as a wrong secret,
/// is a 503 as well: that the service cannot work is the answer to the question, and no failure to
/// answer it.
fn unavailable(error: &Error) -> Problem {
    let problem = database_problem(error);
    if problem.kind == ProblemKind::Unavailable {
        return problem;
    }
    let detail =
        "The database does not answer as it should; the request id helps the operator to find out why.";
    Problem::new(ProblemKind::Unavailable, detail)
}

fn missing(expected: &[Migration], finished: &[String]) -> usize {
    expected.iter().filter(|migration| !finished.iter().any(|name| name == migration.name())).count()
}

/// Answers with a problem that has the status as its extension members (RFC 9457, section 3.2).
fn problem(problem: Problem, status: &Status) -> Response {
    let mut body = json!(problem);
    extend(&mut body, status);
    let (parts, _) = ProblemResponse::from(problem).into_response().into_parts();
    Response::from_parts(parts, Body::from(body.to_string()))
}

fn extend(answer: &mut Value, status: &Status) {
    if let (Value::Object(answer), Value::Object(status)) = (answer, json!(status)) {
        answer.extend(status);
    }
}
