//! `GET /status`: whether the service can do its work.

use std::time::{Duration, Instant};

use aurora::{Deadline, Error, migrations};
use axum::body::Body;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use domain::migration::Migration;
use domain::problem::{Problem, ProblemKind};
use domain::report::read_parameters;
use lambda_kit::http::InTime;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;
use serde::Serialize;
use serde_json::{Value, json};

use crate::accept::{Form, negotiate};
use crate::{Service, database_problem};

/// How long the database has to answer. Whoever asks for the status wants to know it soon, also where the answer is bad.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the service stands; what is not known is left out.
#[derive(Debug, Serialize)]
struct Standing {
    version: &'static str,
    schema: Schema,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<Answered>,
}

#[derive(Debug, Serialize)]
struct Schema {
    /// The newest migration that the database has; `null` where it has none, left out where it did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Option<String>>,
    /// The newest migration of this version.
    expected: Option<String>,
}

#[derive(Debug, Serialize)]
struct Answered {
    latency_ms: u64,
}

/// 200 where the database answers and has every migration of this version. One that is newer is fine: migrations expand first
/// and contract later.
pub(crate) async fn get(
    InTime(service): InTime<Service>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let form = negotiate(&headers, &[Form::Json])?;
    read_parameters(&[], &query::pairs(query.as_deref())).map_err(query::problem)?;
    let expected = service.migrations.last().map(|migration| migration.name().to_owned());
    let mut standing = Standing {
        version: env!("CARGO_PKG_VERSION"),
        schema: Schema { version: None, expected },
        database: None,
    };

    let database = service.database.within(Deadline::after(PATIENCE));
    let started = Instant::now();
    let finished = match migrations::finished(&database).await {
        Ok(finished) => finished,
        Err(error) => return Ok(problem(unavailable(&error), &standing)),
    };
    let latency_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    standing.database = Some(Answered { latency_ms });
    standing.schema.version = Some(finished.last().cloned());
    let missing = missing(&service.migrations, &finished);
    if missing > 0 {
        tracing::error!(migrations.missing = missing, "the schema is behind");
        let detail =
            format!("The database lacks {missing} of this version's migrations. Invoke rowgate-migrate.");
        return Ok(problem(Problem::new(ProblemKind::SchemaBehind, detail), &standing));
    }
    let mut answer = json!({ "status": "ok" });
    extend(&mut answer, &standing);
    Ok(([(header::CONTENT_TYPE, form.content_type())], answer.to_string()).into_response())
}

/// Also what is no passing trouble, like a wrong secret, is told as such: that the service cannot do its work is the answer to
/// the question, and no failure to answer it.
fn unavailable(error: &Error) -> Problem {
    let told = database_problem(error);
    if told.kind == ProblemKind::Unavailable {
        return told;
    }
    let detail =
        "The database does not answer as it should; the request id helps the operator to find out why.";
    Problem::new(ProblemKind::Unavailable, detail)
}

fn missing(expected: &[Migration], finished: &[String]) -> usize {
    expected.iter().filter(|migration| !finished.iter().any(|name| name == migration.name())).count()
}

/// A problem with the standing as its extension members (RFC 9457, section 3.2).
fn problem(problem: Problem, standing: &Standing) -> Response {
    let mut body = json!(problem);
    extend(&mut body, standing);
    let (parts, _) = ProblemResponse::from(problem).into_response().into_parts();
    Response::from_parts(parts, Body::from(body.to_string()))
}

fn extend(answer: &mut Value, standing: &Standing) {
    if let (Value::Object(answer), Value::Object(standing)) = (answer, json!(standing)) {
        answer.extend(standing);
    }
}
