//! The bodies of requests.

use axum::body::Body;
use axum::http::HeaderMap;
use domain::batch::{MAX_BODY_BYTES, json_value};
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
    pub(crate) table: String,
    pub(crate) file: String,
    pub(crate) mode: Option<String>,
    pub(crate) settings: Option<Value>,
    pub(crate) bytes: Option<u64>,
}

/// The body of `POST /uploads/check`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckBody {
    pub(crate) table: String,
    pub(crate) file: String,
    pub(crate) mode: Option<String>,
    pub(crate) settings: Option<Value>,
    pub(crate) content: String,
    pub(crate) whole: bool,
}

/// A file that may be uploaded.
#[derive(Debug)]
pub(crate) struct Upload {
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

impl Upload {
    /// Checks what a body says of a file, and that the caller sees the table.
    pub(crate) fn read(
        dictionary: &'static Dictionary,
        caller: &Caller,
        table: &str,
        mode: Option<&str>,
        file: &str,
        settings: Option<Value>,
    ) -> Result<Self, Problem> {
        let table = caller.table(dictionary, table)?;
        let mode = mode.map(|name| {
            LoadMode::from_name(name).ok_or_else(|| {
                refused(
                    "the mode of an upload is append, upsert or replace; without one it is the table's own",
                )
            })
        });
        let mode = mode.transpose()?;
        let file = File::new(table, mode, file)?;
        let settings = settings.map(Settings::from_value).transpose().map_err(|error| of_settings(&error))?;
        let settings = settings.unwrap_or_default();
        settings.apply(table).map_err(|error| of_settings(&error))?;
        Ok(Self { table, mode: mode.unwrap_or(table.default_mode()), file, settings })
    }
}

/// Returns the problem of settings that cannot be used.
pub(crate) fn of_settings(error: &SettingsError) -> Problem {
    refused(&error.to_string())
}
