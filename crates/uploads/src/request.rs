//! Reading what is asked for.

use axum::body::Body;
use axum::http::HeaderMap;
use domain::batch::{BatchError, MAX_BODY_BYTES, json_value};
use domain::dictionary::{Dictionary, LoadMode, Table};
use domain::load::{Settings, SettingsError};
use domain::problem::{Problem, ProblemKind};
use lambda_kit::body;
use lambda_kit::caller::Caller;
use lambda_kit::problem::ProblemResponse;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::file::{File, refused};

/// The body of `POST /uploads`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UploadBody {
    table: String,
    file: String,
    mode: Option<String>,
    settings: Option<Value>,
    bytes: Option<u64>,
}

/// The body of `POST /uploads/check`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckBody {
    table: String,
    file: String,
    mode: Option<String>,
    settings: Option<Value>,
    content: String,
    whole: bool,
}

/// The members about a file that both have.
#[derive(Debug)]
pub(crate) struct FileBody {
    table: String,
    file: String,
    mode: Option<String>,
    settings: Option<Value>,
}

impl UploadBody {
    /// The file, and its size.
    pub(crate) fn parts(self) -> (FileBody, Option<u64>) {
        let Self { table, file, mode, settings, bytes } = self;
        (FileBody { table, file, mode, settings }, bytes)
    }
}

impl CheckBody {
    /// The file, what it begins with in base64, and whether that is all of it.
    pub(crate) fn parts(self) -> (FileBody, String, bool) {
        let Self { table, file, mode, settings, content, whole } = self;
        (FileBody { table, file, mode, settings }, content, whole)
    }
}

/// A file that may be uploaded.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) table: &'static Table,
    pub(crate) mode: LoadMode,
    pub(crate) file: File,
    pub(crate) settings: Settings,
}

/// Reads the JSON object that a body is.
pub(crate) async fn object<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
) -> Result<T, ProblemResponse> {
    let bytes = body::json(headers, body, MAX_BODY_BYTES).await?;
    if bytes.is_empty() {
        return Err(Problem::from(BatchError::Empty).into());
    }
    let json = json_value(&bytes).map_err(Problem::from)?.get();
    let shape =
        |problem: &str| Problem::new(ProblemKind::WrongShape, format!("The body cannot be used: {problem}."));
    if !json.starts_with('{') {
        return Err(shape("it is no object").into());
    }
    serde_json::from_str(json).map_err(|error| {
        let text = error.to_string();
        shape(text.split(" at line ").next().unwrap_or(&text)).into()
    })
}

impl FileBody {
    /// Checks what is wanted, and that the caller sees the table.
    pub(crate) fn read(self, dictionary: &'static Dictionary, caller: &Caller) -> Result<Wanted, Problem> {
        let Self { table: name, file, mode, settings } = self;
        let table = dictionary
            .table(&name)
            .ok_or_else(|| BatchError::UnknownTable { name, known: caller.seen_tables(dictionary) })?;
        caller.require(table.name())?;
        let mode = mode.map(|name| {
            LoadMode::from_name(&name).ok_or_else(|| {
                refused(
                    "the mode of an upload is append, upsert or replace; without one it is the table's own",
                )
            })
        });
        let mode = mode.transpose()?;
        let file = File::new(table, mode, &file)?;
        let settings = settings.map(Settings::from_value).transpose().map_err(|error| of_settings(&error))?;
        let settings = settings.unwrap_or_default();
        settings.apply(table).map_err(|error| of_settings(&error))?;
        Ok(Wanted { table, mode: mode.unwrap_or(table.default_mode()), file, settings })
    }
}

/// The problem of settings that cannot be used.
pub(crate) fn of_settings(error: &SettingsError) -> Problem {
    refused(&error.to_string())
}
