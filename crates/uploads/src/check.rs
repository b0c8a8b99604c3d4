//! `POST /uploads/check`: what a load would make of the first records of a file. Nothing is kept.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bucket::Links;
use domain::dictionary::Table;
use domain::load::Settings;
use domain::problem::{Problem, ProblemKind, RowDetail};
use domain::shortened;
use files::{Checked, CheckedField, CheckedRecord};
use indexmap::IndexMap;
use lambda_kit::caller::Caller;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::NoQuery;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::task::spawn_blocking;

use crate::request::{self, CheckBody, Upload, of_settings};
use crate::service::Service;

/// Bytes of a file's beginning at most: two thirds of a body, and many times what the reader needs
/// to recognise a file.
pub const MAX_CONTENT_BYTES: usize = 2 * 1024 * 1024;

/// Characters of a value, a name and a sentence at most, and fields of a header: what a person
/// looks at.
const MAX_VALUE: usize = 1000;
const MAX_NAME: usize = 200;
const MAX_SENTENCE: usize = 1000;
const MAX_FIELDS: usize = 1000;

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    format: &'static str,
    encoding: Option<&'static str>,
    delimiter: Option<String>,
    header: Option<Vec<String>>,
    columns: Vec<Field>,
    rows: Vec<Row>,
    rows_read: u64,
    rows_rejected: u64,
    codes: IndexMap<&'static str, u64>,
    warnings: Vec<String>,
    problem: Option<String>,
    proposal: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Field {
    name: String,
    column: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Row {
    line: u64,
    values: IndexMap<&'static str, Option<String>>,
    errors: Vec<RowDetail>,
}

pub(crate) async fn check<U: Links>(
    State(service): State<Service<U>>,
    caller: Caller,
    _: NoQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Answer>, ProblemResponse> {
    let body = request::object(&headers, body).await?;
    let CheckBody { table, file, mode, settings, content, whole } = body;
    let upload = Upload::read(service.dictionary, &caller, &table, mode.as_deref(), &file, settings)?;
    let Upload { table, mode, file, settings } = upload;
    let content = BASE64_STANDARD.decode(content).map_err(|_| {
        Problem::new(ProblemKind::WrongShape, "The body cannot be used: content is no base64.")
    })?;
    if content.len() > MAX_CONTENT_BYTES {
        let detail = format!(
            "The content has more than {MAX_CONTENT_BYTES} bytes. Send the first of them, with whole = false."
        );
        return Err(Problem::new(ProblemKind::PayloadTooLarge, detail).into());
    }
    let format = file.format;
    let checking = spawn_blocking(move || {
        let checked = files::check(table, format, mode, &settings, &content, whole)?;
        Ok((checked, settings))
    });
    let (checked, settings) = checking
        .await
        .map_err(|error| {
            tracing::error!(error = %error, "a file could not be checked");
            Problem::internal()
        })?
        .map_err(|error| of_settings(&error))?;
    Ok(Json(view(table, format.as_str(), &settings, checked)))
}

fn view(table: &'static Table, format: &'static str, settings: &Settings, checked: Checked) -> Answer {
    let Checked { form, header, fields, records, counts, .. } = checked;
    let name = |name: String| shortened(name, MAX_NAME).into_owned();
    let sentence = |text: String| shortened(text, MAX_SENTENCE).into_owned();
    // Settings that cannot be sent with a file are useless.
    let proposal = checked.proposal.filter(|proposal| {
        let all = proposal.clone().or(settings.clone());
        all.to_metadata().is_ok() && all.apply(table).is_ok()
    });
    let field = |CheckedField { name: own, column }| Field { name: name(own), column };
    let row = |CheckedRecord { line, values, errors }| {
        let values = table.columns().iter().zip(values).map(|(column, value)| {
            (column.name(), value.map(|value| shortened(value, MAX_VALUE).into_owned()))
        });
        Row { line, values: values.collect(), errors }
    };
    Answer {
        format,
        encoding: form.map(|form| form.encoding),
        delimiter: form.and_then(|form| form.delimiter).map(|byte| char::from(byte).to_string()),
        header: header.map(|names| names.into_iter().take(MAX_FIELDS).map(name).collect()),
        columns: fields.into_iter().take(MAX_FIELDS).map(field).collect(),
        rows: records.into_iter().map(row).collect(),
        rows_read: counts.rows_read,
        rows_rejected: counts.rows_rejected,
        codes: counts.codes.into_iter().map(|(code, count)| (code.as_str(), count)).collect(),
        warnings: checked.warnings.into_iter().map(sentence).collect(),
        problem: checked.problem.map(sentence),
        proposal: proposal.and_then(|proposal| RawValue::from_string(proposal.to_json()).ok()),
    }
}
