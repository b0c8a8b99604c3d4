//! Uploads through the API, for those without AWS credentials.

use anyhow::{Context, Result};
use http::Method;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{Api, Load, expect_success, path, refusal};

/// What is to be uploaded.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct UploadRequest<'a> {
    pub table: &'a str,
    pub file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<&'static str>,
    pub bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<&'a serde_json::Value>,
}

/// Where to send a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Begun {
    /// In parts.
    Parts(Parts),
    /// In one piece.
    Single(Single),
}

/// A link for a whole file.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Single {
    pub key: String,
    pub url: String,
    pub headers: BTreeMap<String, String>,
}

/// The parts that are not there yet.
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
    /// Begins an upload.
    pub(crate) async fn begin_upload(&self, request: &UploadRequest<'_>) -> Result<Begun> {
        let body = serde_json::to_vec(request)?;
        let answer = self.send(Method::POST, "/uploads", "application/json", Some(&body)).await?;
        serde_json::from_slice(&expect_success(&answer)?.body).context("reading where to send the file")
    }

    /// What is missing of an upload in parts, with fresh links; `None` where there is no such upload any more.
    pub(crate) async fn missing_parts(&self, id: &str) -> Result<Option<Parts>> {
        let answer = self.send(Method::GET, &path(&["uploads", id], &[]), "application/json", None).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        let parts =
            serde_json::from_slice(&expect_success(&answer)?.body).context("reading what is missing")?;
        Ok(Some(parts))
    }

    /// Makes a file of the parts. False where there is no such upload any more, true when it is done.
    pub(crate) async fn complete_upload(&self, id: &str) -> Result<bool> {
        let path = path(&["uploads", id, "complete"], &[]);
        let answer = self.send(Method::POST, &path, "application/json", None).await?;
        match answer.status {
            404 => Ok(false),
            _ if answer.is_success() => Ok(true),
            _ => Err(refusal(&answer)),
        }
    }

    /// The newest load of a key, and its id.
    pub(crate) async fn newest_load(&self, key: &str) -> Result<Option<(String, Load)>> {
        #[derive(Deserialize)]
        struct Listed {
            load: String,
            #[serde(flatten)]
            record: Load,
        }
        #[derive(Deserialize)]
        struct Page {
            loads: Vec<Listed>,
        }
        let query = [("key".to_owned(), key.to_owned()), ("limit".to_owned(), "1".to_owned())];
        let answer = self.send(Method::GET, &path(&["loads"], &query), "application/json", None).await?;
        let page: Page = serde_json::from_slice(&expect_success(&answer)?.body)
            .with_context(|| format!("reading the loads of {key}"))?;
        Ok(page.loads.into_iter().next().map(|Listed { load, record }| (load, record)))
    }
}
