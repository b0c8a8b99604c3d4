//! `POST /register`: somebody asks for an account.

use axum::body::Body;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::audit::Action;
use domain::problem::{Problem, ProblemKind};
use domain::report::read_parameters;
use lambda_kit::http::{InTime, RequestId};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::directory::Directory;
use crate::options::Options;
use crate::request::{Credentials, read};
use crate::service::{Service, failure, record};
use crate::username::{self, Username};

/// Who registers, in the audit trail: nobody has shown that the address is theirs. No account can have this name.
const ANONYMOUS: &str = "anonymous";

/// Answers the same, after the same time, whether the name is new, waits already or is taken. All that is refused is refused
/// before the name is looked up.
pub(crate) async fn register<D: Directory>(
    InTime(service): InTime<Service<D>>,
    Extension(request): Extension<RequestId>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemResponse> {
    let started = Instant::now();
    let Service { accounts, options } = &service;
    read_parameters(&[], &query::pairs(query.as_deref())).map_err(query::problem)?;
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
