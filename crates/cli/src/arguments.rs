//! What the command line may say.

mod accounts;
mod backups;
mod lake;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::dictionary::LoadMode;
use domain::load::LoadId;
use local_database::{KIND_VARIABLE, Kind};

use crate::api::Api;
use crate::http::HttpClient;

pub(crate) use accounts::{AccountsCommand, ConsoleArguments};
pub(crate) use backups::{
    BackupArguments, BackupsArguments, ListFormat, PutBackArguments, RestoreArguments, WhichBackup,
};
pub(crate) use lake::{
    LakeCommand, LakeHistoryArguments, LakeQueryArguments, LakeRunArguments, LakeTablesArguments,
};

const EXIT_CODES: &str = "Exit codes: 0 all went well; 1 something you can put right; 2 a fault of rowgate itself.\n\
Results go to stdout, progress to stderr. NO_COLOR turns colours off.";

/// Rowgate on one machine, and its files and reports from the command line.
#[derive(Debug, Parser)]
#[command(name = "rowgate", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub(crate) command: CommandLine,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CommandLine {
    /// Runs the whole service on this machine.
    #[command(subcommand)]
    Local(LocalCommand),
    /// Drops three files, posts a batch, prints both reports.
    Demo(DemoArguments),
    /// Serves a page to read the API's document and try its calls.
    Docs(DocsArguments),
    /// Writes the generated sample files.
    Sample(SampleArguments),
    /// Reads a file as the loader would, on this machine alone, and says what would be loaded and rejected.
    Check(CheckArguments),
    /// Drops a file for a table.
    Upload(UploadArguments),
    /// Downloads the rejected records of a load.
    Rejects(RejectsArguments),
    /// Loads what lies under a prefix and was never loaded.
    Backfill(BackfillArguments),
    /// Prints a report.
    Report(ReportArguments),
    /// Backs up tables to Avro files in the data bucket.
    Backup(BackupArguments),
    /// Lists the backups.
    Backups(BackupsArguments),
    /// Replaces tables with what a backup, or Avro files, have; asks first.
    Restore(RestoreArguments),
    /// Puts tables back as they were before a restore; asks first.
    PutBack(PutBackArguments),
    /// Serves the whole API as one process; `rowgate serve --help` has what can be set.
    #[command(disable_help_flag = true)]
    Serve(ServeArguments),
    /// Makes, lists, approves and disables people's accounts.
    #[command(subcommand)]
    Accounts(AccountsCommand),
    /// Opens the page that people use.
    Console(ConsoleArguments),
    /// Runs and queries the lake: every table in Delta, for analysts.
    #[command(subcommand)]
    Lake(LakeCommand),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// What `rowgate-serve` is given, as it stands.
    #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LocalCommand {
    /// Starts what does not run, deploys what has changed, migrates, writes <dir>/env.
    Up(UpArguments),
    /// Shows what runs; exit code 1 unless everything does.
    Status(FolderArguments),
    /// Ends every process of the local cloud; its data stays.
    Down(FolderArguments),
    /// Ends the local cloud and removes its data.
    Clean(CleanArguments),
}

#[derive(Debug, Args)]
pub(crate) struct FolderArguments {
    /// The local cloud's folder.
    #[arg(long, value_name = "DIR", env = "ROWGATE_LOCAL_DIR", default_value = ".local")]
    pub dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct UpArguments {
    #[command(flatten)]
    pub folder: FolderArguments,
    /// The functions' binaries, one <package>/bootstrap each.
    #[arg(long, value_name = "DIR", default_value = ".local/lambda")]
    pub artifacts: PathBuf,
    /// The folder of the CDK app.
    #[arg(long, value_name = "DIR", default_value = "infra")]
    pub infra: PathBuf,
    /// The ministack program.
    #[arg(long, value_name = "FILE", env = "ROWGATE_MINISTACK", default_value = ".local/venv/bin/ministack")]
    pub ministack: PathBuf,
    /// The local-data-api program [default: beside rowgate].
    #[arg(long, value_name = "FILE", env = "ROWGATE_LOCAL_DATA_API")]
    pub local_data_api: Option<PathBuf>,
    /// The port of the AWS interfaces, 0 for any [default: that of the last time, else 4566 or the next free one].
    #[arg(long, value_name = "PORT")]
    pub gateway_port: Option<u16>,
    /// The port of the Data API, 0 for any [default: that of the last time, else 4570 or the next free one].
    #[arg(long, value_name = "PORT")]
    pub data_api_port: Option<u16>,
    /// The database that stands for Aurora: mariadb, or mysql, whose mysqld is on the PATH or named in ROWGATE_MYSQLD
    /// [default: the one that is there, else mariadb].
    #[arg(long, value_name = "KIND", env = KIND_VARIABLE, value_parser = database_kind())]
    pub database: Option<Kind>,
    /// Deploy the lake as well. It stays on afterwards; `rowgate local clean` turns it off.
    #[arg(long, conflicts_with = "database_only")]
    pub lake: bool,
    /// The Python that runs the jobs of the lake; `make lake` installs it.
    #[arg(
        long,
        value_name = "FILE",
        env = "ROWGATE_LAKE_PYTHON",
        default_value = ".local/lake-venv/bin/python"
    )]
    pub lake_python: PathBuf,
    /// Start the database and nothing else.
    #[arg(long)]
    pub database_only: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CleanArguments {
    #[command(flatten)]
    pub folder: FolderArguments,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
}

/// Where the API is.
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
    pub(crate) fn connect(&self, http: HttpClient) -> Api {
        Api::new(&self.url, &self.api_key, http)
    }
}

#[derive(Debug, Args)]
pub(crate) struct DocsArguments {
    #[command(flatten)]
    pub api: ApiArguments,
    /// The port of the page, 0 for any.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
}

/// Where the API is, for commands that may do without it.
#[derive(Debug, Args)]
pub(crate) struct OptionalApiArguments {
    /// The API's URL with its stage; --wait needs it, and so does an upload without AWS credentials.
    #[arg(long, env = "ROWGATE_URL")]
    pub url: Option<String>,
    /// An API key; --wait needs it, and so does an upload without AWS credentials.
    #[arg(long, env = "ROWGATE_API_KEY", hide_env_values = true)]
    pub api_key: Option<String>,
}

impl OptionalApiArguments {
    pub(crate) fn connect_if_complete(&self, http: HttpClient) -> Option<Api> {
        Some(Api::new(self.url.as_ref()?, self.api_key.as_ref()?, http))
    }
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// The folder of departments.csv, jobs.csv and hired_employees.csv or employees.csv.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The data bucket.
    #[arg(long, env = "ROWGATE_BUCKET")]
    pub bucket: String,
    #[command(flatten)]
    pub api: ApiArguments,
    /// Seconds each load may take.
    #[arg(long, default_value_t = 300)]
    pub timeout: u64,
}

#[derive(Debug, Args)]
pub(crate) struct SampleArguments {
    /// Where the files are written.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The table, as in the dictionary.
    #[arg(value_parser = table_name)]
    pub table: String,
    /// The file, named as it will be dropped.
    pub file: PathBuf,
    /// How it will be loaded [default: what the dictionary says of the table].
    #[arg(long, value_parser = load_mode(&["append", "upsert", "replace"]))]
    pub mode: Option<LoadMode>,
    /// Rejected records to show.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub first: usize,
}

#[derive(Debug, Args)]
pub(crate) struct UploadArguments {
    /// The table, as in the dictionary.
    #[arg(value_parser = table_name)]
    pub table: String,
    /// The file: .csv, .tsv, .txt, .jsonl, .ndjson, .xlsx or .xlsm, also with .gz or .zst behind it. Its name becomes
    /// the key's end.
    pub file: PathBuf,
    /// What to do with rows whose id is taken: append rejects them, upsert replaces them, replace fills the table anew [default:
    /// what the dictionary says of the table].
    #[arg(long, value_parser = load_mode(&["append", "upsert", "replace"]))]
    pub mode: Option<LoadMode>,
    /// The data bucket. Without it, or without AWS credentials, the file goes through the API.
    #[arg(long, env = "ROWGATE_BUCKET")]
    pub bucket: Option<String>,
    /// A file with the settings of this file as JSON, such as {"columns": {"Emp No": "id"}, "delimiter": ";"}.
    #[arg(long, value_name = "JSON FILE")]
    pub settings: Option<PathBuf>,
    #[command(flatten)]
    pub api: OptionalApiArguments,
    /// Stay until the load has ended; exit code 1 when it failed.
    #[arg(long)]
    pub wait: bool,
    /// Seconds to wait.
    #[arg(long, default_value_t = 900)]
    pub timeout: u64,
}

#[derive(Debug, Args)]
pub(crate) struct RejectsArguments {
    /// The load's id.
    #[arg(value_parser = load_id)]
    pub load: LoadId,
    /// The folder that the files are written to; it is made if it is not there.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub to: PathBuf,
    #[command(flatten)]
    pub api: ApiArguments,
}

#[derive(Debug, Args)]
pub(crate) struct BackfillArguments {
    /// What the keys begin with, such as incoming/employees/.
    pub prefix: String,
    /// The table of all the files, whatever their keys say.
    #[arg(long, value_parser = table_name)]
    pub table: Option<String>,
    /// What to do with rows whose id is taken, whatever the keys say. A backfill cannot replace a table.
    #[arg(long, value_parser = load_mode(&["append", "upsert"]))]
    pub mode: Option<LoadMode>,
    /// The bucket, one that the loader may read [default: the data bucket of the stack].
    #[arg(long)]
    pub bucket: Option<String>,
    /// Only say what would be loaded.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// The report's name.
    pub name: String,
    /// Its parameters, such as year=2021.
    #[arg(value_name = "KEY=VALUE", value_parser = key_value)]
    pub parameters: Vec<(String, String)>,
    #[command(flatten)]
    pub api: ApiArguments,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Csv,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a parameter is written key=value".to_owned()),
    }
}

/// A table becomes a part of the key: a slash in it would mean another place.
fn table_name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains('/') {
        return Err("a table's name is not empty and has no slash".to_owned());
    }
    Ok(text.to_owned())
}

/// A kind of database.
fn database_kind() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::name)).try_map(|name| name.parse::<Kind>())
}

/// One of these modes.
fn load_mode(names: &'static [&'static str]) -> impl TypedValueParser<Value = LoadMode> {
    PossibleValuesParser::new(names)
        .try_map(|name| LoadMode::from_name(&name).ok_or_else(|| format!("{name} is no mode")))
}

fn load_id(text: &str) -> Result<LoadId, String> {
    LoadId::parse(text).ok_or_else(|| "a load's id has 32 digits of 0-9 and a-f".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn parameters_are_split_at_the_first_equals_sign() {
        assert_eq!(key_value("a=b=c").unwrap(), ("a".to_owned(), "b=c".to_owned()));
        assert!(key_value("year").is_err() && key_value("=2021").is_err());
    }

    #[test]
    fn an_upload_needs_a_plain_table_name() {
        let parse = |table| {
            Arguments::try_parse_from(["rowgate", "upload", table, "a.csv", "--bucket", "data"]).is_ok()
        };
        assert!(parse("employees"));
        assert!(!parse("../rejected") && !parse(""));
    }

    #[test]
    fn a_mode_is_one_of_three() {
        let parse = |mode| {
            let line = ["rowgate", "upload", "jobs", "a.csv", "--bucket", "data", "--mode", mode];
            Arguments::try_parse_from(line)
        };
        for mode in ["append", "upsert", "replace"] {
            match parse(mode).unwrap().command {
                CommandLine::Upload(upload) => assert_eq!(upload.mode, LoadMode::from_name(mode)),
                other => panic!("{other:?}"),
            }
        }
        let refusal = parse("merge").unwrap_err().to_string();
        assert!(refusal.contains("append, upsert, replace"), "{refusal}");
    }

    #[test]
    fn the_help_names_every_verb_and_the_exit_codes() {
        let help = Arguments::command().render_long_help().to_string();
        for word in [
            "local",
            "demo",
            "sample",
            "upload",
            "rejects",
            "backfill",
            "report",
            "backup",
            "backups",
            "restore",
            "put-back",
            "accounts",
            "console",
            "lake",
            "Exit codes: 0",
        ] {
            assert!(help.contains(word), "{word}");
        }
    }
}
