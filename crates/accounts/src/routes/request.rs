//! Bodies of requests. No error quotes a body, which contains a password or a token.

use axum::body::Body;
use axum::http::HeaderMap;
use domain::problem::{Problem, ProblemKind};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::{body, object};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::password::Password;

/// The limit of a body in bytes. The largest member is a refresh token of some 2 KB.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// The body of `POST /register` and `POST /login`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) password: Password,
}

impl Credentials {
    pub(crate) const SHAPE: &str = r#"{"username": "<e-mail address>", "password": "<password>"}"#;
}

/// The body of `POST /refresh`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    pub(crate) refresh_token: String,
}

impl Refresh {
    pub(crate) const SHAPE: &str = r#"{"refresh_token": "<token>"}"#;
}

/// The body of `POST /accounts/{username}/approve`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    pub(crate) groups: Vec<String>,
}

impl Approval {
    pub(crate) const SHAPE: &str = r#"{"groups": ["writer", "table:documents"]}"#;
}

/// Reads a body of this shape.
pub(crate) async fn read<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    shape: &str,
) -> Result<T, ProblemResponse> {
    let bytes = body::json(headers, body, MAX_BODY_BYTES).await?;
    let Ok(json) = serde_json::from_slice::<&RawValue>(&bytes) else {
        let detail = format!("The body is no JSON. Send an object like {shape}.");
        return Err(Problem::new(ProblemKind::InvalidJson, detail).into());
    };
    object::of_text(json).map_err(|_| {
        let detail =
            format!("The body must be an object like {shape}, with these members once each and no others.");
        Problem::new(ProblemKind::WrongShape, detail).into()
    })
}
