//! `POST /register`: requests an account.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::audit::Action;
use domain::problem::{Problem, ProblemKind};
use lambda_kit::http::{InTime, RequestId};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::NoQuery;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::request::{Credentials, read};
use super::service::{Service, failure, record};
use crate::directory::Directory;
use crate::options::Options;
use crate::username::{self, Username};

/// The name of a person who registers in the audit trail: the address is not verified yet. No
/// account can have this name.
const ANONYMOUS: &str = "anonymous";

/// Registers an account. The answer and its time are the same whether the name is new, waits for
/// approval or is taken: everything that is refused is refused before the name is looked up.
pub(crate) async fn register<D: Directory>(
    InTime(service): InTime<Service<D>>,
    request: RequestId,
    _: NoQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemResponse> {
    let started = Instant::now();
    let Service { accounts, options } = &service;
    if !options.self_registration {
        let detail = "Nobody can register here. Ask an operator for an account.";
        return Err(Problem::new(ProblemKind::RegistrationClosed, detail).into());
    }
    let Credentials { username, password } = read(&headers, body, Credentials::SHAPE).await?;
    let name =
        Username::parse(&username).ok_or_else(|| Problem::new(ProblemKind::WrongShape, username::RULE))?;
    if !options.allow(&name) {
        return Err(Problem::new(ProblemKind::EmailDomain, allowed(options)).into());
    }
    accounts.check(&password).await.map_err(|error| failure(&error))?;
    let detail = json!({ "account": name });
    record(&accounts.database, ANONYMOUS, &request, Action::Register, &detail).await?;
    accounts.register(&name, &password).await.map_err(|error| failure(&error))?;
    sleep_until(started + options.register_time).await;
    Ok((StatusCode::ACCEPTED, Json(json!({ "status": "pending-approval" }))).into_response())
}

fn allowed(options: &Options) -> String {
    let domains = options.email_domains.join(", ");
    format!("Only e-mail addresses of these domains can register here: {domains}.")
}
