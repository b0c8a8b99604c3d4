//! `POST /uploads/{id}/complete`: makes a file of the parts, which is then loaded as any other.

use axum::Json;
use bucket::{Links, Multipart, When};
use domain::problem::{Problem, ProblemKind};
use lambda_kit::caller::Caller;
use lambda_kit::http::{InTime, PathText, RequestId};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::NoQuery;
use serde_json::{Value, json};

use crate::parts::parts_of;
use crate::progress::{upload_of, whole};
use crate::service::{Service, record, store_problem};

/// Parts that a message names at most.
const MAX_NAMED: usize = 20;

pub(crate) async fn complete<U: Links>(
    InTime(service): InTime<Service<U>>,
    id: RequestId,
    caller: Caller,
    PathText(upload): PathText,
    _: NoQuery,
) -> Result<Json<Value>, ProblemResponse> {
    let (table, upload) = upload_of(service.dictionary, &caller, &upload)?;
    let multipart = Multipart::of(&upload.key, &upload.upload);
    let stored = service.store.parts(&multipart).await;
    let parts = whole(&upload, stored.map_err(|error| store_problem(&error))?);
    let has = |number: &u32| parts.binary_search_by_key(number, |part| part.number).is_ok();
    let missing: Vec<u32> =
        parts_of(upload.bytes).map(|(number, _)| number).filter(|number| !has(number)).collect();
    if !missing.is_empty() {
        return Err(incomplete(&missing).into());
    }
    // The person who completes an upload loads the file, whoever began it.
    let detail = json!({ "key": upload.key, "bytes": upload.bytes, "completed": true });
    record(&service.database, id.actor(&caller), table, &detail).await?;
    // S3 completes it once: a concurrent request gets the same answer, or that there is no such
    // upload.
    let done = service.store.complete_upload(&multipart, parts, When::Always).await;
    done.map_err(|error| store_problem(&error))?;
    Ok(Json(json!({ "key": upload.key })))
}

fn incomplete(missing: &[u32]) -> Problem {
    let named: Vec<String> = missing.iter().take(MAX_NAMED).map(u32::to_string).collect();
    let more = match missing.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (parts, are) = if missing.len() == 1 { ("part", "is") } else { ("parts", "are") };
    let detail = format!(
        "The {parts} {}{more} of the file {are} not there yet. GET /uploads/{{id}} gives links for what is missing.",
        named.join(", ")
    );
    Problem::new(ProblemKind::IncompleteUpload, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_parts_that_are_missing() {
        assert_eq!(
            incomplete(&[7]).detail,
            "The part 7 of the file is not there yet. GET /uploads/{id} gives links for what is missing."
        );
        let many: Vec<u32> = (1..=25).collect();
        let detail = incomplete(&many).detail;
        assert!(
            detail.starts_with("The parts 1, 2, 3, ") && detail.contains(", 20 and 5 more of the file are")
        );
    }
}
