//! Uploads through the API, for those without AWS credentials.

use std::collections::BTreeMap;

use anyhow::Result;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Api, JSON, NO_QUERY, expect_success, path};

/// The body of `POST /uploads`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct UploadRequest<'a> {
    pub table: &'a str,
    pub file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<&'static str>,
    pub bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<&'a Value>,
}

/// The place to send a file to.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Begun {
    Parts(Parts),
    Single(Single),
}

/// A link for a whole file.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Single {
    pub key: String,
    pub url: String,
    pub headers: BTreeMap<String, String>,
}

/// The parts of a file that have not arrived yet.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Parts {
    pub key: String,
    pub id: String,
    pub part_bytes: u64,
    pub bytes: u64,
    pub parts: Vec<PartLink>,
}

/// A link for a part.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PartLink {
    pub number: u64,
    pub url: String,
}

impl Api {
    pub(crate) async fn begin_upload(&self, request: &UploadRequest<'_>) -> Result<Begun> {
        self.post("/uploads", &json!(request)).await
    }

    /// Returns the missing parts of an upload, with fresh links; `None` if there is no such upload
    /// any more.
    pub(crate) async fn missing_parts(&self, id: &str) -> Result<Option<Parts>> {
        self.find(&path(&["uploads", id], &NO_QUERY)).await
    }

    /// Completes an upload; false if there is no such upload any more.
    pub(crate) async fn complete_upload(&self, id: &str) -> Result<bool> {
        let path = path(&["uploads", id, "complete"], &NO_QUERY);
        let answer = self.send(Method::POST, &path, JSON, None).await?;
        if answer.status() == 404 { Ok(false) } else { expect_success(&answer).map(|_| true) }
    }
}
