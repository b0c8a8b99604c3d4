//! `POST /uploads`: a link to put a file to, or links for its parts.

use std::time::SystemTime;

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bucket::{BucketError, Link, Links, Metadata, Multipart, Validity};
use domain::load::SETTINGS_METADATA;
use indexmap::IndexMap;
use lambda_kit::caller::Caller;
use lambda_kit::http::{InTime, RequestId};
use lambda_kit::links::{LINK_LIFETIME, validity};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::NoQuery;
use serde::Serialize;
use serde_json::json;

use crate::file::refused;
use crate::id::UploadId;
use crate::parts::{MAX_BYTES, MAX_SINGLE_BYTES, part_bytes, parts_of};
use crate::request::{self, Upload, UploadBody, of_settings};
use crate::service::{Service, record, store_problem};

/// An upload in one piece.
#[derive(Debug, Serialize)]
struct Single<'a> {
    key: &'a str,
    method: &'static str,
    url: String,
    headers: IndexMap<String, String>,
    expires_at: String,
}

/// An upload in parts, and those of its parts that are to be sent.
#[derive(Debug, Serialize)]
pub(crate) struct InParts<'a> {
    pub(crate) key: &'a str,
    pub(crate) id: String,
    pub(crate) part_bytes: u64,
    pub(crate) bytes: u64,
    pub(crate) parts: Vec<PartLink>,
    /// The parts that S3 has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) done: Option<Vec<u32>>,
    pub(crate) expires_at: String,
}

/// A link for a part.
#[derive(Debug, Serialize)]
pub(crate) struct PartLink {
    number: u32,
    url: String,
}

pub(crate) async fn start<U: Links>(
    InTime(service): InTime<Service<U>>,
    id: RequestId,
    caller: Caller,
    _: NoQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemResponse> {
    let UploadBody { table, file, mode, settings, bytes } = request::object(&headers, body).await?;
    let upload = Upload::read(service.dictionary, &caller, &table, mode.as_deref(), &file, settings)?;
    let Upload { table, file, settings, .. } = upload;
    if bytes.is_some_and(|bytes| bytes > MAX_BYTES) {
        return Err(refused(&format!(
            "the file is too large: at most {MAX_BYTES} bytes can be uploaded; split it, or pack it with zstd"
        ))
        .into());
    }
    let settings = (!settings.is_empty()).then(|| settings.to_metadata()).transpose();
    let settings = settings.map_err(|error| of_settings(&error))?;
    let detail = json!({ "key": file.key, "bytes": bytes });
    record(&service.database, id.actor(&caller), table, &detail).await?;
    let key = &file.key;
    let failed = |error: BucketError| store_problem(&error);
    let metadata: Metadata =
        settings.map(|settings| (SETTINGS_METADATA.to_owned(), settings)).into_iter().collect();
    match bytes {
        Some(bytes) if bytes > MAX_SINGLE_BYTES => {
            let upload = service.store.begin_upload(key, metadata).await.map_err(failed)?;
            let upload = UploadId { bytes, upload: upload.id, key: key.clone() };
            let begun = links_of(&service.store, &upload, None).await.map_err(failed)?;
            Ok((StatusCode::CREATED, Json(begun)).into_response())
        }
        bytes => {
            let (from, expires_at) = validity(SystemTime::now());
            let valid = Validity { from, time: LINK_LIFETIME };
            let link = service.store.link_to_put(key, bytes, metadata, valid).await;
            let Link { url, headers } = link.map_err(failed)?;
            let headers = headers.into_iter().collect();
            let single = Single { key, method: "PUT", url, headers, expires_at };
            Ok((StatusCode::CREATED, Json(single)).into_response())
        }
    }
}

/// Signs links for the parts of an upload that are not `done`.
pub(crate) async fn links_of<'a, U: Links>(
    store: &U,
    upload: &'a UploadId,
    done: Option<Vec<u32>>,
) -> Result<InParts<'a>, BucketError> {
    let UploadId { bytes, key, .. } = upload;
    let multipart = Multipart::of(key, &upload.upload);
    let (from, expires_at) = validity(SystemTime::now());
    let valid = Validity { from, time: LINK_LIFETIME };
    let mut parts = Vec::new();
    for (number, size) in parts_of(*bytes) {
        if done.as_ref().is_none_or(|done| done.binary_search(&number).is_err()) {
            let Link { url, .. } = store.link_to_put_part(&multipart, number, size, valid).await?;
            parts.push(PartLink { number, url });
        }
    }
    Ok(InParts {
        key,
        id: upload.to_string(),
        part_bytes: part_bytes(*bytes),
        bytes: *bytes,
        parts,
        done,
        expires_at,
    })
}
