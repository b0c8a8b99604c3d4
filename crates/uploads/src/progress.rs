//! `GET /uploads/{id}`: what S3 has not got yet of a file, with fresh links.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bucket::{Links, Multipart, Part};
use domain::dictionary::{Dictionary, Table};
use domain::problem::Problem;
use lambda_kit::caller::Caller;
use lambda_kit::http::PathText;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::NoQuery;

use crate::id::UploadId;
use crate::parts::parts_of;
use crate::service::{Service, store_problem, unknown};
use crate::start::links_of;

pub(crate) async fn progress<U: Links>(
    State(service): State<Service<U>>,
    caller: Caller,
    PathText(upload): PathText,
    _: NoQuery,
) -> Result<Response, ProblemResponse> {
    let (_, upload) = upload_of(service.dictionary, &caller, &upload)?;
    let stored = service.store.parts(&Multipart::of(&upload.key, &upload.upload)).await;
    let stored = stored.map_err(|error| store_problem(&error))?;
    let done = whole(&upload, stored).into_iter().map(|part| part.number).collect();
    let missing = links_of(&service.store, &upload, Some(done)).await;
    let missing = missing.map_err(|error| store_problem(&error))?;
    Ok(Json(missing).into_response())
}

/// Reads the upload that a path names, and its table, which the caller must see and may write.
pub(crate) fn upload_of(
    dictionary: &'static Dictionary,
    caller: &Caller,
    upload: &str,
) -> Result<(&'static Table, UploadId), Problem> {
    // Its links are for writing, though to ask for them is to read.
    caller.require_write()?;
    let upload = UploadId::parse(upload).ok_or_else(unknown)?;
    let table = upload.table(dictionary).ok_or_else(unknown)?;
    caller.require(table.name())?;
    Ok((table, upload))
}

/// Returns the parts that S3 has whole, in the order of their numbers. A link takes exactly the
/// bytes of its part, so others come from a caller who knows S3's own id.
pub(crate) fn whole(upload: &UploadId, stored: Vec<Part>) -> Vec<Part> {
    let wanted = |part: &Part| {
        parts_of(upload.bytes).any(|(number, bytes)| number == part.number && bytes == part.bytes)
    };
    let mut whole: Vec<Part> = stored.into_iter().filter(wanted).collect();
    whole.sort_by_key(|part| part.number);
    whole
}
