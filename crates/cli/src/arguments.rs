//! Arguments that several verbs share.
//!
//! Flattened structs have no doc comments: clap would show them in place of the verb's own.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use domain::backup::BackupId;
use domain::dictionary::{Dictionary, LoadMode, Table};
use domain::folder::TableFolder;
use domain::load::LoadPath;
use local_database::Kind;
use serde_json::Value;

use crate::api::Api;
use crate::exit::user_error;

// The folder of tables to read.
#[derive(Debug, Args)]
pub(crate) struct FolderArguments {
    /// The folder of tables.
    #[arg(long, env = "ROWGATE_SQL", value_name = "FOLDER", default_value = table_folder::FOLDER)]
    pub sql: PathBuf,
}

impl FolderArguments {
    pub(crate) fn read(&self) -> Result<TableFolder> {
        read_folder(&self.sql)
    }
}

/// Reads a folder of tables.
///
/// # Errors
/// A user error that says where the mistake is.
pub(crate) fn read_folder(path: &Path) -> Result<TableFolder> {
    table_folder::read(path).map_err(|error| user_error(format!("{error}.")))
}

// The API to call.
#[derive(Debug, Args)]
pub(crate) struct ApiArguments {
    /// The API's URL with its stage.
    #[arg(long, env = "ROWGATE_URL")]
    pub url: String,
    /// An API key.
    #[arg(long, env = "ROWGATE_API_KEY", hide_env_values = true)]
    pub api_key: String,
}

impl ApiArguments {
    pub(crate) fn connect(&self) -> Api {
        Api::new(&self.url, &self.api_key)
    }
}

// The API to call, for a verb that works without one.
#[derive(Debug, Args)]
pub(crate) struct OptionalApiArguments {
    /// The API's URL with its stage; --wait needs it, and so does an upload without AWS
    /// credentials.
    #[arg(long, env = "ROWGATE_URL")]
    pub url: Option<String>,
    /// An API key; --wait needs it, and so does an upload without AWS credentials.
    #[arg(long, env = "ROWGATE_API_KEY", hide_env_values = true)]
    pub api_key: Option<String>,
}

impl OptionalApiArguments {
    pub(crate) fn connect_if_complete(&self) -> Option<Api> {
        Some(Api::new(self.url.as_ref()?, self.api_key.as_ref()?))
    }
}

// The API to call, and the operator's key for it.
#[derive(Debug, Args)]
pub(crate) struct OperatorArguments {
    /// The API's URL with its stage.
    #[arg(long, env = "ROWGATE_URL")]
    pub url: String,
    /// The operator's API key.
    #[arg(long, env = "ROWGATE_OPERATOR_KEY", hide_env_values = true)]
    pub operator_key: String,
}

impl OperatorArguments {
    pub(crate) fn connect(&self) -> Api {
        Api::new(&self.url, &self.operator_key)
    }
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Csv,
}

/// How a list is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    Table,
    Json,
}

/// Parses the name of a table. It becomes a part of a key, where a slash would lead elsewhere.
pub(crate) fn table_name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains('/') {
        return Err("a table's name is not empty and has no slash".to_owned());
    }
    Ok(text.to_owned())
}

/// Parses a JSON text, and returns it on one line.
pub(crate) fn json_line(text: &str) -> serde_json::Result<String> {
    serde_json::from_str::<Value>(text).map(|value| value.to_string())
}

/// Returns the table of this name in a folder of tables, if the verb takes it.
pub(crate) fn table_of<'d>(
    dictionary: &'d Dictionary,
    folder: &Path,
    name: &str,
    takes: impl Fn(&Table) -> bool,
) -> Result<&'d Table> {
    dictionary.table(name).filter(|table| takes(table)).ok_or_else(|| {
        user_error(format!(
            "There is no table {name:?} in {}; the tables are {}.",
            folder.display(),
            dictionary.table_names()
        ))
    })
}

/// Returns a parser of the load modes of these names.
pub(crate) fn load_mode(names: &'static [&'static str]) -> impl TypedValueParser<Value = LoadMode> {
    PossibleValuesParser::new(names)
        .try_map(|name| LoadMode::from_name(&name).ok_or_else(|| format!("{name} is no mode")))
}

/// Returns a parser of the names of paths into the database.
pub(crate) fn load_path() -> impl TypedValueParser<Value = LoadPath> {
    PossibleValuesParser::new(LoadPath::ALL.map(LoadPath::as_str))
        .try_map(|name| LoadPath::parse(&name).ok_or_else(|| format!("{name} is no path")))
}

/// Returns a parser of the names of databases.
pub(crate) fn database_kind() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::name)).try_map(|name| name.parse::<Kind>())
}

/// Parses the id of a backup.
pub(crate) fn backup_id(text: &str) -> Result<BackupId, String> {
    BackupId::parse(text).ok_or_else(|| {
        "a backup's id looks like 20261121-020000-0a1b2c3d; `rowgate backups` lists them".to_owned()
    })
}
