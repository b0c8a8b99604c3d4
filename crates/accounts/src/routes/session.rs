//! `POST /login`, `POST /refresh` and `POST /logout`.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::audit::Action;
use domain::problem::{Problem, ProblemKind};
use lambda_kit::caller::{Person, Right};
use lambda_kit::http::{InTime, RequestId};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::NoQuery;
use serde::Serialize;
use serde_json::json;

use super::request::{Credentials, Refresh, read};
use super::service::{Service, SignedIn, directory_problem, record};
use crate::directory::{Directory, DirectoryError, Session};
use crate::username::Username;

/// The tokens of a session (RFC 6750, section 4).
#[derive(Serialize)]
struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: i32,
    refresh_token: String,
}

/// Signs in. The answer is the same whether the name, the password or the account is wrong.
pub(crate) async fn login<D: Directory>(
    InTime(service): InTime<Service<D>>,
    request: RequestId,
    _: NoQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemResponse> {
    let Credentials { username, password } = read(&headers, body, Credentials::SHAPE).await?;
    // Text that cannot be a name or a password is nobody's.
    let name = Username::parse(&username).filter(|_| password.can_be_one());
    let Some(name) = name else { return Err(wrong_credentials().into()) };
    let accounts = &service.accounts;
    let session = accounts.directory.sign_in(&name, &password).await;
    let session = session.map_err(|error| refused(&error, wrong_credentials))?;
    if !has_right(&session) {
        tracing::info!("somebody signs in whose account waits for approval");
        let detail = "The account waits for an operator to approve it. Ask one, then sign in again.";
        return Err(Problem::new(ProblemKind::PendingApproval, detail).into());
    }
    record(&accounts.database, &session.username, &request, Action::Login, &json!({})).await?;
    match session.refresh_token.clone() {
        Some(refresh_token) => Ok(tokens(session, refresh_token)),
        None => {
            tracing::error!("the user pool gave no refresh token");
            Err(Problem::internal().into())
        }
    }
}

/// Renews a session, with the rights that the account has now.
pub(crate) async fn refresh<D: Directory>(
    InTime(service): InTime<Service<D>>,
    _: NoQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemResponse> {
    let Refresh { refresh_token } = read(&headers, body, Refresh::SHAPE).await?;
    if refresh_token.is_empty() {
        return Err(session_over().into());
    }
    let session = service.accounts.directory.renew(&refresh_token).await;
    let session = session.map_err(|error| refused(&error, session_over))?;
    if !has_right(&session) {
        return Err(session_over().into());
    }
    // The pool returns a new one only if it has revoked the old one.
    let refresh_token = session.refresh_token.clone().unwrap_or(refresh_token);
    Ok(tokens(session, refresh_token))
}

/// Ends all sessions of the person.
pub(crate) async fn logout<D: Directory>(
    SignedIn(person): SignedIn,
    InTime(service): InTime<Service<D>>,
    request: RequestId,
    _: NoQuery,
) -> Result<Response, ProblemResponse> {
    let accounts = &service.accounts;
    // Before the database is called, which may have to resume: the session ends whether or not that
    // can be recorded.
    match accounts.directory.sign_out(person.username()).await {
        Ok(()) | Err(DirectoryError::NoUser) => {}
        Err(error) => return Err(directory_problem(&error).into()),
    }
    let recorded = record(&accounts.database, person.username(), &request, Action::Logout, &json!({})).await;
    if recorded.is_err() {
        tracing::warn!("a person signed out, which the audit trail does not have");
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn has_right(session: &Session) -> bool {
    let person = Person::new(&session.username, session.groups.iter().map(String::as_str));
    person.rights().may(Right::Read)
}

fn tokens(session: Session, refresh_token: String) -> Response {
    let Session { access_token, expires_in, .. } = session;
    let tokens = Tokens { access_token, token_type: "Bearer", expires_in, refresh_token };
    // RFC 6749, section 5.1.
    ([(header::CACHE_CONTROL, "no-store")], Json(tokens)).into_response()
}

/// Returns the answer to refused credentials. The log has the reason, and nothing has the name.
fn refused(error: &DirectoryError, answer: fn() -> Problem) -> Problem {
    match error {
        DirectoryError::Refused(code) => {
            tracing::info!(auth.refusal = code, "credentials were refused");
            answer()
        }
        DirectoryError::NoUser => answer(),
        error => directory_problem(error),
    }
}

fn wrong_credentials() -> Problem {
    let detail = "The username or the password is wrong, or the account cannot sign in. After several wrong passwords it \
                  takes none for a while.";
    Problem::new(ProblemKind::WrongCredentials, detail)
}

fn session_over() -> Problem {
    Problem::new(ProblemKind::SessionOver, "The session is over. Sign in again.")
}
